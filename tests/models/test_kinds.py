"""Modalities of every kind and likelihood: trained, saved, loaded, generated."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.export_format.texts import events_of_texts, texts_of_events
from jmvae_tf.likelihoods import (
    Categorical,
    CategoricalSequence,
    Gaussian,
    Laplace,
    LearnedGaussian,
    NegativeBinomial,
    Poisson,
)
from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.models.loading import load_model
from jmvae_tf.models.observed import network_inputs
from jmvae_tf.runtime.randomness import root_seed
from tests.helpers.small_models import MEASURES, small_model

ROWS = 6
SYMBOLS = (*"ab ", "<end>")
MODALITIES = {
    x.name: x
    for x in (
        Modality("photo", (4, 6, 4), LearnedGaussian("one"), kind="image", standardised=True),
        Modality("species", (3,), Categorical(), kind="label"),
        MEASURES,
        Modality("depth", (2,), Laplace(0.5), kind="numbers", standardised=True),
        Modality("eggs", (2,), Poisson(), kind="numbers"),
        Modality("visits", (2,), NegativeBinomial(), kind="numbers"),
        Modality("note", (5, 4), CategoricalSequence(), kind="text", value_names=SYMBOLS),
        Modality("sound", (2, 2, 2, 2), Gaussian(), kind="array"),
    )
}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(5)
    shapes = {name: (ROWS, *x.event_shape) for name, x in MODALITIES.items()}
    values = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    values["species"] = np.eye(3)[rng.integers(0, 3, ROWS)]
    values["measures"] = np.exp(values["measures"]) * [1e-6, 1e6]
    values["eggs"] = rng.poisson(3, shapes["eggs"])
    values["visits"] = rng.poisson(300, shapes["visits"])
    values["note"] = events_of_texts(["", "a", "ab", "ba b", "b", "aaaaa"], SYMBOLS, 5)
    return {name: np.float32(x) for name, x in values.items()}


@pytest.mark.slow
def test_a_model_of_all_kinds(data, tmp_path):
    model = small_model("jmvae_kl", MODALITIES)
    model.compile(keras.optimizers.Adam(1e-3), run_eagerly=True, jit_compile=False)
    history = model.fit(data, batch_size=ROWS, verbose=0).history
    assert np.isfinite(history["bound"]).all()
    assert model.decoders["photo"].head.shared.numpy() != 0
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert loaded.modalities == MODALITIES
    bounds = [
        each.bound(each.standardise(data), root_seed(1)).value.numpy() for each in (model, loaded)
    ]
    assert np.isfinite(bounds[0]).all()
    np.testing.assert_array_equal(*bounds)
    for name, generated in loaded.reconstruct({"species": data["species"]}).items():
        assert generated.shape == data[name].shape
        MODALITIES[name].check_values(generated.numpy())
    texts = texts_of_events(loaded.generate("note", {"species": data["species"]}), SYMBOLS)
    assert all(set(text) <= set(SYMBOLS) for text in texts)


def test_networks_take_the_logarithms_of_counts(data):
    given = {**data, observed_key("eggs"): tf.constant([[True, False]] * ROWS)}
    partly = dataclasses.replace(MODALITIES["eggs"], partly_observed=True)
    inputs = network_inputs({**MODALITIES, "eggs": partly}, given)
    assert inputs.keys() == data.keys()
    np.testing.assert_allclose(inputs["visits"], np.log(1 + data["visits"]), rtol=1e-6)
    eggs = np.hstack([np.log(1 + data["eggs"]), [[1, 0]] * ROWS])
    np.testing.assert_allclose(inputs["eggs"], eggs, rtol=1e-6)
    for name in ("photo", "measures", "note"):
        assert inputs[name] is data[name]


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["noise", "zeros"])
def test_missing_kinds_are_filled_in_by_sampling(data, missing):
    names = ("species", "measures", "eggs", "note")
    modalities = {name: MODALITIES[name] for name in names}
    model = small_model("jmvae", modalities, missing=missing)
    model.adapt({name: data[name] for name in names})
    given = {"species": data["species"][:2]}
    seeds = tf.constant([[0, 1], [0, 2]]) if missing == "noise" else 0
    for name, generated in model.reconstruct(given, seed=seeds).items():
        assert generated.shape == (2, *modalities[name].event_shape)
        modalities[name].check_values(generated.numpy())
