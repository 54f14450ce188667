"""Programs in processes of their own, as their users start them."""

import pathlib
import re
import subprocess
import sys

from tests.helpers.paths import BIN


def command(program: str, *arguments: str) -> list[str]:
    return [sys.executable, str(BIN / program), *arguments]


def start(
    folder: pathlib.Path, program: str, *arguments: str, **options
) -> subprocess.CompletedProcess[str]:
    """Runs a program in a folder to its end."""
    return subprocess.run(
        command(program, *arguments),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        **options,
    )


def succeed(folder: pathlib.Path, program: str, *arguments: str) -> str:
    """What a program prints that succeeds: nothing on standard error, above all no log lines."""
    done = start(folder, program, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def mistake(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of a program that found a mistake of its user."""
    assert done.returncode == 1, done.stderr
    assert re.fullmatch(r"error: [^\n]+; [^\n]+; [^\n]+\n", done.stderr), done.stderr
    return done.stderr


def interrupt(
    folder: pathlib.Path, signum: int, after: str, program: str, *arguments: str
) -> tuple[int, str]:
    """Sends a signal as soon as a program has printed a line; exit status and standard error."""
    process = subprocess.Popen(
        command(program, *arguments),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stdout:
            if re.match(after, line):
                process.send_signal(signum)
                break
        _, error = process.communicate(timeout=120)
    finally:
        process.kill()
    return process.returncode, error
