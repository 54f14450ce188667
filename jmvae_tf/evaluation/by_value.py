"""Metrics of each value of a modality and their mean, and their lines in the table."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from jmvae_tf.evaluation.estimate import Estimate
from jmvae_tf.evaluation.metrics_table import Metric, Row


@dataclasses.dataclass(frozen=True)
class ByValue:
    """A metric of each of several values, for example of each attribute.

    Attributes:
      by_name: maps each value's name to its metric, with its standard error over examples.
      mean: the mean over values, with its standard error over examples, which values share.
    """

    by_name: Mapping[str, Estimate]
    mean: Estimate

    @property
    def lowest(self) -> str:
        """The name of the value with the lowest metric."""
        return min(self.by_name, key=lambda name: self.by_name[name].mean)


def by_value(
    names: Sequence[str], means: np.ndarray, parts: np.ndarray, seen: np.ndarray
) -> ByValue:
    """Makes estimates of what each example contributes to a metric.

    Args:
      names: the names of the values.
      means: the metrics, [values].
      parts: what each example adds to each metric beyond its mean, [examples, values]; their
        squares sum to the variance of the metric, up to n / (n - 1).
      seen: which examples each metric is of, bool, [examples, values].
    """

    def error(parts: np.ndarray, number: int) -> float:
        if number == 1:
            return math.nan
        return float(np.sqrt(np.square(parts).sum() * number / (number - 1)))

    numbers = seen.sum(axis=0)
    return ByValue(
        {
            name: Estimate(float(mean), error(part, int(number)))
            for name, mean, part, number in zip(names, means, parts.T, numbers, strict=True)
        },
        Estimate(float(means.mean()), error(parts.mean(axis=1), int(seen.any(axis=1).sum()))),
    )


def chosen_names(names: Sequence[str], chosen: np.ndarray) -> list[str]:
    """Lists the names of the chosen values, bool [values]."""
    return [names[int(column)] for column in np.flatnonzero(chosen)]


def mean_line(
    name: str, description: str, found: ByValue | None, examples: int | None = None
) -> Iterator[Metric]:
    """Yields the line of the mean over values, if there is one."""
    if found:
        yield Metric(name, description, found.mean, examples)


def lowest_line(
    name: str, found: ByValue | None, numbers: Mapping[str, int] | None = None
) -> Iterator[Metric]:
    """Yields the line of the value with the lowest metric, if there is one; see `rows`."""
    if found:
        lowest = found.lowest
        number = None if numbers is None else numbers[lowest]
        yield Metric(f"{name}_worst", f"  the worst: {lowest}", found.by_name[lowest], number)


def observed_numbers(
    values: Sequence[str], seen: np.ndarray, total: int
) -> Mapping[str, int] | None:
    """Counts the examples that have each value.

    Args:
      values: the values' names.
      seen: which values are observed, bool, [examples, values].
      total: the number of all test examples.

    Returns:
      Name to number; None if all test examples have all values.
    """
    if len(seen) == total and seen.all():
        return None
    return dict(zip(values, seen.sum(axis=0).tolist(), strict=True))


def rows(
    values: Sequence[str],
    columns: Mapping[str, tuple[str, ByValue | None]],
    numbers: Mapping[str, int] | None = None,
) -> Iterator[Row]:
    """Yields a row per value.

    Args:
      values: the values' names.
      columns: metric name to the heading of its column and its metrics.
      numbers: how many examples have each value; None if all have.
    """
    for value in values:
        yield Row(
            value,
            [
                Metric(
                    f"{name}_{value}",
                    head,
                    found.by_name[value],
                    None if numbers is None else numbers[value],
                )
                for name, (head, found) in columns.items()
                if found and value in found.by_name
            ],
        )
