"""Errors of numbers, held to scikit-learn, pandas and simulations."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sklearn_metrics

from jmvae_tf.evaluation import number_scores
from jmvae_tf.evaluation.metrics import number_correlations
from jmvae_tf.evaluation.metrics.number_correlations import difference_of_correlations

COLUMNS = ("micrometres", "plain", "million", "constant")
SCORES = {
    number_scores.coefficients_of_determination: sklearn_metrics.r2_score,
    number_scores.root_mean_squared_errors: sklearn_metrics.root_mean_squared_error,
    number_scores.mean_absolute_errors: sklearn_metrics.mean_absolute_error,
}


@pytest.mark.parametrize("score", SCORES)
def test_errors_are_those_of_scikit_learn_over_what_is_observed(rng, score):
    true = rng.normal(size=(300, 4)) * [1e-6, 1, 1e6, 0] + [0, 3, 5e6, 7]
    found = true + rng.normal(size=true.shape) * [5e-7, 0.3, 2e5, 0.1]
    seen = rng.random(true.shape) < 0.7
    scores = score(np.where(seen, true, np.nan), found, seen, COLUMNS)
    counted = COLUMNS[:3] if score is number_scores.coefficients_of_determination else COLUMNS
    assert list(scores.by_name) == list(counted)
    expected = [
        SCORES[score](true[seen[:, place], place], found[seen[:, place], place])
        for place in range(len(counted))
    ]
    np.testing.assert_allclose([x.mean for x in scores.by_name.values()], expected, rtol=1e-9)
    assert scores.mean.mean == pytest.approx(np.mean(expected))


def test_a_column_that_no_example_has_is_left_out():
    true, seen = np.arange(8.0).reshape(4, 2), np.array([[True, False]] * 4)
    for score in SCORES:
        assert list(score(true, true + 1, seen, ("a", "b")).by_name) == ["a"]
        assert score(true, true + 1, 0 * seen > 0, ("a", "b")) is None


@pytest.mark.parametrize("score", SCORES)
def test_standard_errors_of_errors_are_their_spread(rng, score):
    """The spread of 400 has a relative standard error of 1 / sqrt(2 * 399), 3.5 %."""
    found = []
    for _ in range(400):
        z = rng.normal(size=(150, 1))
        true = np.concatenate([z, z + 0.5 * rng.normal(size=z.shape)], axis=1)
        predicted = np.concatenate([z + 0.6 * rng.normal(size=z.shape), z], axis=1)
        scores = score(true, predicted, rng.random(true.shape) < 0.8, ("a", "b"))
        found.append([*scores.mean, *scores.by_name["a"]])
    found = np.array(found)
    np.testing.assert_allclose(found[:, 1::2].mean(axis=0), found[:, ::2].std(axis=0), rtol=0.15)


def test_correlations_are_those_of_pandas_over_pairs_that_are_observed(rng):
    values = rng.normal(size=(300, 4)) * [1, 1e-6, 1e6, 0] + [0, 0, 5e6, 3]
    values[:, 2] += 2e6 * values[:, 0]
    seen = rng.random(values.shape) < 0.6
    with np.errstate(invalid="ignore"):
        expected = pd.DataFrame(np.where(seen, values, np.nan)).corr().to_numpy()
    found = number_scores.correlations(np.where(seen, values, np.nan), seen)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert np.isnan(found[3]).all()


def test_correlations_of_generated_numbers_are_compared_with_real_ones(rng):
    real = rng.normal(size=(500, 1)) + 0.1 * rng.normal(size=(500, 2))
    seen = np.ones(real.shape, bool)
    mixed = np.stack([real[:, 0], rng.permutation(real[:, 1])], axis=1)
    assert difference_of_correlations(real[:400], real, seen).mean < 0.01
    found = difference_of_correlations(mixed, real, seen)
    assert found.mean == pytest.approx(np.corrcoef(real.T)[0, 1], abs=4 * found.standard_error)
    assert difference_of_correlations(0 * real, real, seen) is None


def test_the_standard_error_of_correlations_is_their_spread(rng, monkeypatch):
    monkeypatch.setattr(number_correlations, "NUM_RESAMPLED", 40)
    found = []
    for _ in range(60):
        generated = rng.normal(size=(100, 1)) + rng.normal(size=(100, 3))
        real = rng.normal(size=(100, 1)) + 0.2 * rng.normal(size=(100, 3))
        found.append(difference_of_correlations(generated, real, np.ones(real.shape, bool)))
    means, errors = np.transpose(found)
    assert errors.mean() == pytest.approx(means.std(ddof=1), rel=5 / np.sqrt(2 * 59))
