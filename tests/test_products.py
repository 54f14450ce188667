"""Products and pools of experts against exact posteriors and NumPy."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import geometric_mean, hoelder_pool, product_of_experts
from tests.helpers import three_looks
from tests.helpers.three_looks import NAMES, gaussian, posterior

CONVENTIONS = ("divide", "prior_expert", "none", "full_only")


def _moments(q):
    return float(q.mean()[0, 0]), float(q.variance()[0, 0])


def _posteriors(names=NAMES):
    return [gaussian(*posterior([name])) for name in names]


def _likelihoods():
    """Experts that are proportional to the likelihoods."""
    a, r, x = three_looks.LOADINGS, three_looks.VARIANCES, three_looks.DATA
    return [gaussian(x[m] / a[m], r[m] / a[m] ** 2) for m in NAMES]


def test_dividing_by_the_prior_is_exact_for_posteriors():
    assert _moments(product_of_experts(_posteriors())) == pytest.approx(
        (0.590476, 0.190476), rel=1e-5
    )


@pytest.mark.parametrize("convention", ["prior_expert", "full_only"])
def test_the_prior_as_an_expert_is_exact_for_likelihoods(convention):
    product = product_of_experts(_likelihoods(), convention=convention)
    assert _moments(product) == pytest.approx((0.590476, 0.190476), rel=1e-5)


def test_a_product_without_the_prior_counts_it_once_for_each_posterior():
    product = product_of_experts(_posteriors(), convention="none")
    assert _moments(product) == pytest.approx((0.427586, 0.137931), rel=1e-5)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_products_of_those_observed(rng, convention):
    """Each row is the product of its own experts; without any it is the prior."""
    patterns = np.array(list(itertools.product([False, True], repeat=3)))
    means = rng.normal(size=(3, 8, 2)).astype("f")
    scales = rng.uniform(0.3, 0.9, (3, 8, 2)).astype("f")
    experts = [tfd.MultivariateNormalDiag(*pair) for pair in zip(means, scales, strict=True)]
    product = product_of_experts(experts, [tf.constant(row) for row in patterns.T], convention)
    precisions = 1 / scales.astype(float) ** 2
    for row, pattern in enumerate(patterns):
        of_prior = {"none": not pattern.any(), "full_only": pattern.all() or not pattern.any()}
        each = precisions[pattern, row]
        total = float(of_prior.get(convention, True)) + (
            (each - 1).sum(axis=0) if convention == "divide" else each.sum(axis=0)
        )
        mean = (each * means[pattern, row]).sum(axis=0) / total
        np.testing.assert_allclose(product.mean()[row], mean, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(product.variance()[row], 1 / total, rtol=1e-5)


def test_the_geometric_mean_is_proportional_to_the_densities_powers(rng):
    shares = np.array([0.2, 0.5, 0.1], "f")
    experts = [gaussian(rng.normal(), rng.uniform(0.2, 2)) for _ in shares]
    mean = geometric_mean(experts, [tf.constant([share]) for share in shares])
    z = np.linspace(-3, 3, 13, dtype="f")[:, np.newaxis, np.newaxis]
    prior = gaussian(0, 1)
    powers = sum(s * q.log_prob(z) for s, q in zip(shares, experts, strict=True))
    powers += (1 - shares.sum()) * prior.log_prob(z)
    difference = (mean.log_prob(z) - powers).numpy()
    np.testing.assert_allclose(difference, difference[0, 0], atol=1e-5)


def test_the_pool_has_the_moments_of_the_squared_sum_of_roots(rng):
    """By quadrature, for the marginals are not those of each value alone: two values of z."""
    means = rng.normal(size=(3, 1, 2)).astype("f")
    scales = rng.uniform(0.4, 1.5, (3, 1, 2)).astype("f")
    experts = [tfd.MultivariateNormalDiag(*pair) for pair in zip(means, scales, strict=True)]
    pool = hoelder_pool(experts)
    axis = np.linspace(-9, 9, 361)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    log_q = -0.5 * ((grid - means[:, :, np.newaxis]) / scales[:, :, np.newaxis]) ** 2 - np.log(
        scales[:, :, np.newaxis] * np.sqrt(2 * np.pi)
    )
    density = np.exp(0.5 * log_q.sum(axis=-1)).sum(axis=0) ** 2
    density /= density.sum()
    mean = (density[..., np.newaxis] * grid).sum(axis=(0, 1))
    variance = (density[..., np.newaxis] * (grid - mean) ** 2).sum(axis=(0, 1))
    np.testing.assert_allclose(pool.mean()[0], mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(pool.variance()[0], variance, rtol=1e-4)


def test_the_pool_of_equal_experts_is_that_expert():
    q = gaussian(0.3, 0.2)
    assert _moments(hoelder_pool([q, q, q])) == pytest.approx((0.3, 0.2), rel=1e-5)


def test_a_pool_leaves_out_what_is_not_observed():
    experts = [gaussian(m, v, 3) for m, v in ((0.5, 0.2), (-1.0, 0.7), (2.0, 1.5))]
    rows = [tf.constant(x) for x in ([True, True, False], [True, False, False], [False] * 3)]
    pool = hoelder_pool(experts, rows)
    pair = hoelder_pool([gaussian(0.5, 0.2), gaussian(-1.0, 0.7)])
    expected = [_moments(pair), (0.5, 0.2), (0.0, 1.0)]
    found = np.stack([pool.mean()[:, 0], pool.variance()[:, 0]], axis=-1)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
