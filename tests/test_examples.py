"""The examples run, and print that they worked."""

import re
import runpy

import pytest

from tests.helpers.paths import ROOT


def numbers_of(name, capsys):
    """The numbers that an example prints last on its lines."""
    runpy.run_path(str(ROOT / "examples" / f"{name}.py"), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    return [float(re.findall(r"-?\d+(?:\.\d+)?", line)[-1]) for line in lines]


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
