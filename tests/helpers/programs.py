"""Runs programs in their own processes, as users start them.

They are forked to save time, except by `command` and `start_anew`, which are for tests of how a
program starts.
"""

import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

from tests.helpers.forked import forked
from tests.helpers.paths import BIN

_TIMEOUT = 1800  # Seconds; a whole training on a machine that does other work too.


def command(program: str, *arguments: str) -> list[str]:
    """Returns the command that starts a program in a new Python."""
    return [sys.executable, str(BIN / program), *arguments]


@dataclasses.dataclass(frozen=True)
class Ended:
    """A program that has ended."""

    returncode: int
    stdout: str
    stderr: str


def start(folder: pathlib.Path, program: str, *arguments: str, **options: Any) -> Ended:
    """Runs a program in a folder to its end.

    Args:
      options: the environment or the file size limit of a `forked` process.
    """
    return _ended(folder, _run, program, *arguments, **options)


def start_code(folder: pathlib.Path, code: str, *arguments: str, **options: Any) -> Ended:
    """Runs Python code instead of a program."""
    return _ended(folder, _run_code, code, *arguments, **options)


def start_anew(folder: pathlib.Path, program: str, *arguments: str) -> Ended:
    """Runs a program like `start`, but in a new Python."""
    done = subprocess.run(
        command(program, *arguments), cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def succeed(folder: pathlib.Path, program: str, *arguments: str) -> str:
    """Runs a program that must succeed without log lines or errors; returns its output."""
    done = start(folder, program, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def mistake(done: Ended | subprocess.CompletedProcess[str]) -> str:
    """Returns the error line of a program that found a user's mistake."""
    assert done.returncode == 1, done.stderr
    assert re.fullmatch(r"error: [^\n]+; [^\n]+; [^\n]+\n", done.stderr), done.stderr
    return done.stderr


def interrupt(
    folder: pathlib.Path, signum: int, after: str, program: str, *arguments: str
) -> tuple[int | None, str]:
    """Sends a signal after a program has printed a line; returns exit status and standard error."""
    reading, writing = os.pipe()
    with open(reading) as lines, tempfile.TemporaryFile("w+") as error:
        streams = {"stdout": writing, "stderr": error.fileno()}
        with forked(_run, program, *arguments, folder=folder, **streams) as process:
            os.close(writing)
            late = threading.Timer(_TIMEOUT, process.kill)
            late.start()
            try:
                for line in lines:
                    if re.match(after, line):
                        assert process.pid is not None
                        os.kill(process.pid, signum)
                        break
                lines.read()  # The program waits if nobody reads.
                process.join()
            finally:
                late.cancel()
            return process.exitcode, _content(error)


def _run(program: str, *arguments: str) -> None:
    """Runs a program like the script of bin/."""
    import launch

    sys.argv = [str(BIN / program), *arguments]
    launch.run(program)


def _run_code(code: str, *arguments: str) -> None:
    """Runs code like `python -c`."""
    sys.argv = ["-c", *arguments]
    exec(code, {"__name__": "__main__"})


def _ended(
    folder: pathlib.Path, function: Callable[..., object], *arguments: str, **options: Any
) -> Ended:
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as error:
        streams = {"stdout": out.fileno(), "stderr": error.fileno()}
        with forked(function, *arguments, folder=folder, **streams, **options) as process:
            process.join(_TIMEOUT)
            assert process.exitcode is not None, f"{arguments} do not end"
        return Ended(process.exitcode, _content(out), _content(error))


def _content(file: Any) -> str:
    file.seek(0)
    return file.read()
