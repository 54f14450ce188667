"""Tests of standardisation: the layer, and the models that work on standardised values."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.layers.standardisation import Standardisation
from jmvae_tf.likelihoods import Bernoulli, Gaussian, LearnedGaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.loading import load_model
from jmvae_tf.models.objective_names import name_in
from jmvae_tf.models.registry import PLAIN_MODELS
from tests.helpers.small_models import all_but_first, known_to, small_model

MEAN, STDDEV = 0.6, 0.2


@pytest.fixture
def faces():
    """A colour image, standardised, and two attributes."""
    return {
        "image": Modality(
            "image", (2, 2, 3), Gaussian(), 1 / 3, "image", standardised=True, value_range=(0, 1)
        ),
        "attributes": Modality(
            "attributes",
            (2,),
            Gaussian(),
            kind="attributes",
            value_names=("Bald", "Smiling"),
            value_range=(-3, 3),
        ),
    }


@pytest.fixture
def batch(rng):
    return {
        "image": rng.normal(MEAN, STDDEV, (9, 2, 2, 3)).astype(np.float32),
        "attributes": rng.choice([-1.0, 1.0], (9, 2)).astype(np.float32),
    }


def with_statistics(model):
    """Every value of an image with the same statistics."""
    if "image" in model.statistics:
        shape = model.modalities["image"].event_shape
        model.statistics["image"].set_statistics(np.full(shape, MEAN), np.full(shape, STDDEV))
    return model


def test_the_layer_is_the_definition_and_its_inverse(rng):
    layer = Standardisation((3,))
    x = rng.normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_array_equal(layer(x), x)
    layer.set_statistics(np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.0, 2.0]))
    np.testing.assert_allclose(layer(x), (x - [1, 2, 3]) / [0.5, 1, 2], rtol=1e-6)
    np.testing.assert_allclose(layer.invert(layer(x)), x, atol=1e-6)
    assert layer(x[:, np.newaxis]).shape == (5, 1, 3)
    assert not layer.trainable_variables


def test_logarithms_are_standardised_where_they_are_modelled(rng):
    layer = Standardisation((3,), one_unit=False, logarithms=[1])
    x = np.float32(np.exp(rng.normal(size=(6, 3)) * 5))
    logs = np.float64(x)
    logs[:, 1] = np.log(logs[:, 1])
    np.testing.assert_allclose(layer.to_moments(x), logs, rtol=1e-6)
    np.testing.assert_allclose(layer.from_moments(logs), x, rtol=1e-6)
    layer.set_statistics(logs.mean(axis=0), logs.std(axis=0))
    np.testing.assert_allclose(layer(x), (logs - logs.mean(0)) / logs.std(0), atol=1e-5)
    np.testing.assert_allclose(layer.invert(layer(x)), x, rtol=1e-3, atol=1e-4)
    for extreme in (-1e30, 0.0, 1e30):
        assert np.isfinite(layer(tf.fill((1, 3), extreme))).all()
        assert np.isfinite(layer.invert(tf.fill((1, 3), extreme / 1e10))).all()
    assert Standardisation.from_config(layer.get_config()).logarithms == (1,)


def test_a_model_standardises_logarithms_and_gives_the_data_s_units(rng):
    numbers = Modality(
        "x",
        (3,),
        LearnedGaussian(),
        kind="numbers",
        value_names=("mm", "g", "t"),
        standardised=True,
        log_values=("g",),
    )
    model = small_model("vae", {"x": numbers})
    x = np.float32(np.exp(rng.normal(size=(50, 3)) * [1, 4, 1] + [0, 9, 0]))
    model.adapt({"x": x})
    logs = np.log(np.float64(x[:, 1]))
    assert float(model.statistics["x"].mean[1]) == pytest.approx(logs.mean(), rel=1e-5)
    standardised = model.standardise({"x": x})["x"]
    np.testing.assert_allclose(standardised[:, 1], (logs - logs.mean()) / logs.std(), atol=1e-4)
    assert np.all(model.reconstruct({"x": x})["x"][:, 1] > 0)
    with pytest.raises(ValueError, match="'g' of 'x' must be positive"):
        model.adapt({"x": -x})


@pytest.mark.parametrize(
    ("stddev", "expected"),
    [
        ([1.0, 0.0, 2.0], [1.0, 0.01, 2.0]),
        ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0]),
        ([3e-9, 3e-9, 6e-9], [3e-9, 3e-9, 6e-9]),
    ],
)
def test_what_hardly_varies_is_not_blown_up(stddev, expected):
    layer = Standardisation((3,))
    layer.set_statistics(np.zeros(3), np.array(stddev))
    np.testing.assert_allclose(layer.stddev, expected, rtol=1e-6)


def test_a_model_takes_the_statistics_of_its_data(faces, batch):
    model = small_model("jmvae_kl", faces)
    model.adapt([{name: x[:4] for name, x in batch.items()}, {n: x[4:] for n, x in batch.items()}])
    for name in faces:
        np.testing.assert_allclose(model.statistics[name].mean, batch[name].mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(
            model.statistics[name].stddev, batch[name].std(axis=0), rtol=1e-5
        )
    standardised = model.standardise(batch)
    np.testing.assert_allclose(np.mean(standardised["image"], axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(np.std(standardised["image"], axis=0), 1, rtol=1e-4)
    np.testing.assert_array_equal(standardised["attributes"], batch["attributes"])
    back = model.unstandardise("image", standardised["image"])
    np.testing.assert_allclose(back, batch["image"], atol=1e-6)
    np.testing.assert_array_equal(
        model.unstandardise("attributes", batch["attributes"]), batch["attributes"]
    )


def test_values_that_never_vary_are_told_from_rounding(faces):
    model = small_model("jmvae_kl", faces)
    image = np.full((100, 2, 2, 3), 0.1, np.float32)
    image[::2, 0] = 0.3
    model.adapt([{"image": image, "attributes": np.ones((100, 2), np.float32)}])
    np.testing.assert_allclose(model.statistics["image"].stddev[0], 0.1, rtol=1e-5)
    np.testing.assert_allclose(model.statistics["image"].stddev[1], 0.05 * 0.01, rtol=1e-5)


def test_no_examples_have_no_statistics(faces):
    with pytest.raises(ValueError, match="at least one example"):
        small_model("jmvae_kl", faces).adapt([])


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(x, marks=[] if x in ("vae", "jmvae_kl", "cvae") else pytest.mark.slow)
        for x in PLAIN_MODELS
    ],
)
def test_every_model_works_on_standardised_values_and_gives_back_the_datas(faces, batch, name):
    """As one without statistics that is given standardised values, by the same weights."""
    plain = dict(faces)
    plain["image"] = Modality("image", (2, 2, 3), Gaussian(), 1 / 3, "image")
    model = with_statistics(small_model(name, faces, seed=3))
    same = small_model(name, plain, seed=3)
    for ours, theirs in zip(model.trainable_variables, same.trainable_variables, strict=True):
        theirs.assign(ours)
    data = known_to(model, batch)
    standardised = known_to(model, {**batch, "image": (batch["image"] - MEAN) / STDDEV})
    terms, terms_there = model.test_step(data), same.test_step(standardised)
    objective = name_in(terms)
    np.testing.assert_allclose(terms[objective], terms_there[objective], rtol=1e-5)
    given, given_there = all_but_first(model, data), all_but_first(same, standardised)
    for ours, theirs in (
        (model.posterior(given, 1).mean(), same.posterior(given_there, 1).mean()),
        (model.sample_posterior(data, 3, 1), same.sample_posterior(standardised, 3, 1)),
        (model.conditional_samples(given, 2, 1), same.conditional_samples(given_there, 2, 1)),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    if model.has_prior:
        weighed, weighed_there = (
            x.importance_samples(of, 2, 1).log_p_z
            for x, of in ((model, data), (same, standardised))
        )
        np.testing.assert_allclose(weighed, weighed_there, rtol=1e-3, atol=1e-4)
    generated = same.generate("image", given_there, 3, seed=2) * STDDEV + MEAN
    np.testing.assert_allclose(
        model.generate("image", given, 3, seed=2), np.clip(generated, 0, 1), atol=1e-4
    )
    reconstructed = same.reconstruct(standardised)["image"] * STDDEV + MEAN
    np.testing.assert_allclose(
        model.reconstruct(data)["image"], np.clip(reconstructed, 0, 1), atol=1e-4
    )


def test_generated_images_keep_to_their_range_and_attributes_do_not(faces, batch):
    model = with_statistics(small_model("jmvae_kl", faces))
    for decoder in model.decoders.values():
        kernel, bias = decoder.head.parameters.get_weights()
        decoder.head.parameters.set_weights([kernel, np.full_like(bias, 100.0)])
    image = model.generate("image", {"attributes": batch["attributes"]})
    assert np.max(image) == 1.0
    attributes = model.generate("attributes", {"image": batch["image"]})
    assert np.min(attributes) > 50


@pytest.mark.slow
def test_training_standardises(faces, batch):
    """The same step as of a model without statistics on standardised values."""

    plain = {**faces, "image": Modality("image", (2, 2, 3), Gaussian(), 1 / 3, "image")}
    keras.utils.set_random_seed(1)
    model = with_statistics(small_model("jmvae_kl", faces))
    keras.utils.set_random_seed(1)
    same = small_model("jmvae_kl", plain)
    standardised = {**batch, "image": (batch["image"] - MEAN) / STDDEV}
    for each, data in ((model, batch), (same, standardised)):
        each.compile(optimizer=keras.optimizers.SGD(0.01), run_eagerly=True)
        each.fit(tf.data.Dataset.from_tensors(data), epochs=2, verbose=0)
    for ours, theirs in zip(model.trainable_variables, same.trainable_variables, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_statistics_travel_with_the_model(faces, batch, tmp_path):
    model = with_statistics(small_model("jmvae_kl", faces))
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    given = {"attributes": batch["attributes"]}
    np.testing.assert_allclose(loaded.statistics["image"].mean, np.float32(MEAN))
    np.testing.assert_allclose(
        loaded.generate("image", given), model.generate("image", given), rtol=1e-5
    )
    exported = tf.saved_model.load(export_saved_model(model, tmp_path / "exported"))
    signature = exported.signatures["image_to_attributes"]
    image = tf.clip_by_value(batch["image"], 0.0, 1.0)
    np.testing.assert_allclose(
        signature(image=image)["attributes"],
        model.generate("attributes", {"image": image}),
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"likelihood": Bernoulli()}, "need a Gaussian likelihood"),
        ({"value_range": (1.0, 0.0)}, "from a lower to a higher value"),
    ],
)
def test_modalities_that_make_no_sense_are_refused(changes, message):
    fields = {"name": "x", "event_shape": (2,), "likelihood": Gaussian(), "standardised": True}
    with pytest.raises(ValueError, match=message):
        Modality(**{**fields, **changes})


def test_attributes_have_names_and_one_axis():
    with pytest.raises(ValueError, match="Attributes have names"):
        Modality("w", (2,), Gaussian(), kind="attributes")
    with pytest.raises(ValueError, match="attributes or numbers one axis"):
        Modality("w", (2, 2), Gaussian(), kind="attributes", value_names=tuple("abcd"))
