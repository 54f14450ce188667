"""Exports carry a map of their training data, and limits of images unlike them."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from sklearn.decomposition import PCA

from jmvae_tf.clients.image_checks import UNLIKE
from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.export import summarise_training as summarising
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.export.summarise_training import summarise_training
from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import SAMPLE_WEIGHT, Modality, observed_key
from jmvae_tf.runtime.errors import UserError
from tests.helpers.small_models import examples, set_sequential_weights, small_model

MODALITIES = {
    x.name: x
    for x in (
        Modality("image", (4, 4, 1), Bernoulli(), kind="image"),
        Modality("label", (3,), Categorical(), kind="label"),
        Modality("traits", (2,), Gaussian(), kind="attributes", value_names=("red", "large")),
    )
}
WITH_LABELS = {name: MODALITIES[name] for name in ("image", "label")}


def batches_of(data, size):
    number = len(next(iter(data.values())))
    for start in range(0, number, size):
        yield {key: x[start : start + size] for key, x in data.items()}


@pytest.fixture(scope="module")
def model():
    model = small_model("jmvae_kl", WITH_LABELS)
    set_sequential_weights(model)
    return model


@pytest.fixture(scope="module")
def data():
    return examples(MODALITIES, 50)


def test_the_map_is_the_plane_of_the_principal_components(model, data):
    summary = summarise_training(model, batches_of(data, 20), "epoch-000001.keras")
    assert (summary.num_examples, summary.checkpoint) == (50, "epoch-000001.keras")
    found = summary.latent_map
    z = model.posterior({"image": data["image"]}).mean().numpy()
    assert found.modality == "image"
    np.testing.assert_allclose(found.z, z, atol=1e-6)
    expected = PCA(2).fit_transform(z)
    np.testing.assert_allclose(np.abs(found.plane.to_plane(z)), np.abs(expected), atol=1e-5)
    np.testing.assert_array_equal(found.values["label"], np.argmax(data["label"], axis=1))


def test_limits_are_percentiles_of_training_images(model, data):
    summary = summarise_training(model, batches_of(data, 20))
    usual = summary.images["image"]
    x = data["image"].numpy()
    z = model.posterior({"image": x}).mean()
    errors = np.square(x - model.decoded_mean("image", z)).mean(axis=(1, 2, 3))
    assert usual.encoded.error == pytest.approx(np.percentile(errors, 99.9), rel=1e-5)
    distances = np.sqrt(np.square(z[:, np.newaxis] - z).sum(axis=-1))
    np.fill_diagonal(distances, np.inf)
    nearest = distances.min(axis=1)
    assert usual.encoded.distance == pytest.approx(np.percentile(nearest, 99.9), rel=1e-3)
    frame = np.ones((4, 4), bool)
    frame[1:3, 1:3] = False
    borders = x[:, frame].mean(axis=(1, 2))
    assert usual.border == pytest.approx(np.percentile(borders, 99.9), rel=1e-5)


@pytest.mark.parametrize("name", ["jmvae", "jmvae_h"])
def test_chains_of_thousands_run_together(monkeypatch, data, name):
    """One seed for each example would be a loop over them: minutes for ten thousand."""
    model = small_model(name, WITH_LABELS)

    def no_loop(*args, **kwargs):
        raise AssertionError("a loop over the examples")

    monkeypatch.setattr(tf, "map_fn", no_loop)
    summary = summarise_training(model, batches_of(data, 20))
    assert summary.latent_map.z.shape[0] == summary.num_examples == 50


def test_two_latent_values_are_the_coordinates(data):
    model = small_model("vae", WITH_LABELS, latent_dim=2)
    found = summarise_training(model, batches_of(data, 50)).latent_map
    np.testing.assert_array_equal(found.plane.to_plane(found.z), found.z)


def test_models_of_one_direction_have_no_map(data):
    summary = summarise_training(small_model("cvae", WITH_LABELS), batches_of(data, 50))
    assert summary.latent_map is None
    assert summary.images["image"].encoded is None
    assert 0 < summary.images["image"].border <= 1


def test_what_is_missing_is_left_out(data):
    model = small_model("jmvae_kl", MODALITIES)
    there = {name: np.ones(50, bool) for name in MODALITIES}
    there["image"][::5] = there["label"][1::5] = there["traits"][2::5] = False
    masks = {observed_key(name): tf.constant(mask) for name, mask in there.items()}
    hidden = dict(data)
    hidden["image"] = np.where(there["image"][:, None, None, None], data["image"], np.nan)
    batch = {**hidden, **masks, SAMPLE_WEIGHT: tf.ones(50)}
    summary = summarise_training(model, batches_of(batch, 7))
    found, kept = summary.latent_map, there["image"]
    assert len(found.z) == kept.sum() == 40
    assert np.isfinite(found.z).all()
    assert np.isfinite(summary.images["image"].encoded.error)
    np.testing.assert_array_equal(found.values["label"] == -1, ~there["label"][kept])
    traits = np.where(there["traits"][kept, None], data["traits"].numpy()[kept] > 0, -1)
    np.testing.assert_array_equal(found.values["traits"], traits)


def test_endless_batches_are_read_in_part(model, data, monkeypatch):
    monkeypatch.setattr(summarising, "MOST_EXAMPLES", 30)
    monkeypatch.setattr(summarising, "MOST_POINTS", 4)
    endless = tf.data.Dataset.from_tensor_slices(data).repeat().batch(20)
    summary = summarise_training(model, endless)
    assert (summary.num_examples, len(summary.latent_map.z)) == (30, 4)
    with pytest.raises(ValueError, match="A summary needs training examples"):
        summarise_training(model, [])


@pytest.fixture(scope="module")
def loaded(model, data, tmp_path_factory):
    summary = summarise_training(model, batches_of(data, 50))
    folder = tmp_path_factory.mktemp("saved")
    return LoadedExport(export_saved_model(model, folder, summary=summary))


def test_a_place_of_the_map_is_decoded(loaded, model):
    z = loaded.summary.latent_map.plane.to_z(np.array([(0.5, -1.5)]))
    for name in WITH_LABELS:
        found = loaded(f"decode_{name}", z=z)[name]
        np.testing.assert_allclose(found, model.decoded_mean(name, z), atol=1e-6)


def test_an_export_checks_images(loaded, data):
    image = data["image"].numpy()[0]
    limits = loaded.summary.images["image"].encoded
    assert loaded.check_image("image", image).notes == []
    object.__setattr__(limits, "error", 0.0)
    assert loaded.check_image("image", image).notes == [UNLIKE]


def test_an_export_without_a_summary(loaded, data, tmp_path):
    version = shutil.copytree(loaded.version, tmp_path / "1")
    (version / "assets" / "training_summary.json").unlink()
    older = LoadedExport(version)
    assert older.summary is None
    image = data["image"].numpy()[0]
    assert older.check_image("image", image).notes == []


def test_the_summary_of_an_export_is_of_its_latent_space(loaded, tmp_path):
    version = shutil.copytree(loaded.version, tmp_path / "1")
    file = version / "assets" / "training_summary.json"
    z = [[0.0] * (loaded.summary.latent_map.z.shape[1] + 1)]
    file.write_text(json.dumps(json.loads(file.read_text()) | {"z": {"image": z}}))
    with pytest.raises(UserError, match=r"training_summary.json: image with \d+ latent values, no"):
        LoadedExport(version)
