"""Means over examples with standard errors."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np


class Estimate(NamedTuple):
    """A mean and its standard error.

    Attributes:
      mean: the mean over examples.
      standard_error: standard deviation over examples / sqrt(number of examples); NaN for a single
        example.
    """

    mean: float
    standard_error: float

    def __str__(self) -> str:
        """Formats mean and standard error with the same number of places."""
        return f"{self.mean:.4f} ± {error_as_text(self.standard_error, 4)}"


class TooFewSamples(Estimate):
    """An estimated log-probability above 0, which is impossible for a probability.

    The estimate is a difference of two logarithms, or its importance weights vary too much, so it
    needs more samples. It is shown unchanged, since clipping it at 0 would hide that.
    """

    def __str__(self) -> str:
        """Formats the estimate with a mark."""
        return f"{super().__str__()} (too few samples)"


def estimate(values: np.ndarray) -> Estimate:
    """Estimates the mean of one value per example.

    Args:
      values: one value per example, [examples], at least one. Those that a masked array hides do
        not count.
    """
    values = np.asarray(np.ma.compressed(values), np.float64)
    number = len(values)
    error = float(values.std(ddof=1) / np.sqrt(number)) if number > 1 else math.nan
    return Estimate(float(values.mean()), error)


def ratio_of_means(values: np.ndarray, others: np.ndarray) -> Estimate:
    """Divides the mean of some values by the mean of others.

    Args:
      values: one value per example, [examples], of independent examples; their mean is not 0.
      others: the same of other examples.

    Returns:
      The ratio of the means, with its standard error over examples of both (the delta method).
    """
    above, below = estimate(values), estimate(others)
    ratio = above.mean / below.mean
    relative = np.hypot(above.standard_error / above.mean, below.standard_error / below.mean)
    return Estimate(ratio, float(ratio * relative))


_SHOWN_AS_ZERO = 5e-5


def estimate_of_log_probability(values: np.ndarray) -> Estimate:
    """Estimates the mean of one log-probability of discrete values per example.

    Returns:
      `TooFewSamples` if it is above 0 at the displayed precision.
    """
    found = estimate(values)
    return TooFewSamples(*found) if found.mean > _SHOWN_AS_ZERO else found


def mean_as_text(value: Estimate) -> str:
    """Formats a mean with four places, or with three digits if it is too small for these."""
    return f"{value.mean:.3g}" if 0 < abs(value.mean) < _SHOWN_AS_ZERO else f"{value.mean:.4f}"


def error_as_text(error: float, places: int) -> str:
    """Formats a standard error, or says that it is unknown."""
    return "unknown" if math.isnan(error) else f"{error:.{places}f}"


def value_as_json(value: Estimate | float | None) -> Any:
    """Converts a value to JSON: an estimate as "mean" and "standard_error", a number unchanged.

    An unknown standard error is null. `TooFewSamples` adds "too_few_samples": true.
    """
    if not isinstance(value, Estimate):
        return value
    error = None if math.isnan(value.standard_error) else value.standard_error
    of_samples = {"too_few_samples": True} if isinstance(value, TooFewSamples) else {}
    return {"mean": value.mean, "standard_error": error, **of_samples}


def value_from_json(value: Any) -> Any:
    """Reads an estimate that `value_as_json` wrote; returns all else unchanged."""
    if not isinstance(value, Mapping):
        return value
    error = value["standard_error"]
    kind = TooFewSamples if value.get("too_few_samples") else Estimate
    return kind(value["mean"], math.nan if error is None else error)


def estimate_in(metrics: Mapping[str, Any], name: str) -> Estimate | None:
    """Reads an estimate of a metrics.json; None if it has none of this name, of finite numbers."""
    try:
        value = value_from_json(metrics.get(name))
        is_finite = isinstance(value, Estimate) and math.isfinite(value.mean)
        # Of a single example the error is unknown.
        return value if is_finite and not math.isinf(value.standard_error) else None
    except (KeyError, OverflowError, TypeError):  # A stranger may have written anything.
        return None
