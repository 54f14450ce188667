"""Log-probabilities of what is observed, against NumPy; what likelihoods say of themselves."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian, observed_log_prob

BATCH, SHAPE = 5, (3, 2)


def _bernoulli(x, a):
    return x * -np.log1p(np.exp(-a)) + (1 - x) * -np.log1p(np.exp(a))


def _gaussian(x, a):
    return -0.5 * ((x - a) ** 2 / 0.7 + np.log(2 * np.pi * 0.7))


CASES = [(Bernoulli(), _bernoulli), (Gaussian(0.7), _gaussian)]


@pytest.fixture
def parameters(rng):
    return tf.constant(rng.normal(size=(BATCH, *SHAPE)), tf.float32)


def _events(rng, likelihood):
    values = (
        rng.integers(0, 2, (BATCH, *SHAPE))
        if likelihood.is_binarised
        else rng.normal(size=(BATCH, *SHAPE))
    )
    return np.float32(values)


@pytest.mark.parametrize(("likelihood", "log_p"), CASES)
@pytest.mark.parametrize("by_value", [True, False])
def test_only_observed_values_count(rng, parameters, likelihood, log_p, by_value):
    x = _events(rng, likelihood)
    mask = rng.integers(0, 2, (BATCH, *SHAPE) if by_value else BATCH).astype(bool)
    by_event = mask if by_value else np.broadcast_to(mask[:, None, None], x.shape)
    expected = np.where(by_event, log_p(np.float64(x), parameters.numpy()), 0).sum(axis=(1, 2))
    unknown = tf.constant(np.where(by_event, x, np.nan))

    with tf.GradientTape() as tape:
        tape.watch(parameters)
        p = likelihood.distribution(parameters, 2)
        found = likelihood.log_prob(p, unknown, tf.constant(mask))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    gradient = tape.gradient(found, parameters).numpy()
    # Gradients of x log s(a) + (1 - x) log s(-a) and of -(x - a)^2 / 2v.
    a = parameters.numpy()
    slope = x - 1 / (1 + np.exp(-a)) if likelihood.is_binarised else (x - a) / 0.7
    np.testing.assert_allclose(gradient, np.where(by_event, slope, 0), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("anything", [np.nan, np.inf, -3.0, 255.0])
def test_unobserved_values_change_nothing(rng, parameters, anything):
    likelihood = Bernoulli()
    x, mask = _events(rng, likelihood), rng.integers(0, 2, (BATCH, *SHAPE)).astype(bool)
    p = likelihood.distribution(parameters, 2)
    expected = observed_log_prob(p, tf.constant(x), tf.constant(mask))
    found = observed_log_prob(p, tf.constant(np.where(mask, x, np.float32(anything))), mask)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("likelihood", "log_p"), CASES)
def test_all_observed_is_the_log_probability(rng, parameters, likelihood, log_p):
    x = tf.constant(_events(rng, likelihood))
    p = likelihood.distribution(parameters, 2)
    for shape in ((BATCH, *SHAPE), (BATCH,)):
        np.testing.assert_array_equal(
            observed_log_prob(p, x, tf.ones(shape, tf.bool)), p.log_prob(x)
        )
    np.testing.assert_array_equal(observed_log_prob(p, x), p.log_prob(x))


def test_a_mask_of_examples_holds_for_all_samples_of_their_distributions(rng):
    """Distributions of batch shape [samples, batch], events [1, batch, ...]."""
    likelihood = Gaussian()
    p = likelihood.distribution(tf.constant(rng.normal(size=(4, BATCH, *SHAPE)), tf.float32), 2)
    x = _events(rng, likelihood)[None]
    mask = np.array([[True, False, True, True, False]])
    x[:, ~mask[0]] = np.nan
    found = observed_log_prob(p, tf.constant(x), tf.constant(mask)).numpy()
    assert found.shape == (4, BATCH)
    assert np.all(found[:, ~mask[0]] == 0)
    np.testing.assert_allclose(found[:, mask[0]], p.log_prob(x).numpy()[:, mask[0]], rtol=1e-6)


def test_classes_are_observed_together(rng):
    likelihood = Categorical()
    logits = rng.normal(size=(BATCH, 3)).astype("f")
    p = likelihood.distribution(tf.constant(logits), 1)
    x = np.eye(3, dtype="f")[[0, 1, 2, 0, 1]]
    x[1] = np.nan
    mask = tf.constant([True, False, True, True, False])
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = [log_p[0, 0], 0, log_p[2, 2], log_p[3, 0], 0]
    np.testing.assert_allclose(likelihood.log_prob(p, tf.constant(x), mask), expected, rtol=1e-5)
    with pytest.raises(ValueError, match=r"observed together.*Received: \(5, 3\)"):
        observed_log_prob(p, tf.constant(x), tf.ones((BATCH, 3), tf.bool))


def test_a_mask_of_another_rank_is_refused(parameters):
    p = Gaussian().distribution(parameters, 2)
    with pytest.raises(ValueError, match=r"that of the batch. Received: \(5, 3\)"):
        observed_log_prob(p, parameters, tf.ones((BATCH, 3), tf.bool))


def test_likelihoods_say_what_their_values_are():
    kinds = {
        type(x).__name__: (x.is_discrete, x.is_binarised, x.is_real)
        for x in (Bernoulli(), Categorical(), Gaussian())
    }
    assert kinds == {
        "Bernoulli": (True, True, False),
        "Categorical": (True, False, False),
        "Gaussian": (False, False, True),
    }
