"""Means over examples, with their standard errors."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np


class Estimate(NamedTuple):
    """A mean and its standard error.

    Attributes:
      mean: over examples.
      standard_error: standard deviation over examples / sqrt(their number); NaN where there is one
        example, which says nothing of it.
    """

    mean: float
    standard_error: float

    def __str__(self) -> str:
        """Mean and standard error to the same number of places."""
        return f"{self.mean:.4f} ± {error_as_text(self.standard_error, 4)}"


class TooFewSamples(Estimate):
    """An estimate of the logarithm of a probability that is above 0, where no probability is.

    The estimate is a difference of two logarithms, or its importance weights vary too much: it
    needs more samples. It is shown as it is, because a cut at 0 would hide that.
    """

    def __str__(self) -> str:
        """The estimate, marked."""
        return f"{super().__str__()} (too few samples)"


def estimate(values: np.ndarray) -> Estimate:
    """The mean of one value per example.

    Args:
      values: [examples], at least one.
    """
    values = np.asarray(values, np.float64)
    number = len(values)
    error = float(values.std(ddof=1) / np.sqrt(number)) if number > 1 else math.nan
    return Estimate(float(values.mean()), error)


_SHOWN_AS_ZERO = 5e-5


def estimate_of_log_probability(values: np.ndarray) -> Estimate:
    """The mean of one estimated log-probability of discrete values per example.

    Returns:
      `TooFewSamples` if it is above 0 to the places that are shown.
    """
    found = estimate(values)
    return TooFewSamples(*found) if found.mean > _SHOWN_AS_ZERO else found


def error_as_text(error: float, places: int) -> str:
    """A standard error to some places, or that it is unknown."""
    return "unknown" if math.isnan(error) else f"{error:.{places}f}"


def value_as_json(value: Estimate | float | None) -> Any:
    """A number as it is; an estimate as its "mean" and "standard_error".

    An unknown standard error is null. `TooFewSamples` adds "too_few_samples": true.
    """
    if not isinstance(value, Estimate):
        return value
    error = None if math.isnan(value.standard_error) else value.standard_error
    of_samples = {"too_few_samples": True} if isinstance(value, TooFewSamples) else {}
    return {"mean": value.mean, "standard_error": error, **of_samples}


def value_from_json(value: Any) -> Any:
    """The estimate that `value_as_json` wrote; all else as it is."""
    if not isinstance(value, Mapping):
        return value
    error = value["standard_error"]
    kind = TooFewSamples if value.get("too_few_samples") else Estimate
    return kind(value["mean"], math.nan if error is None else error)
