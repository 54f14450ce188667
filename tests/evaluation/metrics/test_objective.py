"""The objective, term by term."""

import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation.metrics.objective import bound_terms
from jmvae_tf.evaluation.protocol import EvaluationData, Protocol
from jmvae_tf.evaluation.sections.likelihood import objective_section
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.runtime.errors import UserError
from tests.helpers.evaluation import image_of, label_of
from tests.helpers.numpy_models import GOLDEN, Recorder, gaussian_of, log_p_of
from tests.helpers.small_models import examples, set_sequential_weights, small_model, swept


@pytest.mark.slow
@pytest.mark.parametrize("name", swept(PLAIN_MODELS))
def test_terms_make_up_the_bound_whatever_the_warm_up(name, two_modalities):
    model = small_model(name, two_modalities)
    model.kl_weight.assign(0.1)
    data = examples(two_modalities, 5)
    # Two batches of the same examples.
    twice = {x: tf.concat([data[x]] * 2, axis=0) for x in model.modalities}
    terms = bound_terms(model, twice, seed=2, batch_size=5)
    again = bound_terms(model, twice, seed=2, batch_size=5)
    bound = terms.pop(model.objective_name)
    assert set(terms) == {metric.name for metric in model.metrics} - {model.objective_name}
    signs = {term: -1 if term.startswith("kl_") else 1 for term in terms}
    shares = _shares(name, terms)
    expected = sum(signs[term] * shares[term] * values for term, values in terms.items())
    # A sum of a few float32 values of order 10.
    if name == "mmvae":  # The logarithm of a mean is at least the mean of logarithms.
        assert (bound >= expected - 1e-4).all()
    else:
        np.testing.assert_allclose(bound, expected, rtol=1e-5, atol=1e-5)
    for term, values in terms.items():
        assert values.shape == (10,)
        np.testing.assert_array_equal(values, again[term])
        if term.startswith("log_p"):
            assert not np.any(values[:5] == values[5:]), "each batch has draws of its own"


def _shares(name, terms):
    """What each term counts, of two modalities."""
    shares = dict.fromkeys(terms, {"crmvae": 1 / 3}.get(name, 1))
    if name == "mmjsd":
        shares |= {term: 1 / 3 for term in terms if term.startswith("kl_")}
    if name == "mvtcae":
        shares = dict.fromkeys(terms, 5 / 12) | {"kl_prior": 1 / 6}
        shares |= {term: 7 / 12 for term in terms if term.startswith("log_p")}
    return shares


def test_likelihood_weights_count_in_the_bound_alone(two_modalities):
    image = dataclasses.replace(two_modalities["image"], likelihood_weight=0.5)
    model = small_model("jmvae_kl", {**two_modalities, "image": image})
    terms = bound_terms(model, examples(two_modalities, 5))
    divergences = terms["kl_prior"] + terms["kl_image"] + terms["kl_label"]
    expected = 0.5 * terms["log_p_image"] + terms["log_p_label"] - divergences
    np.testing.assert_allclose(terms["bound"], expected, rtol=1e-5, atol=1e-5)


def kl_normal(q, p):
    (mean_q, variance_q), (mean_p, variance_p) = q, p
    ratio = variance_q / variance_p
    return 0.5 * (ratio - 1 - np.log(ratio) + (mean_q - mean_p) ** 2 / variance_p).sum(axis=-1)


@pytest.mark.parametrize("name", ["jmvae_kl", "jmvae_h"])
def test_terms_of_the_bound_are_those_of_numpy(
    eagerly, monkeypatch, two_modalities, two_modality_batch, flat_batch, name
):
    model = small_model(name, two_modalities)
    set_sequential_weights(model)
    decoder = Recorder(monkeypatch, model.decoders["image"])
    if name == "jmvae_h":
        layer_prior = Recorder(monkeypatch, model.layer_priors[0])
    terms = bound_terms(model, two_modality_batch, seed=5)
    q = gaussian_of(model.joint_encoder, *flat_batch)
    prior = (0.0, np.ones(3))
    if name == "jmvae_kl":
        expected = {"kl_prior": kl_normal(q, prior)}
        for modality, x in zip(("image", "label"), flat_batch, strict=True):
            expected[f"kl_{modality}"] = kl_normal(q, gaussian_of(model.encoders[modality], x))
    else:
        p_z_1 = gaussian_of(model.layer_priors[0], layer_prior.inputs[0])
        q_z_2 = gaussian_of(model.layer_encoders[0], q[0])
        expected = {"kl_z1": kl_normal(q, p_z_1), "kl_z2": kl_normal(q_z_2, prior)}
    log_p = log_p_of(model, decoder.inputs[0], *flat_batch)
    bound = sum(log_p.values()) - sum(expected.values())
    expected |= {f"log_p_{modality}": value for (modality,), value in log_p.items()}
    assert terms.keys() == {"bound", *expected}
    for term, value in {**expected, "bound": bound}.items():
        np.testing.assert_allclose(terms[term], value, err_msg=term, **GOLDEN)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (lambda x: {"image": 1 + 1000 * x["image"]}, "log_p_image = "),
        (lambda x: {"label": -x["label"]}, "log_p_label = "),
        (lambda x: {"image": x["image"] * math.nan}, "log_p_image = nan"),
    ],
)
def test_evaluation_refuses_values_outside_the_support(two_modality_batch, changed, told):
    model = small_model("jmvae_kl", {"image": image_of(), "label": label_of(3)})
    for variable in model.decoders["image"].trainable_variables:
        variable.assign(0.1 * tf.ones_like(variable))  # Every pixel is rather 1 than 0.
    test = {**two_modality_batch, **changed(two_modality_batch)}
    with pytest.raises(UserError, match=f"{told}.* of 6 test examples"):
        objective_section(Subject(model, EvaluationData(test, test, test), Protocol()))
