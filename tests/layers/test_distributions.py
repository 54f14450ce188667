"""Heads and likelihoods."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.layers.distributions import GaussianHead, LikelihoodHead, reparameterised_sample
from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality, check_names
from jmvae_tf.runtime.randomness import root_seed


def _head_with(mean, variance):
    """A head of one value whose two linear layers give the constants."""
    head = GaussianHead(1)
    head(tf.zeros((1, 1)))
    head.mean.set_weights([np.zeros((1, 1)), np.array([mean])])
    head.variance.set_weights([np.zeros((1, 1)), np.array([variance])])
    return head


def test_softplus_gives_the_variance_not_the_standard_deviation():
    q = _head_with(0.5, 1.3)(tf.zeros((2, 1)))
    np.testing.assert_allclose(q.mean(), [[0.5], [0.5]])
    np.testing.assert_allclose(q.variance()[:, 0], np.log1p(np.exp([1.3, 1.3])), rtol=1e-5)


@pytest.mark.parametrize("variance", [-1e4, -90.0, -20.0, 0.0, 50.0])
def test_gradients_are_finite_at_any_variance(variance):
    head = _head_with(0.0, variance)
    with tf.GradientTape() as tape:
        q = head(tf.zeros((1, 1)))
        value = tf.reduce_sum(q.sample(seed=root_seed(0)) + q.stddev() + q.log_prob([[0.0]]))
    gradients = tape.gradient(value, head.trainable_variables)
    assert np.isfinite(value)
    for gradient in gradients:
        assert np.all(np.isfinite(gradient))


def test_heads_compute_in_float32_after_a_half_precision_network():
    q = GaussianHead(2)(tf.ones((3, 4), tf.float16))
    p = LikelihoodHead(Bernoulli(), (2, 2, 1))(tf.ones((3, 4), tf.float16))
    assert q.mean().dtype == q.stddev().dtype == p.mean().dtype == tf.float32


@pytest.mark.parametrize(
    ("likelihood", "event", "expected"),
    [
        (Bernoulli(), [1.0, 0.0, 1.0], lambda a: -np.log1p(np.exp(-a * [1, -1, 1])).sum()),
        (Categorical(), [0.0, 0.0, 1.0], lambda a: a[2] - np.log(np.exp(a).sum())),
        (
            Gaussian(0.25),
            [0.2, -1.0, 3.0],
            lambda a: (
                -0.5 * np.log(2 * np.pi * 0.25) - (np.array([0.2, -1, 3]) - a) ** 2 / 0.5
            ).sum(),
        ),
    ],
)
def test_log_prob_sums_over_the_event(likelihood, event, expected):
    parameters = np.array([0.3, -0.7, 1.2])
    p = likelihood.distribution(tf.constant([parameters] * 2, tf.float32), 1)
    log_p = p.log_prob(tf.constant([event] * 2, tf.float32))
    np.testing.assert_allclose(log_p, [expected(parameters)] * 2, rtol=1e-5)
    assert p.mean().shape == p.sample(seed=root_seed(1)).shape == (2, 3)
    assert likelihood.from_config(likelihood.get_config()) == likelihood


def test_noise_of_a_missing_modality():
    shape = tf.constant([5000, 4])
    coins = Bernoulli().noise(shape, root_seed(0)).numpy()
    assert set(np.unique(coins)) == {0.0, 1.0}
    assert abs(coins.mean() - 0.5) < 5 * 0.5 / np.sqrt(coins.size)
    np.testing.assert_array_equal(Categorical().noise(shape, root_seed(0)), np.full(shape, 0.25))
    normal = Gaussian(4.0).noise(shape, root_seed(0)).numpy()
    assert abs(normal.mean()) < 5 / np.sqrt(normal.size)
    # The variance of a sample variance of Gaussians is 2 sigma^4 / (n - 1).
    assert abs(normal.var() - 1) < 5 * np.sqrt(2 / normal.size)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "a b"}, "identifier"),
        ({"name": "prior"}, "other than 'prior'"),
        ({"event_shape": ()}, "axis"),
        ({"event_shape": (0,)}, "axis"),
        ({"likelihood_weight": 0.0}, "positive"),
        ({"likelihood_weight": float("nan")}, "positive"),
        ({"kind": "image"}, "image"),
        ({"kind": "sound"}, "kind='sound'"),
        ({"value_names": ("a",)}, "1 names"),
    ],
)
def test_a_modality_checks_itself(changes, words):
    fields = {"name": "w", "event_shape": (3,), "likelihood": Categorical(), **changes}
    with pytest.raises(ValueError, match=words):
        Modality(**fields)


def test_modalities_stand_under_their_own_names():
    modality = Modality("w", (3,), Categorical())
    assert check_names({"w": modality}) == {"w": modality}
    with pytest.raises(ValueError, match="'w' under 'x'"):
        check_names({"x": modality})
    with pytest.raises(ValueError, match="at least one"):
        check_names({})
    for name in ("seed", "image_bytes"):
        with pytest.raises(ValueError, match=f"Received: '{name}'"):
            check_names({name: dataclasses.replace(modality, name=name)})


def test_a_variance_is_positive():
    with pytest.raises(ValueError, match="variance=0"):
        Gaussian(0.0)
    with pytest.raises(ValueError, match="one-hot vector"):
        Categorical().distribution(tf.zeros((2, 3, 4)), 2)


@pytest.mark.parametrize("likelihood", [Bernoulli(), Categorical(), Gaussian(0.5)])
def test_the_fast_log_probability_is_that_of_the_distribution(rng, likelihood):
    """Of logits up to 40, for which 1 + exp(-a) is 1 in float32."""
    parameters = tf.constant(rng.normal(size=(7, 5, 4)) * 10, tf.float32)
    events = tf.one_hot(rng.integers(0, 4, (1, 5)), 4)
    p = likelihood.distribution(parameters, 1)
    found = likelihood.log_prob(p, events)
    assert found.shape == (7, 5)
    np.testing.assert_allclose(found, p.log_prob(events), rtol=1e-5, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_reparameterised_sample_is_the_distributions_own(jit_compile, rng):
    q = tfd.MultivariateNormalDiag(rng.normal(size=(5, 3)), rng.uniform(0.5, 2, (5, 3)))
    q = tfd.MultivariateNormalDiag(tf.cast(q.mean(), tf.float32), tf.cast(q.stddev(), tf.float32))
    ours, theirs = (
        tf.function(draw, jit_compile=jit_compile)()  # XLA has random numbers of its own.
        for draw in (
            lambda: reparameterised_sample(q, root_seed(3)),
            lambda: q.sample(seed=root_seed(3)),
        )
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_its_gradients_are_those_of_mean_and_deviation():
    mean, deviation = tf.Variable([[0.5]]), tf.Variable([[2.0]])
    with tf.GradientTape() as tape:
        z = reparameterised_sample(tfd.MultivariateNormalDiag(mean, deviation), root_seed(0))
    by_mean, by_deviation = tape.gradient(z, [mean, deviation])
    assert by_mean.numpy() == 1.0
    np.testing.assert_allclose(by_deviation, (z - 0.5) / 2.0, rtol=1e-6)
