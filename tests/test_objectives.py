"""The objectives against exact likelihoods, against each other and against NumPy."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.distributions import standard_normal
from jmvae_tf.objectives import jmvae_bound, jmvae_kl_bound
from tests.linear_gaussian import gaussian, gaussian_kl, random_pair

NUM_DRAWS = 20_000


def _bound_of_pair(pair, x, q, rng):
    """Eq. 2 for one example at many z: the values' mean and standard error."""
    z = q.sample(NUM_DRAWS, seed=rng.integers(0, 2**31, 2))
    events = {name: tf.constant(value, tf.float32) for name, value in x.items()}
    bound = jmvae_bound(events, q, standard_normal(pair.latent_dim), pair.decode(z))
    values = bound.value.numpy().astype(np.float64)
    return values.mean(), values.std(ddof=1) / np.sqrt(NUM_DRAWS)


def test_bound_at_the_exact_posterior_is_the_log_likelihood(rng):
    pair = random_pair(rng)
    for _ in range(3):
        x = pair.sample(rng)
        mean, standard_error = _bound_of_pair(pair, x, gaussian(*pair.posterior(x)), rng)
        assert abs(mean - pair.log_marginal(x)) < 5 * standard_error
        assert standard_error < 0.05  # Else the line above would pass for want of precision.


def test_bound_elsewhere_falls_short_by_the_divergence_from_the_posterior(rng):
    pair = random_pair(rng)
    x = pair.sample(rng)
    mean, covariance = pair.posterior(x)
    for shift, spread in ((0.5, 1.0), (0.0, 3.0), (-0.3, 0.4)):
        wrong_mean, wrong_covariance = mean + shift, spread * covariance
        value, standard_error = _bound_of_pair(pair, x, gaussian(wrong_mean, wrong_covariance), rng)
        gap = gaussian_kl(wrong_mean, wrong_covariance, mean, covariance)
        assert gap > 20 * standard_error
        assert abs(pair.log_marginal(x) - gap - value) < 5 * standard_error


@pytest.fixture
def parts(rng):
    """Diagonal Gaussians and decoders at random for a batch of seven, latent of four."""

    def diagonal(spread):
        return tfd.MultivariateNormalDiag(
            tf.constant(rng.normal(size=(7, 4)), tf.float32),
            tf.constant(spread * rng.uniform(0.5, 1.5, size=(7, 4)), tf.float32),
        )

    x = {
        "image": tf.constant(rng.integers(0, 2, size=(7, 3, 2, 1)), tf.float32),
        "label": tf.one_hot(rng.integers(0, 5, size=7), 5),
    }
    logits = rng.normal(size=(7, 3, 2, 1)), rng.normal(size=(7, 5))
    p_x_z = {
        "image": tfd.Independent(
            tfd.Bernoulli(logits=tf.constant(logits[0], tf.float32), dtype=tf.float32), 3
        ),
        "label": tfd.OneHotCategorical(logits=tf.constant(logits[1], tf.float32), dtype=tf.float32),
    }
    return {
        "x": x,
        "q_z_xw": diagonal(0.3),
        "q_z_x": {"image": diagonal(0.5), "label": diagonal(1.0)},
        "p_z": standard_normal(4),
        "p_x_z": p_x_z,
        "logits": {"image": logits[0], "label": logits[1]},
    }


def _jmvae(parts, **options):
    return jmvae_bound(parts["x"], parts["q_z_xw"], parts["p_z"], parts["p_x_z"], **options)


def _jmvae_kl(parts, **options):
    return jmvae_kl_bound(
        parts["x"], parts["q_z_xw"], parts["q_z_x"], parts["p_z"], parts["p_x_z"], **options
    )


def _numpy_kl(q, p):
    """KL of diagonal Gaussians, written from the textbook, [batch]."""
    (mean_q, std_q), (mean_p, std_p) = (
        (np.float64(d.mean()), np.float64(d.stddev())) for d in (q, p)
    )
    return np.sum(
        np.log(std_p / std_q) + (std_q**2 + (mean_q - mean_p) ** 2) / (2 * std_p**2) - 0.5, axis=1
    )


def _numpy_log_p(parts):
    x, logits = parts["x"], parts["logits"]
    p = 1 / (1 + np.exp(-logits["image"]))
    image = np.float64(x["image"])
    log_p_image = np.sum(image * np.log(p) + (1 - image) * np.log(1 - p), axis=(1, 2, 3))
    odds = np.exp(logits["label"])
    log_p_label = np.log(np.sum(np.float64(x["label"]) * odds, axis=1) / np.sum(odds, axis=1))
    return log_p_image, log_p_label


@pytest.mark.parametrize(("alpha", "kl_weight"), [(1.0, 1.0), (0.1, 1.0), (0.01, 0.25), (1.0, 0.0)])
def test_both_bounds_against_numpy(parts, alpha, kl_weight):
    log_p_image, log_p_label = _numpy_log_p(parts)
    prior = tfd.MultivariateNormalDiag(tf.zeros((7, 4)), tf.ones((7, 4)))
    kl_prior = _numpy_kl(parts["q_z_xw"], prior)
    kl_image = _numpy_kl(parts["q_z_xw"], parts["q_z_x"]["image"])
    kl_label = _numpy_kl(parts["q_z_xw"], parts["q_z_x"]["label"])

    eq_2 = -kl_weight * kl_prior + log_p_image + log_p_label
    eq_4 = eq_2 - alpha * (kl_image + kl_label)

    jmvae = _jmvae(parts, kl_weight=kl_weight)
    jmvae_kl = _jmvae_kl(parts, alpha=alpha, kl_weight=kl_weight)
    np.testing.assert_allclose(jmvae.value, eq_2, rtol=1e-5)
    np.testing.assert_allclose(jmvae_kl.value, eq_4, rtol=1e-5)
    assert list(jmvae_kl.terms) == [
        "kl_prior",
        "log_p_image",
        "log_p_label",
        "kl_image",
        "kl_label",
    ]
    np.testing.assert_allclose(jmvae_kl.terms["kl_prior"], kl_prior, rtol=1e-5)
    np.testing.assert_allclose(jmvae_kl.terms["log_p_image"], log_p_image, rtol=1e-5)
    np.testing.assert_allclose(jmvae_kl.terms["log_p_label"], log_p_label, rtol=1e-5)
    np.testing.assert_allclose(jmvae_kl.terms["kl_image"], kl_image, rtol=1e-5)
    np.testing.assert_allclose(jmvae_kl.terms["kl_label"], kl_label, rtol=1e-5)


def test_likelihood_weight_multiplies_its_term_alone(parts):
    plain = _jmvae(parts)
    weighted = _jmvae(parts, likelihood_weights={"image": 1 / 3})
    np.testing.assert_allclose(
        plain.value - weighted.value, plain.terms["log_p_image"] * 2 / 3, rtol=1e-4
    )
    np.testing.assert_array_equal(plain.terms["log_p_image"], weighted.terms["log_p_image"])


def test_eq_4_is_eq_2_without_alpha_or_when_the_encoders_agree(parts):
    eq_2 = _jmvae(parts).value
    np.testing.assert_array_equal(_jmvae_kl(parts, alpha=0.0).value, eq_2)
    assert np.all(_jmvae_kl(parts).value < eq_2)
    agreeing = dict.fromkeys(parts["q_z_x"], parts["q_z_xw"])
    np.testing.assert_allclose(_jmvae_kl({**parts, "q_z_x": agreeing}).value, eq_2, rtol=1e-6)


def test_eq_4_and_one_divergence_are_the_two_bounds_of_cmma(parts):
    """2016 paper, appendix A: each modality's own encoder is the prior of the other's CMMA."""
    log_p_image, log_p_label = _numpy_log_p(parts)
    cmma_image = -_numpy_kl(parts["q_z_xw"], parts["q_z_x"]["label"]) + log_p_image
    cmma_label = -_numpy_kl(parts["q_z_xw"], parts["q_z_x"]["image"]) + log_p_label
    eq_4 = _jmvae_kl(parts, alpha=1.0)
    np.testing.assert_allclose(
        eq_4.value + eq_4.terms["kl_prior"], cmma_image + cmma_label, rtol=1e-5
    )


def test_one_value_an_example(parts):
    bound = _jmvae_kl(parts)
    assert bound.value.shape == (7,)
    assert all(term.shape == (7,) for term in bound.terms.values())
