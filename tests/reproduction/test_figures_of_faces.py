"""Figures 6 to 8 of the 2018 paper."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.data import faces
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.data.toyfaces import loading as toyfaces
from jmvae_tf.models import editing
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.registry import MODELS
from jmvae_tf.reporting.figures import image_grids, latent_spaces
from jmvae_tf.reproduction import (
    figures,
)
from jmvae_tf.reproduction.runs import Runs
from tests.helpers.reproductions import (
    NETWORK,
    SMALL_SCALE,
)
from tests.helpers.small_models import small_model


def untrained(name: str) -> MultimodalVAE:
    """A small model of toyfaces that knows its data's means."""
    modalities = faces.face_modalities(64, toyfaces.ATTRIBUTES)
    model = small_model(MODELS[name].plain.name, modalities, NETWORK)
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


@pytest.mark.slow
def test_figure_6_generates_the_attributes_of_test_faces(runs, models, tmp_path, drawn):
    paths, table = figures.make_figure("6", runs, tmp_path)
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
    assert {"Eyeglasses", "Wearing Hat"} <= set(columns)
    names = [name.replace("_", " ") for name in toyfaces.ATTRIBUTES]
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


@pytest.mark.slow
def test_figure_7_has_average_and_random_faces_of_changed_attributes(
    runs, models, tmp_path, drawn, monkeypatch
):
    asked = []
    averages_and_samples = editing.averages_and_samples

    def keep(model, target, condition, values, *args):
        asked.append(np.array(values))
        return averages_and_samples(model, target, condition, values, *args)

    monkeypatch.setattr(editing, "averages_and_samples", keep)
    paths, table = figures.make_figure("7", runs, tmp_path)
    assert [path.name for path in paths] == ["figure-7a.png", "figure-7b.png"]
    assert table is None
    images, _, columns, rows = drawn["figure-7a.png"]
    assert columns[0] == "Base"
    names = [name.replace("_", " ") for name in toyfaces.ATTRIBUTES]
    assert {*names, "Not Smiling"} == set(columns[1:])
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
    trained_on = runs.data.train["attributes"]
    assert (base == trained_on).all(axis=1).any(), "a face of the training set"
    assert base[names.index("Smiling")] == 1
    smiling = trained_on[trained_on[:, names.index("Smiling")] == 1]
    distances = np.square(smiling - smiling.mean(axis=0)).sum(axis=1)
    nearest = np.square(base - smiling.mean(axis=0)).sum()
    assert nearest == pytest.approx(distances.min())
    for name, values in zip(columns, of_model, strict=True):
        expected = base.copy()
        if name != "Base":
            place = names.index(name.removeprefix("Not "))
            expected[place] = -2 if name.startswith("Not ") else 2
        np.testing.assert_array_equal(values, expected)
    given = {"attributes": of_model[columns.index("Eyeglasses")][np.newaxis]}
    column = images[:, columns.index("Eyeglasses")]
    np.testing.assert_allclose(column[0], model.generate("image", given)[0], atol=1e-6)
    np.testing.assert_allclose(column[1:4], model.generate("image", given, 3)[:, 0], atol=1e-6)


@pytest.mark.slow
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
    _, table = figures.make_figure("8", runs, tmp_path)
    columns = drawn["figure-8.png"][2]
    assert columns[3:8] == ["Male", "Bald", "Smiling", "Eyeglasses", "Mustache"]
    assert {"Wearing Hat", "Not Male", "Not Young"} <= set(columns)
    assert len(columns) < 20
    assert list(table.parts[0].rows) == list(faces.OFFICIAL_ATTRIBUTES)


@pytest.mark.slow
def test_figure_8_changes_a_photograph_by_the_difference_of_averages(runs, models, tmp_path, drawn):
    paths, table = figures.make_figure("8", runs, tmp_path)
    assert [path.name for path in paths] == ["figure-8.png"]
    images, _, columns, _ = drawn["figure-8.png"]
    assert columns[:3] == ["photograph", "rebuilt", "average"]
    assert {"Eyeglasses", "Wearing Hat", "Not Smiling"} <= set(columns)
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
    np.testing.assert_allclose(images[:, columns.index("Wearing Hat")], expected, atol=1e-5)
    [section] = table.parts
    assert list(section.rows) == list(toyfaces.ATTRIBUTES)
    assert section.columns[:2] == ("face 1", "face 1, true")
    for index in range(4):
        given, true = section.rows["Wearing_Hat"][2 * index : 2 * index + 2]
        assert given == pytest.approx(values[index, place], abs=0.01)
        assert true == runs.data.test["attributes"][index, place]
