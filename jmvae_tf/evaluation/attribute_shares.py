"""Shares of correct signs, per attribute and overall."""

from collections.abc import Sequence

import numpy as np

from jmvae_tf.evaluation.by_value import ByValue, by_value, chosen_names
from jmvae_tf.evaluation.metrics_table import Metric


def accuracies(
    right: np.ndarray, names: Sequence[str], seen: np.ndarray | None = None
) -> ByValue | None:
    """Computes the share of examples whose sign is correct.

    Args:
      right: whether each sign is correct, bool, [examples, attributes], at least one example.
      names: the names of the attributes.
      seen: whether each value is observed, of the same shape; None if all are.

    Returns:
      The shares of the attributes that are observed in some examples; None if there are none.
    """
    if seen is None or seen.any(axis=0).all():
        seen = np.ones(right.shape, bool) if seen is None else seen
        return _accuracies(right, names, seen[np.newaxis])
    some = np.asarray(seen.any(axis=0))
    return (
        accuracies(right[:, some], chosen_names(names, some), seen[:, some]) if some.any() else None
    )


def balanced_accuracies(
    right: np.ndarray, has: np.ndarray, names: Sequence[str], seen: np.ndarray | None = None
) -> ByValue | None:
    """Averages two shares: of the examples with the attribute and of those without it.

    A guess scores 1/2, whatever the majority is.

    Args:
      right: whether each sign is correct, bool, [examples, attributes].
      has: whether each example has the attribute, bool, of the same shape.
      names: the names of the attributes.
      seen: whether each value is observed, of the same shape; None if all are.

    Returns:
      The shares of the attributes that some examples have and others lack; None if there are no
      such attributes.
    """
    seen = np.ones(has.shape, bool) if seen is None else seen
    varies = (has & seen).any(axis=0) & (~has & seen).any(axis=0)
    if not varies.any():
        return None
    has, seen = has[:, varies], seen[:, varies]
    return _accuracies(
        right[:, varies], chosen_names(names, varies), np.stack([has & seen, ~has & seen])
    )


def _accuracies(right: np.ndarray, names: Sequence[str], classes: np.ndarray) -> ByValue:
    """Averages shares of correct signs over classes, bool [classes, examples, attributes]."""
    sizes = classes.sum(axis=1)
    shares = (classes & right).sum(axis=1) / sizes
    # The contribution of each example to the error of each attribute's mean of shares.
    parts = (classes * (right - shares[:, np.newaxis]) / sizes[:, np.newaxis]).mean(axis=0)
    return by_value(names, shares.mean(axis=0), parts, np.asarray(classes.any(axis=0)))


def left_out_line(direction: str, attributes: str, has: np.ndarray, seen: np.ndarray) -> Metric:
    """Counts attributes without a balanced accuracy: all examples have them, or none."""
    varies = (has & seen).any(axis=0) & (~has & seen).any(axis=0)
    return Metric(
        f"{direction}_left_out",
        f"{attributes} without a balanced accuracy: the same in all examples",
        int((~varies).sum()),
    )
