"""The programs as an installed package starts them: jmvae-tf NAME and python -m jmvae_tf NAME."""

import pytest

from jmvae_tf.programs import PROGRAMS
from jmvae_tf.runtime import command_names
from jmvae_tf.runtime.command_names import as_started
from jmvae_tf.runtime.version import installed_versions
from tests.helpers.paths import BIN, ROOT
from tests.helpers.programs import mistake, start_code

CONSOLE = """
import sys
from jmvae_tf.__main__ import main
sys.argv[0] = "/usr/bin/jmvae-tf"
main()
"""
MODULE = "import runpy; runpy.run_module('jmvae_tf', run_name='__main__', alter_sys=True)"
WITHOUT_GRADIO = """
import importlib.util
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *of: None if name == "gradio" else find_spec(name, *of)
"""
COMMANDS = {"jmvae-tf": CONSOLE, "python -m jmvae_tf": MODULE}


@pytest.fixture(params=list(COMMANDS))
def console(request, tmp_path):
    """A command and a function that starts it."""

    def start(*arguments, code=COMMANDS[request.param]):
        return start_code(tmp_path, code, *arguments)

    return request.param, start


def test_every_program_of_bin_is_one():
    modules = {path.stem for path in (ROOT / "jmvae_tf" / "programs").glob("[a-z]*.py")}
    scripts = {path.name for path in BIN.iterdir() if path.is_file()}
    assert set(PROGRAMS) == modules
    assert set(PROGRAMS) == scripts - {"test", "docs"}  # Those are of a checkout.


def test_it_lists_its_programs_and_versions(console):
    command, start = console
    for arguments in ([], ["--help"], ["-h"]):
        done = start(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"Usage: {command} PROGRAM")
        assert all(f"\n  {name} " in done.stdout for name in PROGRAMS)
        assert max(map(len, done.stdout.splitlines())) <= 80
    versions = "".join(f"{name} {version}\n" for name, version in installed_versions().items())
    assert start("--version").stdout == versions


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["trian"], "received trian; did you mean train?"),
        (["--epochs=3"], "received --epochs=3; name one before --epochs=3"),
        (["train", "--foo=1"], "see {command} train --help"),
        (["train", "more"], "received more; see {command} train --help"),
        (["export", "--run=x"], "received x, which does not; name the folder of a run with "),
        (["export", "--run=x"], "or make one with {command} train"),
    ],
)
def test_mistakes_name_the_command_that_was_started(console, tmp_path, arguments, told):
    command, start = console
    assert told.format(command=command) in mistake(start(*arguments))
    assert not list(tmp_path.iterdir())


def test_flags_and_help_are_those_of_bin(console):
    _, start = console
    done = start("export", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--keep_versions" in done.stdout
    assert "bin/" not in done.stdout


def test_a_program_whose_extra_is_not_installed(console):
    command, start = console
    told = mistake(start("demo", code=WITHOUT_GRADIO + COMMANDS[command]))
    assert "received an environment without gradio; run pip install gradio" in told


def test_programs_in_texts(monkeypatch):
    monkeypatch.setattr(command_names, "_prefix", command_names._prefix)
    others = "bin/test, .venv/bin/python, /usr/bin/env"
    text = f"bin/train --resume, or bin/prepare_celeba; not {others}"
    assert as_started(text) == text
    command_names.start_programs_with("X ")
    assert as_started(text) == f"X train --resume, or X prepare_celeba; not {others}"
