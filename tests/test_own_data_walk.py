"""The walk through docs/own_data.md: its commands, as printed and in order."""

import csv
import re
import runpy
import shlex
import subprocess
import sys

import numpy as np
import pytest

from jmvae_tf.data.own.reading import read_table
from tests.helpers.paths import ROOT
from tests.helpers.programs import succeed

NUMBERS = ("length_mm", "width_mm", "weight_g", "pore_m", "crystals")


def commands():
    """The commands of the page; one with a file within is a single text of several lines."""
    page = (ROOT / "docs" / "own_data.md").read_text("utf-8")
    for block in re.findall(r"```sh\n(.*?)```", page, re.S):
        yield from [block] if "<<" in block else block.splitlines()


def run_without_program(folder, command):
    """Runs a command that starts no program of bin/."""
    if command.startswith(".venv/bin/python "):
        _, script, *arguments = shlex.split(command)
        subprocess.run([sys.executable, ROOT / script, *arguments], cwd=folder, check=True)
    else:
        subprocess.run(["bash", "-c", command], cwd=folder, check=True)


def test_the_manifest_of_the_page_fits_the_shells(tmp_path):
    draw = runpy.run_path(str(ROOT / "examples" / "draw_shells.py"))["draw_shells"]
    draw(tmp_path / "shells", number=40)
    [written] = [command for command in commands() if "<<" in command]
    run_without_program(tmp_path, written)
    table = read_table(tmp_path / "shells")
    kinds = {name: one.kind for name, one in table.manifest.modalities.items()}
    assert list(kinds.values()) == ["image", "label", "attributes", "numbers", "text"]
    assert table.manifest.modalities["measures"].columns == NUMBERS
    header = (tmp_path / "shells" / "metadata.csv").read_text().splitlines()[0]
    assert header in (ROOT / "docs" / "own_data.md").read_text("utf-8")


@pytest.mark.slow
def test_the_walk_from_files_to_a_completed_table_a_page_and_an_endpoint(tmp_path):
    from tests.helpers.demo_page import started_page
    from tests.helpers.serving_stand_in import Model, rest_server

    export = tmp_path / "saved_models" / "shells-jmvae_kl"
    for command in commands():
        words = shlex.split(command, comments=True)
        if not words[0].startswith("bin/"):
            run_without_program(tmp_path, command)
            continue
        program, *arguments = words
        program = program.removeprefix("bin/")
        if program == "demo":
            (tmp_path / "temporary").mkdir()
            with started_page(tmp_path / "temporary", f"--saved_model={export}"):
                pass
        elif program == "query":
            with rest_server({export.name: Model(export / "1")}) as (url, _):
                assert succeed(tmp_path, program, f"--server={url}", *arguments)
        else:
            assert succeed(tmp_path, program, *arguments)
    assert (tmp_path / "whelk.png").is_file()
    assert (tmp_path / "shells.parquet").is_file()
    draw = runpy.run_path(str(ROOT / "examples" / "draw_shells.py"))["draw_shells"]
    truth = draw(tmp_path / "again")
    with open(tmp_path / "shells" / "completed.csv", newline="") as file:
        completed = list(csv.DictReader(file))
    assert all(row[column] for row in completed for column in truth[0])
    for column in ("length_mm", "width_mm"):
        filled = [row[f"{column}_sd"] != "" for row in completed]
        true = np.array([float(row[column]) for row in truth])[filled]
        error = np.array([float(row[column]) for row in completed])[filled] - true
        assert 1 - np.mean(error**2) / true.var() > 0.8
    right = [x["species"] == y["species"] for x, y in zip(truth, completed, strict=True)]
    assert np.mean(right) > 0.9
