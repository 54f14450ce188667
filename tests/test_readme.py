"""The README's Python examples, run one after the other as a reader would."""

import re
import subprocess
import sys

import pytest

from tests.helpers.paths import ROOT
from tests.helpers.programs import start_code


def outputs_of(blocks, folder):
    """Runs the two examples in a folder; returns what each printed."""
    first, second = blocks
    warnings = "import warnings\nwarnings.simplefilter('error', UserWarning)\n"
    done = start_code(folder, warnings + first)
    assert done.returncode == 0, done.stderr[-2000:]
    # The second is to work without the package: in a new process that does not find it.
    (folder / "second.py").write_text(second, "utf-8")
    anew = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "second.py"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert anew.returncode == 0, anew.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "(5, 16) (10, 5, 8, 8, 1) (5, 10)"
    return done.stdout, anew.stdout


@pytest.fixture
def blocks():
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    assert len(blocks) == 2
    return blocks


def test_the_examples_run(blocks, tmp_path):
    """As printed, but for a training of two eager steps."""
    first, second = blocks
    for printed, shorter in (
        (".batch(100)", ".batch(1000)"),
        ("epochs=20", "epochs=1"),
        ("Adam(1e-3))", "Adam(1e-3), run_eagerly=True)"),
    ):
        assert first.count(printed) == 1
        first = first.replace(printed, shorter)
    _, read = outputs_of([first, second], tmp_path)
    assert len(re.findall(r"\d+", read)) == 10


@pytest.mark.slow
def test_the_examples_run_as_printed(blocks, tmp_path):
    _, read = outputs_of(blocks, tmp_path)
    # The digits read off the average images of the labels 0 to 9: an untrained model has them by
    # chance only.
    digits = [int(digit) for digit in re.findall(r"\d+", read)]
    assert sum(label == digit for label, digit in enumerate(digits)) >= 8
