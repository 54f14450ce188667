"""Starts bin/demo and checks that it leaves no files and prints only its own lines."""

import contextlib
import os
import re
import signal
import subprocess
import sys

from tests.helpers.paths import ROOT


@contextlib.contextmanager
def started_page(
    temporary, *flags, command=None, folder=None, end=signal.SIGTERM, warns="", **environment
):
    """Yields the address and the process of a page, and ends it.

    Args:
      temporary: an empty folder for its temporary files, which is empty at the end too.
      *flags: flags of the program.
      command: what starts it instead of bin/demo.
      folder: its current folder, if another one.
      end: the signal that ends it.
      warns: its output on standard error before it is interrupted.
      **environment: environment variables for it.
    """
    with subprocess.Popen(
        [*(command or [sys.executable, str(ROOT / "bin" / "demo")]), "--port=0", *flags],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment, "TMPDIR": str(temporary)},
    ) as process:
        line = process.stdout.readline()
        found = re.fullmatch(r"the page is at http://(\S+):(\d+); Ctrl-C ends it\n", line)
        assert found, line + process.stderr.read()
        [host, *_] = [
            *(flag.removeprefix("--host=") for flag in flags if flag.startswith("--host=")),
            "127.0.0.1",
        ]
        assert found[1] == host
        try:
            yield f"http://127.0.0.1:{found[2]}", process
        finally:
            process.send_signal(end)
        try:
            assert process.wait(timeout=30) == 128 + end
        except subprocess.TimeoutExpired:
            process.kill()  # Else it would be waited for without end.
            raise
        assert process.stdout.read() == ""
        assert process.stderr.read() == f"{warns}interrupted\n"
    assert list(temporary.iterdir()) == []
