"""Correlations of generated numbers beside those of real ones."""

import math

import numpy as np
import pytest
import scipy.stats

from jmvae_tf.evaluation.metrics.number_correlations import difference_of_correlations


def drawn(rng, number, rho):
    """Draws pairs of a known correlation."""
    return rng.multivariate_normal([5.0, -3.0], [[1.0, rho], [rho, 1.0]], number)


def test_the_difference_is_that_of_the_correlation_coefficients(rng):
    generated, real = drawn(rng, 4000, 0.2), drawn(rng, 3000, 0.7)
    found = difference_of_correlations(generated, real, np.ones(real.shape, bool))
    of_generated, of_real = (scipy.stats.pearsonr(*x.T).statistic for x in (generated, real))
    assert found.mean == pytest.approx(of_real - of_generated, abs=1e-6)
    # A coefficient's standard deviation is (1 − ρ²)/√n; that of 100 resamplings is known to 7 %.
    expected = math.hypot((1 - 0.2**2) / math.sqrt(4000), (1 - 0.7**2) / math.sqrt(3000))
    assert found.standard_error == pytest.approx(expected, rel=0.3)


def test_only_values_that_are_observed_count(rng):
    generated, real = drawn(rng, 500, 0.2), drawn(rng, 500, 0.7)
    seen = np.ones(real.shape, bool)
    seen[:200, 0] = False
    hidden = np.where(seen, real, 1e6)
    found = difference_of_correlations(generated, hidden, seen)
    plain = difference_of_correlations(generated, real[200:], seen[200:])
    assert found.mean == pytest.approx(plain.mean)


def test_few_examples_of_which_samples_do_not_vary(rng):
    generated, real = drawn(rng, 50, 0.2), np.array([[0.0, 1.0], [0.0, 2.0], [1.0, 3.0]])
    found = difference_of_correlations(generated, real, np.ones(real.shape, bool))
    assert math.isfinite(found.mean)
    assert math.isfinite(found.standard_error)


def test_columns_that_do_not_vary_have_none(rng):
    constant = np.ones((20, 2))
    assert difference_of_correlations(drawn(rng, 50, 0.2), constant, constant > 0) is None
