"""Figures of merit: means over test examples and how far they can be trusted."""

from collections.abc import Sequence
from typing import Any, NamedTuple

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


class Measure(NamedTuple):
    """A figure of merit.

    Attributes:
      name: for programs.
      description: for people.
      value: an estimate, or a number that was counted.
    """

    name: str
    description: str
    value: Estimate | int


class Section(NamedTuple):
    """Figures of merit under one heading."""

    title: str
    measures: list[Measure]


def as_table(sections: Sequence[Section]) -> str:
    """One line a figure, mean ± standard error, sections apart."""
    width = max(len(x.description) for section in sections for x in section.measures)
    return "\n\n".join(
        "\n".join(
            [section.title, *(f"  {x.description:<{width}}  {x.value}" for x in section.measures)]
        )
        for section in sections
        if section.measures
    )


def as_json(sections: Sequence[Section]) -> dict[str, Any]:
    """Name to {"mean", "standard_error"} or to a number."""
    return {
        x.name: x.value._asdict() if isinstance(x.value, Estimate) else x.value
        for section in sections
        for x in section.measures
    }
