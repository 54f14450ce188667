"""What maintainers run explains itself from anywhere, as the programs do."""

import subprocess
import sys

import pytest

from tests.helpers.paths import ROOT


def test_the_tool_that_ships_models_explains_itself(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "ship_models.py", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Trains, evaluates and exports the models that the repository")
    for flag in ("runs_dir", "data_dir", "export_dir"):
        assert f"  --{flag}=PATH " in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name",
    [
        *("count_additions", "draw_digits", "draw_moving_picture", "keep_runs"),
        *("measure_structure", "write_help"),
    ],
)
def test_the_other_tools_explain_themselves_and_do_nothing_else(tmp_path, name):
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / f"{name}.py", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: {name}.py")
    mistaken = subprocess.run(
        [sys.executable, ROOT / "tools" / f"{name}.py", "--oops"], capture_output=True, text=True
    )
    assert mistaken.returncode == 2
    assert "unrecognized arguments: --oops" in mistaken.stderr
