"""Shares of correct signs, per attribute and overall, and their lines in the table."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from jmvae_tf.evaluation.estimate import Estimate
from jmvae_tf.evaluation.metrics_table import Metric, Row


@dataclasses.dataclass(frozen=True)
class Accuracies:
    """The share of correct signs of each attribute, and the mean of the shares.

    Attributes:
      by_attribute: maps each name to its share, with its standard error over examples.
      mean: the mean over attributes, with its standard error over examples, which attributes share.
    """

    by_attribute: Mapping[str, Estimate]
    mean: Estimate

    @property
    def worst(self) -> str:
        """The name of the attribute with the smallest share."""
        return min(self.by_attribute, key=lambda name: self.by_attribute[name].mean)


def accuracies(right: np.ndarray, names: Sequence[str]) -> Accuracies:
    """Computes the share of examples whose sign is correct.

    Args:
      right: whether each sign is correct, bool, [examples, attributes], at least one example.
      names: the names of the attributes.
    """
    return _accuracies(right, names, np.ones((1, *right.shape), bool))


def balanced_accuracies(
    right: np.ndarray, has: np.ndarray, names: Sequence[str]
) -> Accuracies | None:
    """Averages two shares: of the examples with the attribute and of those without it.

    A guess scores 1/2, whatever the majority is.

    Args:
      right: whether each sign is correct, bool, [examples, attributes].
      has: whether each example has the attribute, bool, of the same shape.
      names: the names of the attributes.

    Returns:
      The shares of the attributes that some examples have and others lack; None if there are no
      such attributes.
    """
    varies = has.any(axis=0) & ~has.all(axis=0)
    if not varies.any():
        return None
    has = has[:, varies]
    varying = [names[int(column)] for column in np.flatnonzero(varies)]
    return _accuracies(right[:, varies], varying, np.stack([has, ~has]))


def _accuracies(right: np.ndarray, names: Sequence[str], classes: np.ndarray) -> Accuracies:
    """Averages shares of correct signs over classes, bool [classes, examples, attributes]."""
    sizes = classes.sum(axis=1)
    shares = (classes & right).sum(axis=1) / sizes
    # The contribution of each example to the error of each attribute's mean of shares.
    parts = (classes * (right - shares[:, np.newaxis]) / sizes[:, np.newaxis]).mean(axis=0)
    number = len(right)

    def error(parts: np.ndarray) -> float:
        if number == 1:
            return math.nan
        return float(np.sqrt(np.square(parts).sum() * number / (number - 1)))

    means = shares.mean(axis=0)
    return Accuracies(
        {
            name: Estimate(float(mean), error(part))
            for name, mean, part in zip(names, means, parts.T, strict=True)
        },
        Estimate(float(means.mean()), error(parts.mean(axis=1))),
    )


def mean_line(name: str, description: str, shares: Accuracies | None) -> Iterator[Metric]:
    """Yields the line of the mean over attributes, if there is one."""
    if shares:
        yield Metric(name, description, shares.mean)


def worst_line(name: str, shares: Accuracies | None) -> Iterator[Metric]:
    """Yields the line of the attribute with the smallest share, if there is one."""
    if shares:
        worst = shares.worst
        yield Metric(f"{name}_worst", f"  the worst: {worst}", shares.by_attribute[worst])


def left_out_line(direction: str, attributes: str, has: np.ndarray) -> Metric:
    """Counts attributes without a balanced accuracy: all examples have them, or none."""
    varies = has.any(axis=0) & ~has.all(axis=0)
    return Metric(
        f"{direction}_left_out",
        f"{attributes} without a balanced accuracy: the same in all examples",
        int((~varies).sum()),
    )


def rows(
    attributes: Sequence[str], columns: Mapping[str, tuple[str, Accuracies | None]]
) -> Iterator[Row]:
    """Yields a row per attribute.

    Args:
      attributes: the attributes' names.
      columns: metric name to the heading of its column and its shares.
    """
    for attribute in attributes:
        yield Row(
            attribute,
            [
                Metric(f"{name}_{attribute}", head, shares.by_attribute[attribute])
                for name, (head, shares) in columns.items()
                if shares and attribute in shares.by_attribute
            ],
        )
