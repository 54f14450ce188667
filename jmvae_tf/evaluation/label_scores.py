"""How well predicted classes agree with true ones, where classes are of unequal size."""

from typing import NamedTuple

import numpy as np

from jmvae_tf.evaluation.estimate import Estimate


def balanced_accuracy(right: np.ndarray, classes: np.ndarray) -> Estimate:
    """Averages the share of correct predictions of each class over the classes.

    A constant guess scores 1 / classes, whatever the majority is.

    Args:
      right: whether each prediction is correct, bool, [examples].
      classes: the true class of each example, integers, [examples].

    Returns:
      The mean, with its standard error over examples; classes count as fixed. The variance of a
      class with one example is taken to be the mean variance of the others; NaN if every class has
      one.
    """
    _, places, sizes = np.unique(classes, return_inverse=True, return_counts=True)
    shares = np.bincount(places, weights=right) / sizes
    several = sizes > 1
    if not several.any():
        return Estimate(float(shares.mean()), np.nan)
    variances = shares * (1 - shares) * sizes / np.maximum(sizes - 1, 1)
    variances[~several] = variances[several].mean()
    error = np.sqrt((variances / sizes).sum()) / len(sizes)
    return Estimate(float(shares.mean()), float(error))


def in_top(probabilities: np.ndarray, classes: np.ndarray, k: int) -> np.ndarray:
    """Checks whether the true class is among the k likeliest, bool [examples].

    Of classes with equal probabilities, the first ones come first.

    Args:
      probabilities: [examples, classes].
      classes: the true class of each example, integers, [examples].
      k: the number of classes to look at.
    """
    own = np.take_along_axis(probabilities, classes[:, np.newaxis], axis=1)
    before = np.arange(probabilities.shape[1]) < classes[:, np.newaxis]
    rank = ((probabilities > own) | ((probabilities == own) & before)).sum(axis=1)
    return rank < k


class ClassResult(NamedTuple):
    """How well the examples of a class are predicted.

    Attributes:
      number: the number of the class.
      examples: how many examples it has.
      share: the share of them that are predicted correctly.
      mistaken_for: the class that the others are predicted to be most often; None if all are right.
    """

    number: int
    examples: int
    share: Estimate
    mistaken_for: int | None


def worst_classes(found: np.ndarray, classes: np.ndarray, most: int) -> list[ClassResult]:
    """Lists the classes with the smallest shares of correct predictions, worst first.

    Of classes with equal shares, those with more examples come first.

    Args:
      found: the predicted class of each example, integers, [examples].
      classes: the true class of each example, of the same shape.
      most: how many classes to list.
    """
    numbers, places, sizes = np.unique(classes, return_inverse=True, return_counts=True)
    shares = np.bincount(places, weights=found == classes) / sizes
    worst = np.lexsort((numbers, -sizes, shares))[:most]
    results = []
    for place in worst:
        wrong = found[(places == place) & (found != classes)]
        size, share = int(sizes[place]), float(shares[place])
        error = np.sqrt(share * (1 - share) / (size - 1)) if size > 1 else np.nan
        results.append(
            ClassResult(
                int(numbers[place]),
                size,
                Estimate(share, float(error)),
                int(np.bincount(wrong).argmax()) if wrong.size else None,
            )
        )
    return results


def confusion(found: np.ndarray, classes: np.ndarray, number: int) -> np.ndarray:
    """Counts the examples of each true class (rows) by predicted class (columns).

    Args:
      found: the predicted class of each example, integers, [examples].
      classes: the true class of each example, of the same shape.
      number: the number of classes.

    Returns:
      Integers, [number, number].
    """
    counts = np.bincount(classes.astype(np.int64) * number + found, minlength=number**2)
    return counts.reshape(number, number)
