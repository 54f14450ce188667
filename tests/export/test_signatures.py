"""Signatures of images of any range, of large batches, and by names that must stay apart."""

import os
import stat

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.demo.demo_model import DemoModel
from jmvae_tf.export import chunks
from jmvae_tf.export.permissions import tell_if_private
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.export_format.value_ranges import to_pixels, to_values
from jmvae_tf.likelihoods import Categorical, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.cvae import CVAE
from jmvae_tf.models.jmvae_kl import JMVAEKL
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


@pytest.mark.parametrize("support", [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (-3.0, -0.1)])
def test_pixels_and_values(support, rng):
    pixels = np.append(rng.uniform(0, 1, 98), [0, 1]).astype(np.float32)
    values = to_values(pixels, support)
    assert values.dtype == np.float32
    assert values[-2:].tolist() == np.float32(support).tolist()
    np.testing.assert_allclose(to_pixels(values, support), pixels, atol=1e-6)


def test_without_a_range_there_are_pixels_as_they_are():
    assert to_values(0.5, (-np.inf, np.inf)) == to_pixels(0.5, (0.0, np.inf)) == 0.5


@pytest.mark.parametrize(
    ("modalities", "name"),
    [
        ([image("image"), label("encoded_image")], "'encoded_image_to_encoded_image'"),
        ([image("x"), image("encoded_x"), label("y")], "'encoded_x_to_encoded_x'"),
        ([label("a"), label("b_to_c"), label("a_to_b"), label("c")], "'a_to_b_to_c'"),
        ([label("embed_x"), label("y"), label("x_to_y")], "'embed_x_to_y'"),
        ([image("x"), label("c"), image("x_by_c")], "'edit_x_by_c'"),
    ],
)
def test_names_that_would_give_two_signatures_one_name(modalities, name):
    with pytest.raises(ValueError, match=f"two signatures would be called {name}"):
        JMVAEKL({x.name: x for x in modalities}, 2)


def test_names_that_collide_in_one_direction_only():
    modalities = {x.name: x for x in (image("image"), label("encoded_image"))}
    CVAE(modalities, "encoded_image", 2)


@pytest.mark.parametrize("size", [1, chunks.MOST_AT_ONCE, chunks.MOST_AT_ONCE + 1, 150])
def test_a_large_batch_is_answered_in_chunks(size, rng):
    sizes = []

    def twice(x):
        number = tf.shape(x["a"])[0]
        told = tf.py_function(lambda n: sizes.append(int(n)), [number], [])
        with tf.control_dependencies([told]):
            return {"b": 2 * x["a"], "text": tf.strings.as_string(x["a"][:, 0])}

    x = rng.normal(size=(size, 3)).astype("f")
    spec = tf.TensorSpec((None, 3), tf.float32)
    asked = tf.function(lambda x: chunks.in_chunks(twice, {"a": x}), input_signature=[spec])
    answer = asked(x)
    np.testing.assert_array_equal(answer["b"], 2 * x)
    assert answer["b"].shape == (size, 3)
    assert answer["text"].shape == size
    assert max(sizes) <= chunks.MOST_AT_ONCE
    assert sum(sizes) == size


@pytest.mark.parametrize(("umask", "is_told"), [(0o077, True), (0o027, True), (0o022, False)])
def test_exports_that_a_server_cannot_read(umask, is_told, tmp_path, capsys):
    before = os.umask(umask)
    try:
        (tmp_path / "model" / "1" / "assets").mkdir(parents=True)
        (tmp_path / "model" / "1" / "assets" / "modalities.json").write_text("{}")
    finally:
        os.umask(before)
    tell_if_private(tmp_path / "model" / "1")
    told = capsys.readouterr().err
    assert told.count("\n") == is_told
    assert ("chmod -R go+rX" in told) == is_told


def test_one_file_that_a_server_cannot_read(tmp_path, capsys):
    (tmp_path / "1").mkdir(mode=0o755)
    (tmp_path / "1" / "saved_model.pb").write_text("")
    (tmp_path / "1" / "saved_model.pb").chmod(stat.S_IRUSR)
    (tmp_path / "1").chmod(0o755)
    tell_if_private(tmp_path / "1")
    assert "warning: only this user can read" in capsys.readouterr().err
