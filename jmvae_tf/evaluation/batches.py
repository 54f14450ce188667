"""Examples in batches, and what is computed of each put together again."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf
from tqdm import tqdm

ROWS = 10_000
"""Samples x examples that are decoded at once; on MNIST some 100 MB, whatever N and k are."""

BATCH = 100
"""Examples that are scored at once where many samples of each are decoded."""

Scores = Mapping[str, tf.Tensor]


def map_batches(
    examples: Mapping[str, tf.Tensor],
    names: Sequence[str],
    batch_size: int,
    description: str,
    score: Callable[[dict[str, tf.Tensor], int, Callable[[], None]], Scores],
    steps: int = 1,
) -> dict[str, np.ndarray]:
    """Scores examples batch by batch under a progress bar.

    Args:
      examples: modality name to [examples, *event_shape].
      names: the modalities wanted.
      batch_size: how many examples are scored at once.
      description: shown beside the bar, which is there on a terminal only.
      score: from a batch, its index and a function to call after each of its steps to arrays
        [batch].
      steps: how many steps a batch takes.

    Returns:
      Name to [examples], in the order of the examples.
    """
    chosen = {name: tf.convert_to_tensor(examples[name]) for name in names}
    starts = range(0, len(next(iter(chosen.values()))), batch_size)
    scores: list[Scores] = []
    with tqdm(
        total=len(starts) * steps, desc=description, leave=False, disable=None, unit="step"
    ) as bar:
        for index, start in enumerate(starts):
            batch = {name: x[start : start + batch_size] for name, x in chosen.items()}
            scores.append(score(batch, index, lambda: bar.update() and None))
    return {name: np.concatenate([part[name] for part in scores]) for name in scores[0]}


def chunks(total: int, size: int) -> Iterator[int]:
    """The sizes of the parts that `total` is computed in, none above `size`."""
    for start in range(0, total, size):
        yield min(size, total - start)
