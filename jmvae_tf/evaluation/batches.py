"""Score examples batch by batch."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.runtime.randomness import fold, root_seed

ROWS = 10_000
"""Samples x examples that are decoded at once at most, whatever N and k are."""

VALUES = ROWS * 28 * 28
"""Values that are decoded at once at most: 10,000 digits of MNIST, 638 faces of 64 x 64 pixels.

Some 100 MB of the former; of the latter, with what convolutions make in between, some 500 MB.
"""

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


def rows_at_once(model: MultimodalVAE, names: Sequence[str]) -> int:
    """How many events of each of some modalities may be encoded or decoded at once."""
    largest = max(math.prod(model.modalities[name].event_shape) for name in names)
    return max(1, min(ROWS, VALUES // largest))


def generated(
    model: MultimodalVAE,
    target: str,
    given: Mapping[str, tf.Tensor],
    seed: int = 0,
    sampled: bool = False,
) -> np.ndarray:
    """Means of p(target|z), one for each example.

    Args:
      model: a trained model.
      target: the modality to generate.
      given: modality name to [examples, *event_shape].
      seed: the same seed generates the same.
      sampled: whether z is drawn from q(z|given), or is its mean.

    Returns:
      float32, [examples, *event_shape], in the data's units.
    """

    @tf.function(reduce_retracing=True)
    def generate_batch(batch: dict[str, tf.Tensor], seed_pair: tf.Tensor) -> tf.Tensor:
        if sampled:
            return model.generate(target, batch, 1, seed_pair)[0]
        return model.generate(target, batch, seed=seed_pair)

    def score(
        batch: dict[str, tf.Tensor], index: int, step: Callable[[], None]
    ) -> dict[str, tf.Tensor]:
        events = generate_batch(batch, fold(root_seed(seed), index))
        step()
        return {target: events}

    size = min(1000, rows_at_once(model, [target, *given]))
    description = f"{target} given {', '.join(given)}"
    return map_batches(given, list(given), size, description, score)[target]


def images_of_classes(
    model: MultimodalVAE,
    label: str,
    image: str,
    classes: Sequence[int] | None = None,
    num_per_class: int = 100,
    seed: int = 0,
) -> Iterator[tuple[int, np.ndarray]]:
    """Generates images from labels: means of p(image|z), z ~ q(z|label).

    Args:
      model: a trained model.
      label: the name of the given modality, one-hot.
      image: the name of the generated modality.
      classes: the numbers of the labels; None for all.
      num_per_class: how many images of each.
      seed: the same seed gives the same images of the same classes.

    Yields:
      A class, and images [num_per_class, *event_shape]; so many are decoded at once as
      `rows_at_once` allows.
    """
    [total] = model.modalities[label].event_shape
    classes = list(range(total) if classes is None else classes)
    one_hot = tf.gather(tf.eye(total), classes)
    size = max(1, rows_at_once(model, [image]) // num_per_class)
    for index, start in enumerate(range(0, len(classes), size)):
        part = slice(start, start + size)
        part_seed = fold(root_seed(seed), index) if index else seed
        given = {label: one_hot[part]}
        images = np.asarray(model.generate(image, given, num_per_class, part_seed))
        yield from ((number, images[:, place]) for place, number in enumerate(classes[part]))


def chunks(total: int, size: int) -> Iterator[int]:
    """The sizes of the parts that `total` is computed in, none above `size`."""
    for start in range(0, total, size):
        yield min(size, total - start)
