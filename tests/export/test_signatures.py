"""Signatures of images of any range and shape, and their names."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.demo.demo_model import DemoModel
from jmvae_tf.export import signatures
from jmvae_tf.export.inputs import EncodedImageInput
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.likelihoods import Categorical, Gaussian
from jmvae_tf.modalities import Modality
from tests.helpers import image_files
from tests.helpers.small_models import small_model


def image(name, value_range=None):
    return Modality(name, (8, 8, 1), Gaussian(), kind="image", value_range=value_range)


def label(name):
    return Modality(name, (3,), Categorical(), kind="label")


@pytest.fixture(
    scope="module",
    params=[(-1.0, 1.0), pytest.param((0.0, 255.0), marks=pytest.mark.slow)],
    ids=str,
)
def exported(request, tmp_path_factory):
    """A model of images of some range, loaded."""
    modalities = {"image": image("image", request.param), "label": label("label")}
    model = small_model("jmvae_kl", modalities)
    return request.param, LoadedExport(export_saved_model(model, tmp_path_factory.mktemp("saved")))


def test_files_hold_pixels_of_any_range(exported, rng):
    (low, high), loaded = exported
    levels = rng.integers(0, 256, (3, 8, 8, 1), np.uint8)
    files = np.array([image_files.png(x) for x in levels], object)
    values = (low + (high - low) * levels / 255).astype(np.float32)
    read = loaded("encoded_image_to_label", image_bytes=files)["label"]
    np.testing.assert_allclose(read, loaded("image_to_label", image=values)["label"], atol=1e-5)
    given = np.eye(3, dtype=np.float32)
    drawn = loaded("label_to_image", label=given)["image"]
    assert low <= drawn.min() < drawn.max() <= high
    encoded = loaded("label_to_encoded_image", label=given)["image_bytes"]
    levels = np.stack([tf.io.decode_png(x).numpy() for x in encoded])
    np.testing.assert_allclose(levels, 255 * (drawn - low) / (high - low), atol=0.51)


def test_the_page_shows_pixels_of_any_range(exported, tmp_path):
    (low, high), loaded = exported
    answers = DemoModel(loaded)
    (tmp_path / "black.png").write_bytes(image_files.png(np.zeros((20, 20), np.uint8)))
    black = answers.from_file(str(tmp_path / "black.png"), None)
    np.testing.assert_array_equal(black, np.full((8, 8, 1), low, np.float32))
    assert answers.for_screen(black).max() == 0
    drawn = loaded("label_to_image", label=np.eye(3, dtype=np.float32)[:1])["image"][0]
    shown = answers.for_screen(drawn)[::40, ::40, :1]
    np.testing.assert_allclose(shown, 255 * (drawn - low) / (high - low), atol=0.51)


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A model of images that are not square, loaded."""
    modalities = {
        "wide": Modality("wide", (4, 6, 1), Gaussian(), kind="image", value_range=(0.0, 1.0)),
        "label": label("label"),
    }
    model = small_model("jmvae_kl", modalities)
    return LoadedExport(export_saved_model(model, tmp_path_factory.mktemp("saved")))


def test_images_that_are_not_square_are_answered(wide, rng):
    given = np.eye(3, dtype=np.float32)
    drawn = wide("label_to_wide", label=given)["wide"]
    assert drawn.shape == (3, 4, 6, 1)
    files = wide("label_to_encoded_wide", label=given)["wide_bytes"]
    assert [tf.io.decode_png(x).shape for x in files] == [(4, 6, 1)] * 3
    assert wide("wide_to_label", wide=drawn)["label"].shape == (3, 3)
    assert wide("edit_wide", wide=drawn, label=given)["wide"].shape == (3, 4, 6, 1)
    seeds = np.arange(3, dtype=np.int32)
    assert wide("sample_wide_from_label", label=given, seed=seeds)["wide"].shape == (3, 4, 6, 1)


def test_files_of_images_that_are_not_square_are_refused_by_name(wide):
    file = np.array([image_files.png(np.zeros((4, 6), np.uint8))], object)
    reason = r"signature that it has: .*wide_to_label.*Received: 'encoded_wide_to_label'"
    with pytest.raises(ValueError, match=reason):
        wide("encoded_wide_to_label", wide_bytes=file)
    model = small_model("vae", {"wide": Modality("wide", (4, 6, 1), Gaussian(), kind="image")})
    encoded = EncodedImageInput("wide_bytes", model.modalities["wide"])
    with pytest.raises(ValueError, match=r"square images.*\(4, 6, 1\) for wide_bytes"):
        encoded.taken(tf.constant(file))


def test_two_signatures_of_one_name(monkeypatch):
    family = signatures._averages
    monkeypatch.setattr(signatures, "_FAMILIES", (family, family))
    model = small_model("jmvae_kl", {x.name: x for x in (image("image"), label("label"))})
    with pytest.raises(ValueError, match=r"needs a name of its own.*'image_to_label' twice"):
        signatures.signatures_of(model)
