"""Reproductions of what the papers have on CelebA: recipes, tables and figures of faces."""

import dataclasses
import json
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf import presets
from jmvae_tf.data import faces
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.data.toyfaces import loading as toyfaces
from jmvae_tf.models import editing
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.reporting.figures import image_grids, latent_spaces
from jmvae_tf.reproduction import (
    paper_table,
    pictures,
    published,
    recipes,
    table_1_of_2018,
    tables,
    tables_of_2016,
)
from jmvae_tf.reproduction.paper_table import TablePart
from jmvae_tf.reproduction.recipes import GAN_RUNS
from jmvae_tf.reproduction.runs import Runs
from jmvae_tf.reproduction.scales import SCALES
from tests.helpers.folders import times
from tests.helpers.paths import ROOT
from tests.helpers.reproductions import (
    NETWORK,
    SMALL_SCALE,
    TINY_SCALE,
    Answers,
    answer,
    runs_in,
    small_preset,
)
from tests.helpers.small_models import small_model

OF_FACES = [name for name, data in recipes.DATA_CHOICES.items() if data == ("celeba", "toyfaces")]
QUICK, PAPER = (SCALES[name]["celeba"] for name in ("quick", "paper"))


# What is trained.


def test_tables_and_latent_spaces():
    assert OF_FACES == ["2018-1-celeba", "2016-2", "6", "7", "8"]
    assert set(recipes.DATA_CHOICES) == {*recipes.TABLES, *recipes.FIGURES}


@pytest.mark.parametrize("name", OF_FACES)
def test_every_run_is_the_preset_but_for_what_is_named(name):
    for recipe in {**recipes.TABLES, **recipes.FIGURES}[name]:
        paper = recipe.settings("celeba", PAPER, 0)
        assert paper == presets.settings_of(recipe.model, "celeba", recipe.overrides)
        assert (paper.epochs, paper.warmup_epochs, paper.split) == (50, 20, "paper")
        quick = recipe.settings("celeba", QUICK, 3)
        assert quick == dataclasses.replace(paper, **QUICK.overrides, seed=3)
        assert quick.split == "official"


def test_gan_variants_differ_from_their_models_in_nothing_else():
    assert [recipe.name for recipe in GAN_RUNS.values()] == [
        "vae_gan",
        "cvae_gan-image",
        "cmma_gan-image",
        "jmvae_kl_gan",
    ]
    for recipe in GAN_RUNS.values():
        settings = recipe.settings("celeba", PAPER, 0)
        plain = presets.settings_of(presets.without_gan(recipe.model), "celeba", recipe.overrides)
        without = dict.fromkeys(
            ("discriminator", "adversarial_weight", "discriminator_learning_rate")
        )
        assert dataclasses.replace(settings, model=plain.model, **without) == plain


def test_scales_of_faces_are_those_of_the_papers_on_celeba():
    for by_data in SCALES.values():
        for data in ("celeba", "toyfaces"):
            scale = by_data[data]
            of_papers = (scale.num_samples, scale.num_importance_samples, scale.num_prior_samples)
            assert of_papers == (10, 10, 10)
            assert scale.num_rounds == 40
    assert PAPER.num_generation_examples is None
    assert SCALES["quick"]["toyfaces"].overrides == {}


def test_long_differs_from_quick_on_celeba_in_the_number_of_epochs_alone():
    long, quick = (SCALES[name]["celeba"] for name in ("long", "quick"))
    epochs = {"epochs": 12, "warmup_epochs": 2}
    changed = {"name": "quick", "overrides": {**long.overrides, **epochs}}
    assert dataclasses.replace(long, **changed) == quick
    assert (long.overrides["epochs"], long.overrides["warmup_epochs"]) == (24, 6)
    long, paper = (SCALES[name]["toyfaces"] for name in ("long", "paper"))
    assert dataclasses.replace(long, name="paper") == paper


@pytest.mark.slow
def test_a_gan_variant_is_handed_out_without_its_discriminator(tmp_path):
    scale = dataclasses.replace(TINY_SCALE, overrides={**TINY_SCALE.overrides, "epochs": 1})
    runs = runs_in(tmp_path, scale)
    model = runs.trained(GAN_RUNS["jmvae_kl"])
    assert isinstance(model, MultimodalVAE)
    before = times(runs.path)
    again = runs_in(tmp_path, scale).trained(GAN_RUNS["jmvae_kl"])
    assert isinstance(again, MultimodalVAE)
    for x, y in zip(again.variables, model.variables, strict=True):
        np.testing.assert_array_equal(x, y)
    assert times(runs.path) == before, "it was not trained again"


# Tables.


class FaceAnswers(Answers):
    """As `Answers`, of attributes."""

    def get(self, name, default=None):
        model = presets.without_gan(self.recipe.model)
        if (model == "vae" and "multiple" in name) or (
            model in ("cvae", "cmma") and name.startswith("log_p") and "single" in name
        ):
            return default
        return answer(self.run, name)


@pytest.fixture
def _answers(monkeypatch):
    monkeypatch.setattr(table_1_of_2018, "generation", FaceAnswers)
    monkeypatch.setattr(tables_of_2016, "likelihoods", FaceAnswers)


@pytest.mark.usefixtures("_answers")
def test_table_1_of_2018_on_celeba(tmp_path):
    table = tables.make_table("2018-1-celeba", Runs(tmp_path, QUICK, data_name="celeba"))
    to_image, to_attributes = table.parts
    assert to_image.columns[:3] == ("paper", "ours, weighted", "ours, density")
    runs_of = {"JMVAE": "jmvae", "JMVAE-kl": "jmvae_kl", "JMVAE-h": "jmvae_h"}
    one_way = {"CVAE": "cvae", "CMMA": "cmma"}
    paper = {
        "JMVAE": (-48763, -43.97),
        "JMVAE-kl": (-6852, -44.13),
        "JMVAE-h": (-7355, -47.61),
        "CVAE": (-6825, -44.28),
        "CMMA": (-6920, -44.57),
    }
    assert list(to_image.rows) == list(to_attributes.rows) == list(paper)
    for row, (of_image, of_attributes) in paper.items():
        run = runs_of.get(row) or f"{one_way[row]}-image"
        direction = "attributes_to_image"
        assert to_image.rows[row] == [
            of_image,
            *(
                answer(run, f"{direction}_{name}")
                for name in (
                    "log_likelihood_weighted",
                    "log_likelihood",
                    "log_mean_exp",
                    "coherence",
                    "coherence_worst",
                    "diversity",
                )
            ),
        ]
        run = runs_of.get(row) or f"{one_way[row]}-attributes"
        direction = "image_to_attributes"
        assert to_attributes.rows[row] == [
            of_attributes,
            *(
                answer(run, f"{direction}_{name}")
                for name in (
                    "log_likelihood",
                    "log_mean_exp",
                    "accuracy",
                    "majority_accuracy",
                    "balanced_accuracy",
                )
            ),
        ]
    text = paper_table.table_as_text(table)
    assert "the first 500 test examples" in " ".join(text.split())
    assert (
        "ours: celeba (--split=official), 12 epochs, warm-up of 2, seed 0; paper: celeba, 50 "
        "epochs, warm-up of 20"
    ) in table.notes


@pytest.mark.usefixtures("_answers", "_toyfaces")
def test_table_1_of_2018_on_other_faces_has_no_numbers_of_the_paper(tmp_path):
    runs = Runs(tmp_path, SCALES["quick"]["toyfaces"], data_name="toyfaces")
    table = tables.make_table("2018-1-celeba", runs)
    assert "toyfaces" in table.title
    for section in table.parts:
        assert "paper" not in section.columns
        assert len(section.rows) == 5
        assert {len(cells) for cells in section.rows.values()} == {len(section.columns)}
    assert not any("mean face" in note for note in table.notes)


@pytest.mark.usefixtures("_answers")
def test_table_2_of_2016_has_every_model_with_a_gan_and_without(tmp_path):
    table = tables.make_table("2016-2", Runs(tmp_path, QUICK, data_name="celeba"))
    marginal, conditional = table.parts
    sharpness = "image_sharpness_reconstruction_single_image"
    real = answer("jmvae_kl", "image_sharpness_real")
    single, multiple = "log_p_image_single_image", "log_p_image_multiple"
    assert marginal.rows == {
        "VAE": [None, answer("vae", single), answer("vae", sharpness)],
        "VAE-GAN": [None, answer("vae_gan", single), answer("vae_gan", sharpness)],
        **{
            row: [answer(run, multiple), answer(run, single), answer(run, sharpness)]
            for row, run in (("JMVAE-kl", "jmvae_kl"), ("JMVAE-kl-GAN", "jmvae_kl_gan"))
        },
        "real images": [None, None, real],
    }
    single, multiple = (f"log_p_image_given_attributes_{how}" for how in ("single", "multiple"))
    of_images = (
        "attributes_to_image_coherence",
        "attributes_to_image_diversity",
        "image_sharpness_attributes_to_image",
    )
    runs_of = {
        **{"CVAE": "cvae-image", "CVAE-GAN": "cvae_gan-image"},
        **{"CMMA": "cmma-image", "CMMA-GAN": "cmma_gan-image"},
        **{"JMVAE-kl": "jmvae_kl", "JMVAE-kl-GAN": "jmvae_kl_gan"},
    }
    judged = answer("jmvae_kl", "attributes_to_image_judge_balanced_accuracy")
    assert conditional.rows == {
        **{
            row: [
                answer(run, multiple),
                answer(run, single) if row.startswith("JMVAE") else None,
                *(answer(run, name) for name in of_images),
            ]
            for row, run in runs_of.items()
        },
        "real images": [None, None, judged, None, real],
    }


def test_columns_with_nothing_in_them_are_left_out():
    section = TablePart(
        "some", "what", ("a", "b", "c"), {"x": [None, 1.0, None], "y": [None, 2, 3]}
    )
    assert paper_table.without_empty_columns(section) == TablePart(
        "some", "what", ("b", "c"), {"x": [1.0, None], "y": [2, 3]}
    )


def test_every_published_row_is_a_row_of_ours():
    for numbers in published.TABLE_1_2018.values():
        assert list(numbers) == ["JMVAE", "JMVAE-kl", "JMVAE-h", "CVAE", "CMMA"]


# Figures.


@pytest.fixture
def _toyfaces(monkeypatch):
    """A preset of toyfaces with the smallest networks, and few faces."""
    small_preset(monkeypatch)


def untrained(name: str) -> MultimodalVAE:
    """A small model of toyfaces that knows its data's means."""
    model = small_model(presets.without_gan(name), toyfaces.modalities(), NETWORK)
    drawn = toyfaces.examples(50, 0)
    model.adapt([faces.values_of_faces({name: tf.constant(x) for name, x in drawn.items()})])
    return model


@pytest.fixture
def models(monkeypatch):
    """What runs hand out in place of trained models."""
    made = {name: untrained(name) for name in ("jmvae", "jmvae_h", "jmvae_kl")}
    made["jmvae_kl_gan"] = made["jmvae_kl"]
    made["jmvae"].set_inference("noise", 1, "samples")
    monkeypatch.setattr(Runs, "trained", lambda self, recipe: made[recipe.model])
    return made


@pytest.fixture
def runs(tmp_path, models, _toyfaces):
    """Runs of toyfaces, their models untrained."""
    return Runs(tmp_path / "runs", SMALL_SCALE, data_name="toyfaces")


@pytest.fixture
def drawn(monkeypatch):
    """Draws nothing; maps each file's name to the arguments of its drawing function."""
    arguments = {}

    def keep(path, *args, **kwargs):
        arguments[path.name] = args

    monkeypatch.setattr(image_grids, "image_grid", keep)
    monkeypatch.setattr(latent_spaces, "latent_conditions", keep)
    return arguments


def test_figure_6_generates_the_attributes_of_test_faces(runs, models, tmp_path, drawn):
    paths, table = pictures.make_figure("6", runs, tmp_path)
    assert paths == (tmp_path / "figure-6.png",)
    assert table is None
    images, _, columns, rows = drawn["figure-6.png"]
    assert rows == [
        "(a) test faces",
        *(f"(b) JMVAE, {x}" for x in ("1 round", "2 rounds", "3 rounds")),
        *(f"(c) JMVAE-h, {x}" for x in ("1 round", "2 rounds", "3 rounds")),
        "(d) JMVAE-kl",
    ]
    assert images.shape == (len(rows), len(columns), 64, 64, 3)
    assert {"Eyeglasses", "Wearing_Hat"} <= set(columns)
    names = toyfaces.ATTRIBUTES
    test = runs.data.test
    places = [
        next(i for i, x in enumerate(test["image"]) if np.array_equal(x / np.float32(255), image))
        for image in images[0]
    ]
    assert len(set(places)) == len(places), "another face for each column"
    for column, place in zip(columns, places, strict=True):
        assert test["attributes"][place][names.index(column)] == 1
    given = {"attributes": test["attributes"][places].astype(np.float32)}
    np.testing.assert_array_equal(images[-1], models["jmvae_kl"].generate("image", given, 1)[0])
    models["jmvae"].set_inference("noise", 2, "samples")
    np.testing.assert_array_equal(images[2], models["jmvae"].generate("image", given, 1)[0])


def test_figure_7_has_average_and_random_faces_of_changed_attributes(
    runs, models, tmp_path, drawn, monkeypatch
):
    asked = []
    averages_and_samples = editing.averages_and_samples

    def keep(model, target, condition, values, *args):
        asked.append(np.array(values))
        return averages_and_samples(model, target, condition, values, *args)

    monkeypatch.setattr(editing, "averages_and_samples", keep)
    paths, table = pictures.make_figure("7", runs, tmp_path)
    assert [path.name for path in paths] == ["figure-7a.png", "figure-7b.png"]
    assert table is None
    images, _, columns, rows = drawn["figure-7a.png"]
    assert columns[0] == "Base"
    assert {*toyfaces.ATTRIBUTES, "Not Smiling"} == set(columns[1:])
    assert rows[0] == "average"
    assert rows[-2:] == ["JMVAE: average", "JMVAE: random 1"]
    assert images.shape == (len(rows), len(columns), 64, 64, 3)
    model = models["jmvae_kl"]
    points, means = drawn["figure-7b.png"][0]["Not Smiling"]
    conditions = drawn["figure-7b.png"][1]
    assert points.shape == (len(conditions), 7, 2)
    assert means.shape == (len(conditions), 2)
    of_model, of_jmvae = asked
    np.testing.assert_array_equal(of_model, of_jmvae)
    base = of_model[0]
    assert set(base) == {-1, 1}
    for name, values in zip(columns, of_model, strict=True):
        expected = base.copy()
        if name != "Base":
            place = toyfaces.ATTRIBUTES.index(name.removeprefix("Not "))
            expected[place] = -2 if name.startswith("Not ") else 2
        np.testing.assert_array_equal(values, expected)
    given = {"attributes": of_model[columns.index("Eyeglasses")][np.newaxis]}
    column = images[:, columns.index("Eyeglasses")]
    np.testing.assert_allclose(column[0], model.generate("image", given)[0], atol=1e-6)
    np.testing.assert_allclose(column[1:7], model.generate("image", given, 6)[:, 0], atol=1e-6)


def test_data_of_many_attributes_show_those_that_the_paper_names(tmp_path, monkeypatch, rng, drawn):
    modalities = faces.face_modalities(32, faces.OFFICIAL_ATTRIBUTES)
    part = {
        "image": rng.integers(0, 256, (20, 32, 32, 3)).astype(np.uint8),
        "attributes": rng.choice([-1, 1], (20, 40)).astype(np.int8),
    }
    runs = Runs(tmp_path, SMALL_SCALE, data_name="celeba")
    runs.data = DataSet("celeba", modalities, part, part, part, faces.values_of_faces)
    model = small_model("jmvae_kl", modalities, NETWORK)
    monkeypatch.setattr(Runs, "trained", lambda self, recipe: model)
    _, table = pictures.make_figure("8", runs, tmp_path)
    columns = drawn["figure-8.png"][2]
    assert columns[3:8] == ["Male", "Bald", "Smiling", "Eyeglasses", "Mustache"]
    assert {"Wearing_Hat", "Not Male", "Not Young"} <= set(columns)
    assert len(columns) < 20
    assert list(table.parts[0].rows) == list(faces.OFFICIAL_ATTRIBUTES)


def test_figure_8_changes_a_photograph_by_the_difference_of_averages(runs, models, tmp_path, drawn):
    paths, table = pictures.make_figure("8", runs, tmp_path)
    assert [path.name for path in paths] == ["figure-8.png"]
    images, _, columns, _ = drawn["figure-8.png"]
    assert columns[:3] == ["photograph", "rebuilt", "average"]
    assert {"Eyeglasses", "Wearing_Hat", "Not Smiling"} <= set(columns)
    model = models["jmvae_kl"]
    x = runs.data.test["image"][:4].astype(np.float32) / 255
    np.testing.assert_array_equal(images[:, 0], x)
    values = model.generate("attributes", {"image": x}).numpy()
    changed = values.copy()
    place = toyfaces.ATTRIBUTES.index("Wearing_Hat")
    changed[:, place] = 2.0

    def average(w):
        z = model.posterior_mean({"attributes": w})
        return model.unstandardise("image", model.decode(z, ["image"])["image"].mean()).numpy()

    expected = np.clip(x + average(changed) - average(values), 0, 1)
    np.testing.assert_allclose(images[:, columns.index("Wearing_Hat")], expected, atol=1e-5)
    [section] = table.parts
    assert list(section.rows) == list(toyfaces.ATTRIBUTES)
    assert section.columns[:2] == ("face 1", "face 1, true")
    for index in range(4):
        given, true = section.rows["Wearing_Hat"][2 * index : 2 * index + 2]
        assert given == pytest.approx(values[index, place], abs=0.01)
        assert true == runs.data.test["attributes"][index, place]


# bin/reproduce.


OF_TOYFACES = """
import pytest
from jmvae_tf.programs import reproduce
from jmvae_tf.programs.common import run_program
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
load_tensorflow()
from jmvae_tf.reproduction import scales
from tests.helpers.reproductions import SMALL_SCALE, small_preset
scales.SCALES["quick"]["toyfaces"] = SMALL_SCALE
small_preset(pytest.MonkeyPatch())
run_program.run(reproduce)
"""


@pytest.mark.slow
def test_program_makes_all_of_faces_and_nothing_twice(tmp_path):
    def reproduce(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", OF_TOYFACES, "--data=toyfaces", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=600,
        )
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
        assert "training" not in told
        assert "measuring" not in told
    after = times(folder)
    assert {path for path in after if after[path] != before.get(path)} == {
        str(folder / "tables" / f"{name}.{ending}")
        for name in ("2018-1-celeba", "2016-2")
        for ending in ("md", "json")
    }
