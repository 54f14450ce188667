"""Programs whose readers leave, whose disk is full, or whose terminal knows few letters."""

import os
import subprocess
import sys

import pytest

from jmvae_tf.programs.common import standard_streams
from tests.helpers.paths import ROOT

# A program that writes a file after it has said a lot.
CODE = """
import pathlib, sys, types
from jmvae_tf.programs.common import standard_streams
from jmvae_tf.programs.common import run_program

def main():
    print("two words → ± ✓ 日本\\udce9")
    for _ in range(3000):
        print("words " * 10)
        print("more words", file=sys.stderr)
    pathlib.Path("result").write_text("whole")
    if "pure" in REQUIRE:
        standard_streams.require_output()

module = types.ModuleType("some_program", "Does something.")
module.main = main
REQUIRE = sys.argv[1:]
del sys.argv[1:]
run_program.run(module)
"""


def run(folder, redirection, *arguments, **environment):
    """Exit status, standard error and what was written of a program that a shell starts."""
    command = [sys.executable, "-c", CODE, *arguments]
    done = subprocess.run(
        ["bash", "-c", f'"$@" {redirection}; exit ${{PIPESTATUS[0]}}', "bash", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        timeout=60,
    )
    written = folder / "result"
    return done.returncode, done.stderr, written.read_text() if written.exists() else None


@pytest.mark.parametrize(
    "redirection",
    [
        "2>/dev/null | head -1",
        "2>&1 | head -1",
        ">&- 2>/dev/null",
        "<&- >&- 2>&-",
        ">/dev/full 2>/dev/full",
    ],
)
def test_what_becomes_of_the_output_stops_nothing(tmp_path, redirection):
    assert run(tmp_path, redirection) == (0, b"", "whole")


def test_a_full_disk_is_told_once(tmp_path):
    status, error, written = run(tmp_path, ">/dev/full")
    assert (status, written) == (0, "whole")
    [told] = set(error.splitlines()) - {b"more words"}
    assert told == b"warning: standard output is incomplete: No space left on device"
    status, error, _ = run(tmp_path, ">/dev/full", "pure")
    [told] = set(error.splitlines()) - {b"more words"}
    assert status == 1
    assert told.startswith(b"error: Standard output must be writable; received No space left")


def test_a_reader_that_has_enough_is_no_mistake(tmp_path):
    assert run(tmp_path, "2>/dev/null | head -1", "pure")[0] == 0


@pytest.mark.parametrize("encoding", ["ascii:strict", "latin-1", "cp437"])
def test_letters_that_a_terminal_does_not_have_are_replaced(tmp_path, encoding):
    status, _, written = run(tmp_path, "2>&1 >first", PYTHONIOENCODING=encoding)
    assert (status, written) == (0, "whole")
    first = (tmp_path / "first").read_bytes().partition(b"\n")[0]
    assert first.startswith(b"two words ?")


def test_a_pipe_that_does_not_wait_gets_every_line(tmp_path):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)  # As a terminal may be left by another program.
    with subprocess.Popen(
        [sys.executable, "-c", CODE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=writing,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(writing)
        with open(reading, "rb") as lines:
            assert len(lines.readlines()) == 3001
    assert process.returncode == 0


def test_streams_are_given_back(capfd):
    before = sys.stdout, sys.stderr
    with standard_streams.forgiving():
        print("some words")
        assert sys.stdout is not before[0]
    assert (sys.stdout, sys.stderr) == before
    assert capfd.readouterr().out == "some words\n"
