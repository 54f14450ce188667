"""A mean over test examples and how far it can be trusted."""

from typing import NamedTuple

import numpy as np


class Estimate(NamedTuple):
    """A mean and its standard error.

    Attributes:
      mean: over examples.
      standard_error: standard deviation over examples / sqrt(their number).
    """

    mean: float
    standard_error: float

    def __str__(self) -> str:
        """Mean and standard error to the same number of places."""
        return f"{self.mean:.4f} ± {self.standard_error:.4f}"


def estimate(values: np.ndarray) -> Estimate:
    """The mean of one value an example.

    Args:
      values: [examples], at least two.
    """
    values = np.asarray(values, np.float64)
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))
