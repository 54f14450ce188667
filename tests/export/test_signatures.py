"""Signatures of images of any range and shape, and their names."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.clients.png import check_png
from jmvae_tf.data.image_file import encode_png
from jmvae_tf.demo import pictures
from jmvae_tf.export import signatures
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality, observed_key
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
    modality = loaded.modalities["image"]
    (tmp_path / "black.png").write_bytes(image_files.png(np.zeros((20, 20), np.uint8)))
    black = pictures.from_file(str(tmp_path / "black.png"), modality, None)
    np.testing.assert_array_equal(black, np.full((8, 8, 1), low, np.float32))
    assert pictures.for_screen(black, modality).max() == 0
    for share in (0.0, 0.2, 1.0):
        drawn = np.full((8, 8, 1), low + share * (high - low), np.float32)
        np.testing.assert_array_equal(pictures.for_screen(drawn, modality), 255 * share)


WIDE = {
    "wide": Modality("wide", (4, 6, 1), Gaussian(), kind="image", value_range=(0.0, 1.0)),
    "label": label("label"),
}


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A model of images that are not square, loaded."""
    model = small_model("jmvae_kl", WIDE)
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


def test_files_of_images_that_are_not_square(wide, rng):
    """The centre of a larger file is what a file of the model's own size would hold."""
    levels = rng.integers(0, 256, (4, 10), np.uint8)
    files = [image_files.png(x) for x in (levels, levels[:, 2:8])]
    values = levels[np.newaxis, :, 2:8, np.newaxis] / np.float32(255)
    expected = wide("wide_to_label", wide=values)["label"]
    read = wide("encoded_wide_to_label", wide_bytes=np.array(files, object))["label"]
    np.testing.assert_allclose(read, np.repeat(expected, 2, 0), atol=1e-6)


@pytest.mark.slow
def test_files_are_fitted_as_in_training(tmp_path, rng):
    model = small_model("cvae", {"label": WIDE["label"], "wide": WIDE["wide"]})
    columns = {"wide": {"fit": "pad"}, "label": {}}
    padding = LoadedExport(export_saved_model(model, tmp_path, columns=columns))
    assert padding.modalities["wide"].fit == "pad"
    levels = rng.integers(0, 256, (4, 3), np.uint8)
    values = np.zeros((1, 4, 6, 1), np.float32)
    values[0, :, 1:4, 0] = levels / np.float32(255)
    expected = padding("wide_to_label", wide=values)["label"]
    files = np.array([image_files.png(levels)], object)
    read = padding("encoded_wide_to_label", wide_bytes=files)["label"]
    np.testing.assert_allclose(read, expected, atol=1e-6)


THREE = {
    "left": Modality("left", (4, 6, 3), Gaussian(), kind="image", value_range=(0.0, 1.0)),
    "right": Modality("right", (4, 4, 1), Bernoulli(), kind="image"),
    "label": label("label"),
}


@pytest.fixture(scope="module")
def of_three():
    """A model of two images and a label."""
    return small_model("jmvae_kl", THREE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "target"),
    [
        (["left", "right"], "label"),
        (["left", "label"], "right"),
        (["right", "label"], "left"),
    ],
)
def test_any_subset_can_be_given(of_three, given, target, rng):
    signatures_by_name = {x.name: x for x in signatures.signatures_of(of_three)}
    known = {
        name: rng.integers(0, 2, (2, *THREE[name].event_shape)).astype(np.float32) for name in given
    }

    def ask(name, **inputs):
        signature = signatures_by_name[name]
        assert [x.name for x in signature.inputs] == list(inputs)
        tensors = {x.name: x.taken(tf.constant(inputs[x.name])) for x in signature.inputs}
        [answer] = signature.outputs(tensors).values()
        return answer.numpy()

    joined = "_".join(given)
    wanted = of_three.generate(target, known)
    np.testing.assert_allclose(ask(f"{joined}_to_{target}", **known), wanted, atol=1e-5)
    files = {
        name if name == "label" else f"{name}_bytes": x
        if name == "label"
        else [encode_png((255 * one).astype(np.uint8)) for one in x]
        for name, x in known.items()
    }
    encoded = "_".join(name if name == "label" else f"encoded_{name}" for name in given)
    np.testing.assert_allclose(ask(f"{encoded}_to_{target}", **files), wanted, atol=1e-5)
    if target != "label":
        [drawn, _] = ask(f"{joined}_to_encoded_{target}", **known)
        check_png(drawn, THREE[target].event_shape)
        seeds = np.array([3, 3], np.int32)
        sampled = ask(f"sample_{target}_from_{joined}", **known, seed=seeds)
        assert sampled.shape == (2, *THREE[target].event_shape)


def test_numbers_are_given_in_part(eagerly):
    numbers = Modality("sizes", (3,), Gaussian(), kind="numbers", partly_observed=True)
    model = small_model("jmvae_kl", {"label": label("label"), "sizes": numbers})
    by_name = {x.name: x for x in signatures.signatures_of(model)}

    def ask(name, **values):
        inputs = by_name[name].inputs
        return by_name[name].outputs({x.name: x.taken(tf.constant(values[x.name])) for x in inputs})

    sizes = np.array([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]], np.float32)
    known = {"sizes": np.nan_to_num(sizes), observed_key("sizes"): ~np.isnan(sizes)}
    wanted = model.generate("label", known)
    np.testing.assert_allclose(ask("sizes_to_label", sizes=sizes)["label"], wanted, atol=1e-6)
    assert np.abs(wanted[0] - wanted[1]).max() > 1e-4, "what is not known matters"
    np.testing.assert_allclose(
        ask("embed_sizes", sizes=sizes)["mean"], model.posterior(known).mean(), atol=1e-6
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match="label must hold numbers from 0 to 1"):
        ask("label_to_sizes", label=np.full((1, 3), np.nan, np.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="sizes must hold finite numbers"):
        ask("sizes_to_label", sizes=np.full((1, 3), np.inf, np.float32))


def test_an_example_without_anything_is_refused_where_there_is_no_prior(eagerly):
    """Its image would be black, as if it had been drawn."""
    numbers = Modality("sizes", (3,), Gaussian(), kind="numbers", partly_observed=True)
    sizes = tf.constant([[1.0, np.nan, 3.0], [np.nan] * 3])
    for name, has_prior in (("jmvae_kl", True), ("mmvm", False)):
        model = small_model(name, {"image": image("image"), "sizes": numbers})
        by_name = {x.name: x for x in signatures.signatures_of(model)}
        for signature in ("sizes_to_image", "sizes_to_encoded_image"):
            [taken] = by_name[signature].inputs
            one = by_name[signature].outputs({"sizes": taken.taken(sizes[:1])})
            assert all(len(x) == 1 for x in one.values())
            if has_prior:
                by_name[signature].outputs({"sizes": taken.taken(sizes)})
                continue
            with pytest.raises(tf.errors.InvalidArgumentError, match="must have a value of sizes"):
                by_name[signature].outputs({"sizes": taken.taken(sizes)})


@pytest.mark.slow
def test_every_signature_has_a_request_for_the_warm_up(of_three, tmp_path):
    loaded = LoadedExport(export_saved_model(of_three, tmp_path / "saved"))
    path = loaded.version / "assets.extra" / "tf_serving_warmup_requests"
    asked = set()
    for record in tf.data.TFRecordDataset(str(path)):
        request = prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        inputs = {name: tf.make_ndarray(x) for name, x in request.inputs.items()}
        loaded(request.model_spec.signature_name, **inputs)
        asked.add(request.model_spec.signature_name)
    assert asked == set(loaded.signatures) - {"serving_default"}


def test_two_signatures_of_one_name(monkeypatch):
    family = signatures._averages
    monkeypatch.setattr(signatures, "_FAMILIES", (family, family))
    model = small_model("jmvae_kl", {x.name: x for x in (image("image"), label("label"))})
    with pytest.raises(ValueError, match=r"needs a name of its own.*'image_to_label' twice"):
        signatures.signatures_of(model)
