"""Scores examples in batches, and generates from many examples or classes."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.observed import modality_names, with_masks
from jmvae_tf.models.base import MultimodalVAE, Tensors
from jmvae_tf.runtime.progress import with_progress
from jmvae_tf.runtime.randomness import fold, root_seed

ROWS = 10_000
"""Most samples x examples to decode at once, whatever N and k are."""

VALUES = ROWS * 28 * 28
"""Most values to decode at once: 10,000 digits of MNIST, 638 faces of 64 x 64 pixels.

The digits take about 100 MB; the faces, with the activations of convolutions, about 500 MB.
"""

BATCH = 100
"""Examples to score at once if many samples of each are decoded."""

IMAGES_OF_CLASSES = 10_000
"""Images to generate for all classes of a label together."""

MOST_NOT_TRACED = 2000
"""Examples that are scored faster than a graph is traced."""

_Function = TypeVar("_Function", bound=Callable[..., Any])

Score = Callable[[dict[str, tf.Tensor], tf.Tensor], Mapping[str, tf.Tensor | np.ndarray]]
"""Maps a batch and its seed to arrays [batch, ...] by name."""


def map_batches(
    score: Score,
    examples: Tensors,
    names: Sequence[str],
    batch_size: int,
    description: str,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Scores examples in batches, and shows the progress, see `with_progress`.

    Args:
      score: scores a batch; each batch gets its own seed.
      examples: modality name to [examples, *event_shape].
      names: the modalities that `score` takes, each with its mask if it has one.
      batch_size: the number of examples to score at once.
      description: what is scored, in words.
      seed: the same seed gives the same scores.

    Returns:
      Name to [examples, ...], in the order of the examples.
    """
    chosen = {key: tf.convert_to_tensor(x) for key, x in with_masks(examples, names).items()}
    starts = range(0, len(next(iter(chosen.values()))), batch_size)
    scores = [
        score(
            {name: x[start : start + batch_size] for name, x in chosen.items()},
            fold(root_seed(seed), index),
        )
        for index, start in enumerate(with_progress(starts, description))
    ]
    return {name: np.concatenate([part[name] for part in scores]) for name in scores[0]}


def traced(number: int) -> Callable[[_Function], _Function]:
    """Makes the decorator of a function that scores batches of a model.

    It compiles the function to a graph, but with few examples the function runs as it is: each
    direction of a model would be a graph of its own, and those of several modalities take minutes.

    Args:
      number: the number of examples.
    """
    if number <= MOST_NOT_TRACED:
        return lambda function: function
    return tf.function(autograph=False, reduce_retracing=True)


def rows_at_once(model: MultimodalVAE, names: Sequence[str]) -> int:
    """Returns how many events of each of these modalities to encode or decode at once."""
    largest = max(math.prod(model.modalities[name].event_shape) for name in names)
    return max(1, min(ROWS, VALUES // largest))


def generated(
    model: MultimodalVAE,
    target: str,
    given: Tensors,
    seed: int = 0,
    sampled: bool = False,
) -> np.ndarray:
    """Generates means of p(target|z), one per example.

    Args:
      model: a trained model.
      target: the modality to generate.
      given: modality name to [examples, *event_shape], with masks of single values.
      seed: the same seed gives the same result.
      sampled: whether z is a sample of q(z|given) or its mean.

    Returns:
      float32, [examples, *event_shape], in the data's units.
    """
    names = modality_names(given)

    @traced(len(given[names[0]]))
    def means(batch: dict[str, tf.Tensor], batch_seed: tf.Tensor) -> dict[str, tf.Tensor]:
        if sampled:
            return {target: model.generate(target, batch, 1, batch_seed)[0]}
        return {target: model.generate(target, batch, seed=batch_seed)}

    size = min(1000, rows_at_once(model, [target, *names]))
    description = f"{target} given {', '.join(names)}"
    return map_batches(means, given, names, size, description, seed)[target]


def decoded_in_parts(model: MultimodalVAE, target: str, z: tf.Tensor) -> np.ndarray:
    """Decodes means of p(target|z), few enough at once.

    Args:
      model: a model whose decoders need nothing but z.
      target: the modality to decode.
      z: [rows, latent_dim], at least one row.

    Returns:
      float32, [rows, *event_shape], in the data's units.
    """
    size = rows_at_once(model, [target])
    parts = [model.decoded_mean(target, z[at : at + size]) for at in range(0, len(z), size)]
    return np.concatenate(parts)


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
      classes: the numbers of the classes; None for all.
      num_per_class: the number of images per class.
      seed: the same seed gives the same images of the same classes.

    Yields:
      A class and its images, [num_per_class, *event_shape]; at most `rows_at_once` are decoded at
      once.
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


def images_of_each(num_classes: int) -> int:
    """Returns how many images to generate of each of so many classes: 100, and fewer of many."""
    return max(2, min(100, IMAGES_OF_CLASSES // num_classes))


def chunks(total: int, size: int) -> Iterator[int]:
    """Yields the sizes of parts that sum to `total`, none above `size`."""
    for start in range(0, total, size):
        yield min(size, total - start)
