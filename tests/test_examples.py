"""The examples run, and print that they worked."""

import csv
import re
import runpy

import cv2
import pytest

from tests.helpers.paths import ROOT


def numbers_of(name, capsys):
    """The numbers that an example prints last on its lines."""
    runpy.run_path(str(ROOT / "examples" / f"{name}.py"), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    return [float(re.findall(r"-?\d+(?:\.\d+)?", line)[-1]) for line in lines]


@pytest.mark.slow
def test_an_objective_of_ones_own(capsys):
    read, drawn = numbers_of("new_objective", capsys)
    assert min(read, drawn) > 90


@pytest.mark.slow
def test_images_and_a_table_of_ones_own(capsys):
    assert min(numbers_of("own_images_and_table", capsys)) > 0.95


@pytest.mark.slow
def test_three_modalities(capsys):
    left, right, both, shown = numbers_of("three_modalities", capsys)
    assert max(left, right) < 75 < 90 < min(both, shown)


@pytest.mark.slow
def test_standardised_data(capsys):
    *_, error = numbers_of("standardised_data", capsys)
    assert error < 0.5


def test_shells_with_gaps_in_their_table(tmp_path):
    draw = runpy.run_path(str(ROOT / "examples" / "draw_shells.py"))["draw_shells"]
    whole = draw(tmp_path, number=12)
    with open(tmp_path / "metadata.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert all(
        row[x] in ("", cells[x]) for row, cells in zip(rows, whole, strict=True) for x in row
    )
    assert 0 < sum(row["species"] == "" for row in rows) < 12
    images = [cv2.imread(str(tmp_path / row["file_name"])) for row in rows if row["file_name"]]
    assert [x is None for x in images].count(True) == 1
    assert {x.shape for x in images if x is not None} == {(96, 96, 3)}
    assert draw(tmp_path / "again", number=12) == whole
    first = (tmp_path / "metadata.csv").read_bytes()
    assert (tmp_path / "again" / "metadata.csv").read_bytes() == first


def test_the_files_that_commands_read_are_as_they_are_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["draw_inputs.py", str(tmp_path)])
    runpy.run_path(str(ROOT / "examples" / "draw_inputs.py"), run_name="__main__")
    for name, shape in (("digit.png", (28, 28)), ("face.png", (64, 64, 3))):
        drawn, kept = (
            cv2.imread(str(folder / name), cv2.IMREAD_UNCHANGED)
            for folder in (tmp_path, ROOT / "examples")
        )
        assert drawn.shape == shape
        assert (drawn == kept).all()
