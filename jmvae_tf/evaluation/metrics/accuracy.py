"""Accuracy of attributes: how often the sign of each is right."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from jmvae_tf.evaluation.estimate import Estimate


@dataclasses.dataclass(frozen=True)
class Accuracies:
    """A share of right signs for each attribute, and the mean of the shares.

    Attributes:
      by_attribute: name to share, with its standard error over examples.
      mean: over attributes, with its standard error over examples, which attributes share.
    """

    by_attribute: Mapping[str, Estimate]
    mean: Estimate

    @property
    def worst(self) -> str:
        """The name of the attribute with the smallest share."""
        return min(self.by_attribute, key=lambda name: self.by_attribute[name].mean)


def accuracies(right: np.ndarray, names: Sequence[str]) -> Accuracies:
    """The share of examples whose sign is right.

    Args:
      right: bool, [examples, attributes], at least one example.
      names: of the attributes.
    """
    return _accuracies(right, names, np.ones((1, *right.shape), bool))


def balanced_accuracies(
    right: np.ndarray, has: np.ndarray, names: Sequence[str]
) -> Accuracies | None:
    """The mean of two shares: of examples that have the attribute, and of those that do not.

    A guess scores 1/2, whatever the majority is.

    Args:
      right: bool, [examples, attributes].
      has: bool, the same shape: whether an example has the attribute.
      names: of the attributes.

    Returns:
      Of the attributes that some examples have and others have not; None if there are none.
    """
    varies = has.any(axis=0) & ~has.all(axis=0)
    if not varies.any():
        return None
    has = has[:, varies]
    varying = [names[int(column)] for column in np.flatnonzero(varies)]
    return _accuracies(right[:, varies], varying, np.stack([has, ~has]))


def _accuracies(right: np.ndarray, names: Sequence[str], classes: np.ndarray) -> Accuracies:
    """The mean over classes, bool [classes, examples, attributes], of the share that is right."""
    sizes = classes.sum(axis=1)
    shares = (classes & right).sum(axis=1) / sizes
    # What an example adds to the error of each attribute's mean of shares.
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
