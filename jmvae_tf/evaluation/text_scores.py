"""How well predicted texts agree with true ones, symbol by symbol.

A text is symbols, integers [examples, places]. The last symbol of the alphabet is the end mark: it
is part of a text, what follows it is not. A text that fills all places has none.
"""

import numpy as np

from jmvae_tf.evaluation.estimate import Estimate


def lengths(symbols: np.ndarray, end: int) -> np.ndarray:
    """Counts the symbols of each text without the end mark, integers [examples]."""
    ends = symbols == end
    return np.where(ends.any(axis=1), ends.argmax(axis=1), symbols.shape[1])


def symbol_accuracy(found: np.ndarray, true: np.ndarray, end: int) -> Estimate:
    """Computes the share of places with the correct symbol, the true end marks included.

    Args:
      found: the predicted symbols, integers [examples, places].
      true: the true ones, of the same shape.
      end: the number of the end mark.

    Returns:
      The share over all places of all true texts, with its standard error over texts.
    """
    sizes = np.minimum(lengths(true, end) + 1, true.shape[1])
    counted = np.arange(true.shape[1]) < sizes[:, np.newaxis]
    right = ((found == true) & counted).sum(axis=1)
    share = right.sum() / sizes.sum()
    number = len(true)
    if number == 1:
        return Estimate(float(share), np.nan)
    parts = (right - share * sizes) / sizes.sum()
    return Estimate(float(share), float(np.sqrt(np.square(parts).sum() * number / (number - 1))))


def exact_matches(found: np.ndarray, true: np.ndarray, end: int) -> np.ndarray:
    """Checks whether each text is predicted without a mistake, bool [examples]."""
    length = lengths(true, end)
    beyond = np.arange(true.shape[1]) > length[:, np.newaxis]
    return ((found == true) | beyond).all(axis=1)


def edit_distances(found: np.ndarray, true: np.ndarray, end: int) -> np.ndarray:
    """Counts the symbols to insert, delete or replace in each text (Levenshtein 1966).

    Args:
      found: symbols, integers [examples, places].
      true: symbols, integers [examples, places].
      end: the number of the end mark, which is not counted.

    Returns:
      Integers, [examples].
    """
    long, wide = lengths(found, end), lengths(true, end)
    across = np.arange(true.shape[1] + 1, dtype=np.int32)
    row = np.broadcast_to(across, (len(true), len(across)))
    distances = wide.copy()
    examples = np.arange(len(true))
    for place in range(int(long.max(initial=0))):
        replaced = row[:, :-1] + (found[:, place, np.newaxis] != true)
        best = np.minimum(row[:, 1:] + 1, replaced)
        best = np.concatenate([np.full((len(true), 1), place + 1, np.int32), best], axis=1)
        # Insertions cost 1 a step to the right: take them out, then the least so far is the best.
        row = np.minimum.accumulate(best - across, axis=1) + across
        ends = long == place + 1
        distances[ends] = row[examples[ends], wide[ends]]
    return distances
