"""bin/reproduce."""

import json
import os
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest

from jmvae_tf.reproduction import (
    figures,
    recipes,
)
from jmvae_tf.reproduction.scales import SCALES
from jmvae_tf.runtime.version import installed_versions
from tests.helpers.folders import times
from tests.helpers.paths import ROOT
from tests.helpers.programs import interrupt, mistake, start, start_code
from tests.helpers.reproductions import JMVAE, picture


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "received neither --table nor --figure"),
        (["--table=2016-1", "--figure=3"], "received --table=2016-1 and --figure=3"),
        (["--table=2016-11"], "did you mean 2016-1?"),
        (["--figure=1"], "--figure must be one of 3, 4, 5, 6, 7, 8; received --figure=1"),
        (
            ["--table=2016-1", "--data=celeba"],
            "--table=2016-1 is made of mnist; received --data=celeba; choose another --data, or "
            "--table=2018-1-celeba|2016-2",
        ),
        (
            ["--figure=7", "--data=mnist"],
            "--figure=7 is made of celeba or toyfaces; received --data=mnist; choose another "
            "--data, or --figure=3|4|5",
        ),
        (["--figure=3", "--data=digits"], "choose another --data, or leave it out"),
        (["--figure=3", "--scale=papers"], "did you mean paper?"),
        (["--figure=3", "--seed=-1"], "received --seed=-1"),
        (
            ["--table=2016-3", "--only=jmvae,jmva_kl"],
            "--only must be one of jmvae, jmvae_kl-alpha-0.01, jmvae_kl-alpha-0.1, jmvae_kl; "
            "received --only=jmva_kl; did you mean jmvae_kl?",
        ),
        (["--figure=3", "--only=jmvae"], "received --only=jmvae; choose one of them"),
        (["--table=2016-3", "--only=jmvae,jmvae"], "received jmvae more than once; leave out"),
        (["--table=2016-3", "--only="], "names at least one run; received --only=; leave it out"),
        (["--figure=3", "--epochs=3"], "There is no flag --epochs"),
    ],
)
def test_mistakes_of_the_user(tmp_path, arguments, told):
    done = start(tmp_path, "reproduce", *arguments)
    assert told in mistake(done)
    assert done.stdout == ""
    assert not list(tmp_path.iterdir())


def test_help_tells_tables_figures_and_scales_without_tensorflow(tmp_path):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "jmvae_tf", "reproduce", "--help"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    for name in (
        *recipes.TABLES,
        *recipes.FIGURES,
        *SCALES,
        "--data",
        "--data_dir",
        "--runs_dir",
        "--only",
        "--seed",
    ):
        assert name in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "jmvae_tf.reproduction.recipes" in imported
    dear = {"tensorflow", "keras", "numpy", "matplotlib", "sklearn"}
    assert not dear & {name.partition(".")[0] for name in imported}


# bin/reproduce with small runs of digits in place of MNIST.
OF_DIGITS = """
from jmvae_tf.programs import reproduce
from jmvae_tf.programs.common import run_program
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
load_tensorflow()
from jmvae_tf.reproduction import recipes, scales
from tests.helpers.reproductions import TINY_SCALE
scales.SCALES["quick"]["digits"] = TINY_SCALE
recipes.FIGURES["5"] = (recipes.TWO_LATENT_RUNS["jmvae"],)
recipes.DATA_CHOICES["5"] = ("digits",)
run_program.run(reproduce)
"""


@pytest.mark.slow
def test_program_uses_what_is_there(runs, folder, tmp_path, monkeypatch):
    monkeypatch.setitem(recipes.FIGURES, "5", (JMVAE,))  # The run that other tests train too.
    [path], _ = figures.make_figure("5", runs, tmp_path)
    done = start_code(tmp_path, OF_DIGITS, "--figure=5", f"--runs_dir={folder}")
    assert done.returncode == 0, done.stderr
    assert ": training," not in done.stdout
    assert "measuring" not in done.stdout
    written = [folder / "figures" / f"figure-5.{ending}" for ending in ("png", "json")]
    assert done.stdout.splitlines()[-2:] == [str(path) for path in written]
    np.testing.assert_array_equal(picture(written[0]), picture(path))
    file = json.loads(written[1].read_text())
    assert file["scale"]["name"] == "tiny"
    assert file["versions"] == installed_versions()
    assert file["sections"]["label_to_image"]["paper, Table 1"]["JMVAE"] == -977.2
    assert "-977.2" in done.stdout


# bin/reproduce with a table of two small runs of digits.
TABLE_OF_DIGITS = """
import pathlib
from jmvae_tf.programs import reproduce
from jmvae_tf.programs.common import run_program
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
load_tensorflow()
from jmvae_tf.reproduction import recipes, scales, tables_of_2016
from jmvae_tf.reproduction.paper_table import Table, TablePart
from tests.helpers.reproductions import JMVAE_KL, JMVAE_H, TINY_SCALE
from jmvae_tf.reproduction import tables
import dataclasses
tiny = dataclasses.replace(
    TINY_SCALE, name="quick", overrides={**TINY_SCALE.overrides, "epochs": 1, "warmup_epochs": 0}
)
scales.SCALES["quick"]["digits"] = tiny
recipes.TABLES["2016-3"] = (JMVAE_KL, JMVAE_H)
recipes.DATA_CHOICES["2016-3"] = ("digits",)

def table_3(runs):
    rows = {x.name: [tables_of_2016.measured_run(runs, x)["log_p_joint_multiple"]]
            for x in recipes.TABLES["2016-3"]}
    return Table("Joint", [TablePart("joint", "joint", ("ours",), rows)], [])

tables._MAKERS["2016-3"] = tables._MAKERS["2016-3"]._replace(make=table_3)
run_program.run(reproduce)
"""


@pytest.mark.slow
def test_single_rows_and_then_the_table_with_its_spread_over_seeds(tmp_path):
    def reproduce(*arguments: str) -> str:
        done = start_code(tmp_path, TABLE_OF_DIGITS, "--table=2016-3", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    told = reproduce("--only=jmvae_kl-latent-2")
    folder = tmp_path / "runs" / "reproduce-quick-digits"
    assert [x.name for x in folder.iterdir()] == ["jmvae_kl-latent-2"]
    end = told.splitlines()[-3:]
    assert end[0] == (
        "table 2016-3 lacks 1 epoch of jmvae_h-latent-2, and measures of jmvae_h-latent-2"
    )
    assert end[-1] == "the same command without --only does the rest and makes it"
    told = reproduce("--only=jmvae_h-latent-2")
    assert told.endswith("table 2016-3 lacks nothing: the same command without --only makes it\n")
    told = reproduce()
    assert ": training," not in told
    assert "seeds:" not in told
    told = reproduce("--seed=1")
    assert (tmp_path / "runs" / "reproduce-quick-digits-seed-1" / "jmvae_kl-latent-2").is_dir()
    assert "[2 seeds: mean -" in told
    assert "trainings with the seeds 0, 1," in told
    file = json.loads((folder / "tables" / "2016-3.json").read_text())
    other = json.loads(
        (folder.parent / f"{folder.name}-seed-1" / "tables" / "2016-3.json").read_text()
    )
    cells = [x["sections"]["joint"]["jmvae_kl-latent-2"]["ours"] for x in (file, other)]
    mean = np.mean([x["mean"] for x in cells])
    assert cells[1]["over_seeds"]["mean"] == pytest.approx(mean)


@pytest.mark.slow
def test_program_that_is_interrupted_says_how_to_go_on(tmp_path, mnist_dir):
    arguments = ["--figure=3", f"--data_dir={mnist_dir}", "--seed=5"]
    status, error = interrupt(
        tmp_path, signal.SIGTERM, "jmvae-latent-2: training", "reproduce", *arguments
    )
    assert status == 143
    assert error == (
        "interrupted: finished work is kept; resume with the same command, "
        f"bin/reproduce {' '.join(arguments[:1])} --data_dir={mnist_dir} --seed=5\n"
    )
    run = tmp_path / "runs" / "reproduce-quick-seed-5" / "jmvae-latent-2"
    assert json.loads((run / "config.json").read_text())["epochs"] == 20


OF_TOYFACES = """
import pytest
from jmvae_tf.programs import reproduce
from jmvae_tf.programs.common import run_program
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
load_tensorflow()
from jmvae_tf.reproduction import scales
from jmvae_tf.programs.tasks import table_or_figure
from tests.helpers.reproductions import SMALL_SCALE, small_preset
# Another process would not have the small preset.
table_or_figure.in_own_process = lambda work, *arguments: work(*arguments)
scales.SCALES["quick"]["toyfaces"] = SMALL_SCALE
small_preset(pytest.MonkeyPatch())
run_program.run(reproduce)
"""


@pytest.mark.slow
def test_program_makes_all_of_faces_and_nothing_twice(tmp_path):
    def reproduce(*arguments: str) -> str:
        done = start_code(tmp_path, OF_TOYFACES, "--data=toyfaces", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    folder = tmp_path / "runs" / "reproduce-quick-toyfaces"
    for name in ("2018-1-celeba", "2016-2"):
        reproduce(f"--table={name}")
        file = json.loads((folder / "tables" / f"{name}.json").read_text())
        for section in file["sections"].values():
            for row, cells in section.items():
                if row == "real images":
                    continue
                for column, cell in cells.items():
                    one_way = row.split("-")[0] in ("VAE", "CVAE", "CMMA")
                    if one_way and column == ("multiple" if "VAE" == row[:3] else "single"):
                        assert cell is None
                    else:
                        assert np.isfinite(cell["mean"]), (name, row, column)
    for name in ("6", "7", "8"):
        reproduce(f"--figure={name}")
    for name in ("6", "7a", "7b", "8"):
        path = folder / "figures" / f"figure-{name}.png"
        height, width = cv2.imread(str(path), cv2.IMREAD_COLOR).shape[:2]
        assert min(height, width) > 500
    before = times(folder)
    for name in ("2018-1-celeba", "2016-2"):
        told = reproduce(f"--table={name}")
        assert ": training," not in told
        assert "measuring" not in told
    after = times(folder)
    assert {path for path in after if after[path] != before.get(path)} == {
        str(folder / "tables" / f"{name}.{ending}")
        for name in ("2018-1-celeba", "2016-2")
        for ending in ("md", "json")
    }
