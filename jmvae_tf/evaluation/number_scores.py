"""How far predicted numbers are from true ones, column by column, in the data's units.

Standard errors are of means over examples; those of ratios and roots are of their linear parts (the
delta method).
"""

from collections.abc import Sequence

import numpy as np

from jmvae_tf.evaluation.by_value import ByValue, by_value, chosen_names


def coefficients_of_determination(
    true: np.ndarray, found: np.ndarray, seen: np.ndarray, names: Sequence[str]
) -> ByValue | None:
    """Computes R² = 1 - sum (true - found)² / sum (true - mean of true)² of each column.

    1 is perfect, 0 is as good as always predicting the mean of the true values.

    Args:
      true: [examples, columns]; unobserved values may be anything.
      found: the predictions, of the same shape.
      seen: which values are observed, bool, of the same shape.
      names: the names of the columns.

    Returns:
      R² of the columns with two different observed values; None if there are none.
    """
    true, found = _hidden(true, seen), _hidden(found, seen)
    numbers = seen.sum(axis=0)
    centred = np.where(seen, true - true.sum(axis=0) / np.maximum(numbers, 1), 0.0)
    total = np.square(centred)
    varies = (total.sum(axis=0) > 0) & (numbers > 1)
    if not varies.any():
        return None
    error, total, seen = (x[:, varies] for x in (np.square(true - found), total, seen))
    numbers = numbers[varies]
    mean_error, variance = error.sum(axis=0) / numbers, total.sum(axis=0) / numbers
    ratio = mean_error / variance
    parts = -(error - mean_error) / variance + ratio * (total - variance) / variance
    return by_value(chosen_names(names, varies), 1 - ratio, _shared(parts, seen, numbers), seen)


def root_mean_squared_errors(
    true: np.ndarray, found: np.ndarray, seen: np.ndarray, names: Sequence[str]
) -> ByValue | None:
    """Computes the root of the mean squared error of each column; see R² for the arguments."""
    return _of_errors(np.square(_hidden(true, seen) - _hidden(found, seen)), seen, names, True)


def mean_absolute_errors(
    true: np.ndarray, found: np.ndarray, seen: np.ndarray, names: Sequence[str]
) -> ByValue | None:
    """Computes the mean absolute error of each column; see R² for the arguments."""
    return _of_errors(np.abs(_hidden(true, seen) - _hidden(found, seen)), seen, names)


def shares(inside: np.ndarray, seen: np.ndarray, names: Sequence[str]) -> ByValue | None:
    """Computes the share of observed values that are inside an interval, by column.

    Args:
      inside: whether each value is, bool, [examples, columns].
      seen: which values are observed, bool, of the same shape.
      names: the names of the columns.
    """
    return _of_errors(inside.astype(np.float64), seen, names)


def _of_errors(
    errors: np.ndarray, seen: np.ndarray, names: Sequence[str], is_root: bool = False
) -> ByValue | None:
    """Averages errors by column, and takes the root of the means if asked to."""
    there = np.asarray(seen.any(axis=0))
    if not there.any():
        return None
    errors, seen = errors[:, there], seen[:, there]
    numbers = seen.sum(axis=0)
    means = np.where(seen, errors, 0.0).sum(axis=0) / numbers
    parts = _shared(errors - means, seen, numbers)
    if is_root:
        means = np.sqrt(means)
        parts = parts / np.where(means > 0, 2 * means, 1.0)
    return by_value(chosen_names(names, there), means, parts, seen)


def _shared(parts: np.ndarray, seen: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Divides what examples add to a mean by their number, for the observed values."""
    return np.where(seen, parts, 0.0) / numbers


def _hidden(values: np.ndarray, seen: np.ndarray) -> np.ndarray:
    return np.where(seen, np.asarray(values, np.float64), 0.0)


def correlations(values: np.ndarray, seen: np.ndarray | None = None) -> np.ndarray:
    """Computes the correlation of each pair of columns over the examples that have both.

    Args:
      values: [examples, columns]; unobserved values may be anything.
      seen: which values are observed, bool, of the same shape; None if all are.

    Returns:
      [columns, columns]; NaN for pairs of which one does not vary.
    """
    there = np.ones(values.shape, bool) if seen is None else seen
    numbers = np.maximum(there.sum(axis=0), 1)
    x = _hidden(values, there)
    x = np.where(there, x - x.sum(axis=0) / numbers, 0.0)
    spread = np.sqrt(np.square(x).sum(axis=0) / numbers)
    x = x / np.where(spread > 0, spread, 1.0)
    weights = there.astype(np.float64)
    count, first, second = weights.T @ weights, x.T @ weights, np.square(x).T @ weights
    variance = count * second - np.square(first)
    bottom = np.sqrt(np.maximum(variance, 0.0) * np.maximum(variance.T, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (count * (x.T @ x) - first * first.T) / bottom
    return np.where((bottom > _ROUNDED * np.square(count)), np.clip(found, -1.0, 1.0), np.nan)


_ROUNDED = 1e-12
"""Variances of standardised values below it are those of constants."""
