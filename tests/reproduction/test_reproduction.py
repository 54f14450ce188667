"""Reproductions: runs that are trained once, measures that are taken once, tables and figures."""

import dataclasses
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import cv2
import numpy as np
import pytest

from jmvae_tf import presets
from jmvae_tf.evaluation.estimate import Estimate
from jmvae_tf.presets import Settings
from jmvae_tf.reporting.figures import image_grids
from jmvae_tf.reproduction import (
    measures,
    paper_table,
    pictures,
    published,
    recipes,
    table_1_of_2018,
    tables,
    tables_of_2016,
)
from jmvae_tf.reproduction.paper_table import Table, TablePart
from jmvae_tf.reproduction.recipes import TWO_LATENT_RUNS
from jmvae_tf.reproduction.scales import LONG, PAPER, QUICK, SCALES
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import write_json
from jmvae_tf.training.callbacks import Checkpoints
from tests.helpers.folders import contents, times
from tests.helpers.paths import ROOT
from tests.helpers.programs import interrupt, mistake, start
from tests.helpers.reproductions import TINY_SCALE, Answers, answer, runs_in

JMVAE, JMVAE_KL, JMVAE_H = (
    TWO_LATENT_RUNS["jmvae"],
    TWO_LATENT_RUNS["jmvae_kl"],
    TWO_LATENT_RUNS["jmvae_h"],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the runs of this module's tests lie; what is trained there is shared by them."""
    return tmp_path_factory.mktemp("reproduction")


@pytest.fixture
def runs(folder):
    """As a new start of the program would have them."""
    return runs_in(folder)


@pytest.fixture
def copied(runs, tmp_path):
    """A copy of one finished run, to be worked on."""
    runs.trained(JMVAE)
    shutil.copytree(runs.folder(JMVAE).path, tmp_path / JMVAE.name)
    return runs_in(tmp_path)


@pytest.fixture
def _figures_of_flat_runs(monkeypatch):
    """Lets all figures use the three runs of Figure 3, so that there are three to train."""
    for name in ("4", "5"):
        monkeypatch.setitem(recipes.FIGURES, name, (JMVAE, JMVAE_H, JMVAE_KL))


def variables(model) -> list[np.ndarray]:
    return [x.numpy() for x in (*model.variables, *model.optimizer.variables)]


def assert_equal(left, right) -> None:
    for x, y in zip(variables(left), variables(right), strict=True):
        np.testing.assert_array_equal(x, y)


def refused(function, *arguments) -> str:
    with pytest.raises(UserError) as caught:
        function(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# What is trained.


OF_MNIST = [name for name, data in recipes.DATA_CHOICES.items() if data == ("mnist",)]


@pytest.mark.parametrize("name", OF_MNIST)
def test_every_run_is_the_preset_but_for_what_is_named(name):
    for recipe in {**recipes.TABLES, **recipes.FIGURES}[name]:
        paper = recipe.settings("mnist", PAPER, 0)
        assert paper == presets.settings_of(recipe.model, "mnist", recipe.overrides)
        assert (paper.epochs, paper.warmup_epochs) == (2000, 200)
        warmup_epochs = 16 if recipe.model == "jmvae_h" else 4
        assert recipe.settings("mnist", QUICK, 3) == dataclasses.replace(
            paper, epochs=20, warmup_epochs=warmup_epochs, seed=3
        )


def test_runs_are_shared_and_named_apart():
    by_name: dict[str, Settings] = {}
    made = {**recipes.TABLES, **recipes.FIGURES}
    for recipe in itertools.chain(*(made[name] for name in OF_MNIST)):
        settings = recipe.settings("mnist", PAPER, 0)
        assert by_name.setdefault(recipe.name, settings) == settings
    assert len({str(settings) for settings in by_name.values()}) == len(by_name)
    # Seven of Table 1 of 2018, three more of 2016, three with two latent values.
    assert len(by_name) == 13
    assert [
        recipe.settings("mnist", PAPER, 0).latent_dim for recipe in TWO_LATENT_RUNS.values()
    ] == [2, 2, 2]


def test_scales_score_all_test_digits():
    assert {name: scales["mnist"] for name, scales in SCALES.items()} == {
        "quick": QUICK,
        "long": LONG,
        "paper": PAPER,
    }
    for scale in (QUICK, LONG, PAPER):
        assert scale.num_generation_examples is None
        of_papers = (scale.num_samples, scale.num_importance_samples, scale.num_prior_samples)
        assert of_papers == (10, 1000, 5000)
    for scale in (LONG, PAPER):
        assert scale.num_likelihood_examples is None
        assert scale.num_chain_examples is None


def test_long_differs_from_the_papers_in_the_number_of_epochs_alone():
    other = {"name": "paper", "overrides": {}}
    assert dataclasses.replace(LONG, **other) == PAPER
    for recipe in itertools.chain(*(recipes.TABLES[x] for x in ("2018-1-mnist", "2016-1"))):
        ours, papers = (recipe.settings("mnist", x, 0) for x in (LONG, PAPER))
        assert (ours.epochs, ours.warmup_epochs, ours.checkpoint_every) == (500, 200, 10)
        assert dataclasses.replace(ours, epochs=2000, checkpoint_every=1) == papers


# Runs.


def test_a_run_is_trained_once(runs, folder, capsys):
    first = runs.trained(JMVAE)
    before = times(runs.folder(JMVAE).path)
    again = runs_in(folder)
    capsys.readouterr()
    again.survey([JMVAE])
    assert "jmvae-latent-2  all 2 epochs are done: used as it is" in capsys.readouterr().out
    assert_equal(again.trained(JMVAE), first)
    assert capsys.readouterr().out == ""
    assert times(runs.folder(JMVAE).path) == before


def test_an_interrupted_run_goes_on_to_the_same_weights(runs, tmp_path, monkeypatch, capsys):
    whole = runs.trained(JMVAE)
    on_epoch_end = Checkpoints.on_epoch_end

    def and_then_a_signal(self, epoch, logs=None):
        on_epoch_end(self, epoch, logs)
        os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "on_epoch_end", and_then_a_signal)
        with pytest.raises(KeyboardInterrupt):
            runs_in(tmp_path).trained(JMVAE)
    later = runs_in(tmp_path)
    assert later.epochs_done(JMVAE) == 1
    capsys.readouterr()
    later.survey([JMVAE, JMVAE_KL])
    resumed = later.trained(JMVAE)
    told = capsys.readouterr().out
    assert re.search("jmvae-latent-2 +1 of 2 epochs are done: goes on\n", told)
    assert re.search("jmvae_kl-latent-2 +not there: trained for 2 epochs\n", told)
    assert "jmvae-latent-2: training, epoch 2 to 2\n" in told
    assert later.epochs_done(JMVAE) == 2
    assert_equal(resumed, whole)


@pytest.mark.slow
def test_a_run_that_stopped_before_its_first_checkpoint(runs, copied, capsys):
    shutil.rmtree(copied.folder(JMVAE).checkpoints)
    copied.survey([JMVAE])
    assert "stopped before its first checkpoint" in capsys.readouterr().out
    assert_equal(copied.trained(JMVAE), runs.trained(JMVAE))


@pytest.mark.parametrize(
    ("scale", "seed", "told"),
    [
        (TINY_SCALE, 1, "seed 0, not 1"),
        (
            dataclasses.replace(TINY_SCALE, overrides={**TINY_SCALE.overrides, "epochs": 3}),
            0,
            "2, not 3",
        ),
    ],
)
def test_a_run_of_other_settings_is_refused(copied, tmp_path, scale, seed, told):
    before = contents(tmp_path)
    other = runs_in(tmp_path, scale, seed=seed)
    for function in (other.trained, lambda recipe: other.survey([recipe])):
        message = refused(function, JMVAE)
        assert told in message
        assert message.endswith("choose another --runs_dir, or delete the folder to train it again")
    assert contents(tmp_path) == before


def test_what_is_no_run_is_refused_and_kept(tmp_path):
    (tmp_path / JMVAE.name).mkdir()
    (tmp_path / JMVAE.name / "thesis.txt").write_text("years of work")
    before = contents(tmp_path)
    assert "choose another --runs_dir" in refused(runs_in(tmp_path).trained, JMVAE)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("damage", ["checkpoints", "config"])
def test_a_damaged_run_is_refused(copied, damage):
    run = copied.folder(JMVAE)
    files = [*run.checkpoints.glob("*.keras")] if damage == "checkpoints" else [run.config_file]
    for path in files:
        path.write_bytes(path.read_bytes()[:100])
    message = refused(copied.trained, JMVAE)
    assert str(run.path) in message
    # What does not say that it is a run may be anything.
    remedy = {"checkpoints": "delete the folder to train it again", "config": "--runs_dir"}
    assert message.endswith(remedy[damage])


# Measures.


def test_measures_are_taken_once_of_one_checkpoint(copied, capsys):
    taken = []

    def measure(model):
        taken.append(type(model).__name__)
        return {"answer": {"mean": 1.5, "standard_error": 0.25}}

    path = copied.folder(JMVAE).path / "measures" / "some.json"
    for number, of in enumerate([{"seed": 0}, {"seed": 0}, {"seed": 1}, {"seed": 1}]):
        found = copied.remembered(JMVAE, "some", of, measure)
        assert found == {"answer": {"mean": 1.5, "standard_error": 0.25}}
        assert len(taken) == number // 2 + 1, "anew for another protocol alone"
    assert f"some read from {path}" in capsys.readouterr().out
    path.write_text('{"of": {}')
    copied.remembered(JMVAE, "some", {"seed": 1}, measure)
    assert taken == ["JMVAE"] * 3, "a damaged file is no answer"


TAKEN = {
    "estimate": {"mean": 1.5, "standard_error": 0.25},
    "of one example": {"mean": 1.5, "standard_error": None},
    "too few samples": {"mean": 0.5, "standard_error": 0.25, "too_few_samples": True},
    "number": 3,
    "share": 0.5,
    "notes": ["something was left out"],
}


def test_measures_of_all_kinds_are_remembered(copied):
    for _ in range(2):
        taken = []
        found = copied.remembered(JMVAE, "all", {}, lambda model: taken.append(model) or TAKEN)  # noqa: B023
        assert found == TAKEN
    assert not taken, "they were read"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", 10**400),
        ("number", True),
        ("number", None),
        ("number", "\x1b[2J"),
        ("number", [1]),
        ("estimate", {"mean": 1.5}),
        ("estimate", {"mean": None, "standard_error": 0.25}),
        ("estimate", {"mean": 1.5, "standard_error": 10**400}),
        ("estimate", {"mean": 1.5, "standard_error": 0.25, "too_few_samples": "no"}),
        ("estimate", {"mean": 1.5, "standard_error": 0.25, "more": 1}),
        ("notes", "one"),
        ("notes", [{}]),
    ],
)
def test_measures_that_are_none_are_taken_anew(copied, name, value):
    write_json(
        copied.folder(JMVAE).path / "measures" / "all.json",
        {"of": {"epoch": 2, "protocol": 1}, "measures": {**TAKEN, name: value}},
    )
    assert copied.remembered(JMVAE, "all", {}, lambda model: {"answer": 3}) == {"answer": 3}


def test_measures_that_lack_one(runs, monkeypatch):
    monkeypatch.setattr(runs, "remembered", lambda *arguments: TAKEN)
    found = measures.by_rounds(runs, JMVAE, 1)
    assert found["number"] == 3
    assert found.get("label_to_image") is None
    with pytest.raises(UserError, match="received some without label_to_image; delete the run's"):
        found["label_to_image"]


def test_a_release_keeps_measures_and_another_protocol_does_not(copied, monkeypatch):
    taken = []

    def measured() -> int:
        copied.remembered(JMVAE, "kept", {"seed": 0}, lambda model: taken.append(1) or {})
        return len(taken)

    assert measured() == 1
    path = copied.folder(JMVAE).path / "measures" / "kept.json"
    file = json.loads(path.read_text())
    assert file["of"] == {"seed": 0, "epoch": 2, "protocol": 1}
    del file["of"]["protocol"]
    path.write_text(json.dumps({**file, "of": {**file["of"], "jmvae_tf": "0.3.0"}}))
    assert measured() == 1, "what version 0.3.0 wrote is of the first protocol"
    path.write_text(json.dumps({**file, "of": {**file["of"], "jmvae_tf": "0.2.0"}}))
    assert measured() == 2
    monkeypatch.setattr("jmvae_tf.reproduction.runs.PROTOCOL", 2)
    assert measured() == 3
    assert measured() == 3


@pytest.mark.slow
def test_measures_are_of_the_last_epoch(runs, copied):
    copied.remembered(JMVAE, "some", {}, lambda model: {})
    copied.folder(JMVAE).newest_checkpoint().unlink()
    copied.remembered(JMVAE, "some", {}, lambda model: {})
    assert_equal(copied.trained(JMVAE), runs.trained(JMVAE))


def test_a_run_is_measured_by_everything_it_has(runs, capsys):
    found = measures.generation(runs, JMVAE_KL)
    assert {
        "label_to_image_log_likelihood",
        "image_to_label_log_likelihood",
        "label_to_image_log_mean_exp",
        "label_coherence",
        "classifier_accuracy",
        "label_diversity",
        "generated_label_accuracy",
    } <= set(found)
    assert isinstance(found["label_to_image_log_likelihood"], Estimate)
    assert not [name for name in found if name.startswith("log_p_")], "no importance weights"
    told = capsys.readouterr().out
    assert "40 test examples, mean ± standard error" in told
    assert measures.generation(runs, JMVAE_KL) == found
    assert "generation read from" in capsys.readouterr().out


def test_measures_of_earlier_versions_have_todays_names(copied, monkeypatch):
    wrote = {"label_to_image_eq5": {"mean": -1.0, "standard_error": 0.5}, "active": 2}
    monkeypatch.setattr(copied, "remembered", lambda *arguments: wrote)
    found = measures.generation(copied, JMVAE)
    assert found == {"label_to_image_log_likelihood": Estimate(-1.0, 0.5), "active": 2}


def test_jmvae_zero_is_jmvae_with_zeros(runs, monkeypatch):
    seen = []

    def evaluate(model, examples, protocol):
        seen.append((model.missing, model.num_rounds, protocol, len(examples.test["image"])))
        return []

    monkeypatch.setattr(measures, "evaluate", evaluate)
    monkeypatch.setattr(measures, "metrics_as_text", lambda sections: "")
    measures.likelihoods(runs, JMVAE, measures.ZEROS)
    measures.likelihoods(runs, JMVAE)
    [zeros, noise] = seen
    assert zeros[:2] == ("zeros", 1)
    assert noise[:2] == ("noise", 10)
    for _, _, protocol, number in seen:
        assert (protocol.num_importance_samples, protocol.num_prior_samples, number) == (10, 20, 20)


# Tables.


TABLE = Table(
    "Title",
    [
        TablePart(
            "some",
            "what",
            ("paper", "ours"),
            {"JMVAE": [-977.2, Estimate(-832.9481, 1.2234)], "new": [None, Estimate(0.98, 0.0)]},
        )
    ],
    ["a note"],
)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, "-"),
        (-86.86, "-86.86"),
        (7, "7"),
        (Estimate(-832.9481, 1.2234), "-832.9 ± 1.2"),
        (Estimate(-0.114249, 0.00447), "-0.1142 ± 0.0045"),
        (Estimate(-48763.4, 123.0), "-48763 ± 123"),
        (Estimate(0.98, 0.0), "0.9800 ± 0.0000"),
        (Estimate(-np.inf, np.nan), "-inf ± nan"),
    ],
)
def test_cells_have_two_digits_of_their_error(cell, text):
    assert paper_table.shown(cell) == text


def test_a_table_as_text_markdown_and_json():
    assert paper_table.table_as_text(TABLE) == (
        "Title\n\n"
        "what\n"
        "          paper             ours\n"
        "  JMVAE  -977.2     -832.9 ± 1.2\n"
        "  new         -  0.9800 ± 0.0000\n\n"
        "* a note"
    )
    assert paper_table.table_as_markdown(TABLE) == (
        "### Title\n\n"
        "**what**\n\n"
        "|  | paper | ours |\n"
        "| --- | ---: | ---: |\n"
        "| JMVAE | -977.2 | -832.9 ± 1.2 |\n"
        "| new | - | 0.9800 ± 0.0000 |\n\n"
        "- a note\n"
    )
    assert json.loads(json.dumps(paper_table.table_as_json(TABLE)))["sections"]["some"] == {
        "JMVAE": {"paper": -977.2, "ours": {"mean": -832.9481, "standard_error": 1.2234}},
        "new": {"paper": None, "ours": {"mean": 0.98, "standard_error": 0.0}},
    }


@pytest.fixture
def _answers(monkeypatch):
    monkeypatch.setattr(table_1_of_2018, "generation", Answers)
    monkeypatch.setattr(tables_of_2016, "likelihoods", Answers)


@pytest.mark.usefixtures("_answers")
def test_table_1_of_2018_has_paper_and_ours_side_by_side(tmp_path):
    table = tables.make_table("2018-1-mnist", runs_in(tmp_path))
    to_image, to_label = table.parts
    runs_of = {"JMVAE": "jmvae", "JMVAE-kl": "jmvae_kl", "JMVAE-h": "jmvae_h"}
    one_way = {"CVAE": "cvae", "CMMA": "cmma"}
    paper = {
        "JMVAE": (-977.2, -0.2361),
        "JMVAE-kl": (-422.4, -0.2628),
        "JMVAE-h": (-552.2, -3.589),
        "CVAE": (-448.8, -5.293),
        "CMMA": (-451.1, -0.2971),
    }
    assert list(to_image.rows) == list(to_label.rows) == list(paper)
    for row, (image_number, label_number) in paper.items():
        run = runs_of.get(row) or f"{one_way[row]}-image"
        assert to_image.rows[row] == [
            image_number,
            *(
                answer(run, name)
                for name in (
                    "label_to_image_log_likelihood",
                    "label_to_image_log_mean_exp",
                    "label_coherence",
                    "label_diversity",
                )
            ),
        ]
        run = runs_of.get(row) or f"{one_way[row]}-label"
        assert to_label.rows[row] == [
            label_number,
            *(
                answer(run, name)
                for name in (
                    "image_to_label_log_likelihood",
                    "image_to_label_log_mean_exp",
                    "generated_label_accuracy",
                )
            ),
        ]
    text = paper_table.table_as_text(table)
    assert paper_table.shown(answer("jmvae", "classifier_accuracy")) in text
    assert "2 epochs, warm-up of 1, seed 0; paper: mnist, 2000 epochs, warm-up of 200" in text


@pytest.mark.usefixtures("_answers")
def test_table_1_of_2016_has_every_estimate_that_is_defined(tmp_path):
    marginal, conditional = tables.make_table("2016-1", runs_in(tmp_path)).parts
    of_kl = {
        "JMVAE-kl, α = 0.01": "jmvae_kl-alpha-0.01",
        "JMVAE-kl, α = 0.1": "jmvae_kl-alpha-0.1",
        "JMVAE-kl, α = 1": "jmvae_kl",
    }
    joint = {"JMVAE-zero": "jmvae-zeros", **of_kl}
    single, multiple = "log_p_image_single_image", "log_p_image_multiple"
    assert marginal.rows == {
        "VAE": [None, None, None, answer("vae", single)],
        **{
            row: [
                -86.86 if row == "JMVAE-kl, α = 0.1" else None,
                answer(run, multiple),
                None,
                answer(run, single),
            ]
            for row, run in joint.items()
        },
    }
    single, multiple = (f"log_p_image_given_label_{how}" for how in ("single", "multiple"))
    assert conditional.rows == {
        "CVAE": [None, answer("cvae-image", multiple), None, None],
        "CMMA": [None, answer("cmma-image", multiple), None, None],
        **{
            row: [None, answer(run, multiple), None, answer(run, single)]
            for row, run in joint.items()
        },
    }


@pytest.mark.usefixtures("_answers")
def test_table_3_of_2016(tmp_path):
    [section] = tables.make_table("2016-3", runs_in(tmp_path)).parts
    assert section.rows == {
        row: [number, answer(run, "log_p_joint_multiple")]
        for row, number, run in (
            ("JMVAE-zero", -86.96, "jmvae-zeros"),
            ("JMVAE-kl, α = 0.01", -86.94, "jmvae_kl-alpha-0.01"),
            ("JMVAE-kl, α = 0.1", -86.93, "jmvae_kl-alpha-0.1"),
            ("JMVAE-kl, α = 1", -89.28, "jmvae_kl"),
        )
    }


def test_every_published_row_is_a_row_of_ours():
    """A name spelt otherwise would be shown as a number that is not known."""
    kl = {f"JMVAE-kl, α = {alpha:g}" for alpha in recipes.JMVAE_KL_RUNS_BY_ALPHA}
    assert set(published.JOINT_2016) == {"JMVAE-zero", *kl}
    for numbers in (*published.MARGINAL_2016.values(), *published.CONDITIONAL_2016.values()):
        assert set(numbers) <= {"VAE", "CVAE", "CMMA", "JMVAE-zero", *kl}


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in recipes.TABLES if name in OF_MNIST])
def test_every_table_of_digits(runs, name, capsys):
    """All cells that are not the papers' are numbers, but for what one-way models lack."""
    table = tables.make_table(name, runs)
    for section in table.parts:
        for row, cells in section.rows.items():
            found = {
                column: cell
                for column, cell in zip(section.columns, cells, strict=True)
                if not column.endswith("paper")
            }
            for column, cell in found.items():
                if row in ("VAE", "CVAE", "CMMA") and name == "2016-1":
                    assert (cell is None) == (("multiple" in column) == (row == "VAE"))
                else:
                    assert isinstance(cell, Estimate)
                    assert np.isfinite(cell).all()
    before = times(runs.path)
    capsys.readouterr()
    assert tables.make_table(name, runs_in(runs.path)) == table
    assert "training" not in capsys.readouterr().out
    assert times(runs.path) == before


# Figures.


def picture(path) -> np.ndarray:
    found = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert found is not None
    return found


def test_figure_3_draws_both_latent_spaces_of_every_model(runs, tmp_path):
    paths, table = pictures.make_figure("3", runs, tmp_path)
    assert paths == (tmp_path / "figure-3.png",)
    height, width = picture(*paths).shape[:2]
    assert height > width > 1000, "three rows of two"
    [section] = table.parts
    assert list(section.rows) == ["(a) JMVAE", "(b) JMVAE-kl", "(c) JMVAE-h"]
    for spread, spread_missing, told, told_missing in section.rows.values():
        assert 0 < spread < 3
        assert 0 < spread_missing < 3
        assert 0 <= told.mean <= 1
        assert 0 <= told_missing.mean <= 1


@pytest.mark.usefixtures("_figures_of_flat_runs")
def test_figure_4_has_a_row_for_every_round(runs, tmp_path, monkeypatch):
    drawn = {}
    image_panels = image_grids.image_panels

    def keep(path, panels, *arguments):
        drawn.update(panels)
        image_panels(path, panels, *arguments)

    monkeypatch.setattr(image_grids, "image_panels", keep)
    paths, table = pictures.make_figure("4", runs, tmp_path)
    assert table is None
    assert picture(*paths).shape[1] > 1000
    assert {name: images.shape for name, images in drawn.items()} == {
        "(a) JMVAE": (2, 10, 8, 8, 1),
        "(b) JMVAE-h": (2, 10, 8, 8, 1),
        "(c) JMVAE-kl": (1, 10, 8, 8, 1),
    }
    model = runs.trained(JMVAE)
    model.set_inference("noise", 2, "samples")
    second = model.generate("image", {"label": np.eye(10, dtype="f")}, 1, runs.seed)
    np.testing.assert_array_equal(drawn["(a) JMVAE"][1], second[0])


@pytest.mark.usefixtures("_figures_of_flat_runs")
def test_figure_5_scores_every_round_once(runs, folder, tmp_path, capsys):
    paths, table = pictures.make_figure("5", runs, tmp_path)
    height, width = picture(*paths).shape[:2]
    assert width > 2 * height, "two panels beside each other"
    for section, paper in zip(table.parts, ([-977.2, -552.2, -422.4],) * 2, strict=False):
        assert section.columns == ("JMVAE", "JMVAE-h", "JMVAE-kl")
        assert list(section.rows) == ["round 1", "round 2", "paper, Table 1"]
        if section.name == "label_to_image":
            assert section.rows["paper, Table 1"] == paper
        jmvae, jmvae_h, jmvae_kl = zip(*list(section.rows.values())[:2], strict=True)
        assert jmvae[0] != jmvae[1]
        assert jmvae_h[0] != jmvae_h[1]
        assert jmvae_kl[1] is None
    capsys.readouterr()
    [path], again = pictures.make_figure("5", runs_in(folder), tmp_path / "again")
    assert again == table
    assert "measuring" not in capsys.readouterr().out
    np.testing.assert_array_equal(picture(path), picture(*paths))


# bin/reproduce.


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
        (["--figure=3", "--epochs=3"], "Unknown command line flag 'epochs'"),
    ],
)
def test_mistakes_of_the_user(tmp_path, arguments, told):
    done = start(tmp_path, "reproduce", *arguments)
    assert told in mistake(done)
    assert done.stdout == ""
    assert not list(tmp_path.iterdir())


def test_help_tells_tables_figures_and_scales_without_tensorflow(tmp_path):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", str(ROOT / "bin" / "reproduce"), "--help"],
        cwd=tmp_path,
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
recipes.FIGURES["5"] = tuple(recipes.TWO_LATENT_RUNS[x] for x in ("jmvae", "jmvae_h", "jmvae_kl"))
recipes.DATA_CHOICES["5"] = ("digits",)
run_program.run(reproduce)
"""


@pytest.mark.usefixtures("_figures_of_flat_runs")
def test_program_uses_what_is_there(runs, folder, tmp_path):
    [path], _ = pictures.make_figure("5", runs, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", OF_DIGITS, "--figure=5", f"--runs_dir={folder}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "training" not in done.stdout
    assert "measuring" not in done.stdout
    written = [folder / "figures" / f"figure-5.{ending}" for ending in ("png", "json")]
    assert done.stdout.splitlines()[-2:] == [str(path) for path in written]
    np.testing.assert_array_equal(picture(written[0]), picture(path))
    file = json.loads(written[1].read_text())
    assert file["scale"]["name"] == "tiny"
    assert file["versions"] == presets.versions()
    assert file["sections"]["label_to_image"]["paper, Table 1"]["JMVAE"] == -977.2
    assert "-977.2" in done.stdout


@pytest.mark.slow
def test_program_that_is_interrupted_says_how_to_go_on(tmp_path, mnist_dir):
    arguments = ["--figure=3", f"--data_dir={mnist_dir}", "--seed=5"]
    status, error = interrupt(
        tmp_path, signal.SIGTERM, "jmvae-latent-2: training", "reproduce", *arguments
    )
    assert status == 143
    assert error == (
        "interrupted: what is done is kept; go on with the same command, "
        f"bin/reproduce {' '.join(arguments[:1])} --data_dir={mnist_dir} --seed=5\n"
    )
    run = tmp_path / "runs" / "reproduce-quick" / "jmvae-latent-2"
    assert json.loads((run / "config.json").read_text())["epochs"] == 20
