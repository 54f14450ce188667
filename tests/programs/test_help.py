"""bin/NAME --help: what the launcher shows, and what the programs make of their flags."""

import ast
import shlex
import subprocess
import sys

import pytest

from jmvae_tf.programs import PROGRAMS
from tests.helpers.paths import BIN
from tests.helpers.programs import start_code

FOLDER = BIN / "lib" / "help"

AS_BIN = """
import importlib, sys
from jmvae_tf.programs.common import run_program
program = sys.argv[1]
sys.argv = ["bin/" + program, "--help"]
run_program.run(importlib.import_module("jmvae_tf.programs." + program))
"""
EXAMPLES = """
import importlib, shlex, sys
from absl import flags
from jmvae_tf.programs.common import modality_flags
module = importlib.import_module("jmvae_tf.programs." + sys.argv[1])
parsed = []
for command in module.EXAMPLES:
    flags.FLAGS.unparse_flags()
    program, *arguments = shlex.split(command)
    parsed.append((program, modality_flags.parse_flags(["", *arguments]), modality_flags.are_any()))
print(parsed)
"""


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_texts_are_those_of_the_flags(tmp_path, program):
    done = start_code(tmp_path, AS_BIN, program)
    assert (done.returncode, done.stderr) == (0, "")
    written = (FOLDER / f"{program}.txt").read_text("utf-8")
    assert written == done.stdout, "run tools/write_help.py"
    assert max(map(len, written.splitlines())) <= 80


def test_there_are_no_other_texts():
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.txt" for name in PROGRAMS}


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
def test_examples_are_commands_of_the_program(tmp_path, program):
    done = start_code(tmp_path, EXAMPLES, program)
    assert (done.returncode, done.stderr) == (0, "")
    parsed = ast.literal_eval(done.stdout)
    assert parsed
    assert set(map(repr, parsed)) == {repr((f"bin/{program}", [], False))}


def test_lists_and_long_commands_keep_their_lines():
    text = (FOLDER / "generate.txt").read_text("utf-8")
    assert (
        "\n  --photo=shell.png          an image: a JPEG or PNG file\n  --species=cockle " in text
    )
    assert '--image=examples/face.png \\\n    --set="Smiling=1"\n' in text


def test_flags_are_in_groups():
    text = (FOLDER / "train.txt").read_text("utf-8")
    groups = {
        x.split("\n")[0]: x for x in text.split("\n\n") if x.partition("\n")[0][-6:] == "flags:"
    }
    assert list(groups) == [
        *("Basic flags:", "Data flags:", "Model flags:", "Training flags:", "Hardware flags:")
    ]
    for group, flag in {
        "Basic": "  --model=TEXT ",
        "Data": "  --[no]flips ",
        "Model": "  --latent_dim=N ",
        "Training": "  --learning_rate=X ",
        "Hardware": "  --distribute=TEXT ",
    }.items():
        assert flag in groups[f"{group} flags:"]
    one = (FOLDER / "export.txt").read_text("utf-8")
    assert "\nFlags:\n" in one
    assert "Basic" not in one


def _shell(command, folder):
    return subprocess.run(
        ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.slow
@pytest.mark.parametrize("script", ["train", "query", "test", "docs"])
def test_readers_may_leave(tmp_path, script):
    help_ = shlex.join([sys.executable, str(BIN / script), "--help"])
    for reader, status in {"head -1": 0, "true": 0, "cat": 0}.items():
        done = _shell(f"{help_} | {reader}", tmp_path)
        assert (done.returncode, done.stderr) == (status, "")
    done = _shell(f"{help_} >/dev/full", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: standard output must be writable; No space left on")
    assert len(done.stderr.splitlines()) == 1
    assert _shell(f"{help_} >&-", tmp_path).returncode == 0
    assert not list(tmp_path.iterdir())


def test_letters_that_a_terminal_does_not_have_are_replaced(tmp_path):
    help_ = shlex.join([sys.executable, str(BIN / "evaluate"), "--help"])
    done = _shell(f"PYTHONIOENCODING=ascii {help_}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Fr?chet" in done.stdout
