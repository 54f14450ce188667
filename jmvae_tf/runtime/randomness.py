"""Stateless randomness: every sample is a pure function of a seed and its place in the run.

A seed is an integer tensor of shape [2], as for TensorFlow's stateless ops and TFP's
`sample(seed=…)`. Nothing counts calls, so a run that was interrupted or uses several devices draws
the same numbers as any other.

Seeds of shape [batch, 2] contain one seed per example. Each example then gets the samples that it
would get alone, whatever its place and its neighbours.
"""

import functools
import numbers
import zlib
from collections.abc import Callable

import tensorflow as tf
from tensorflow_probability import distributions as tfd

MAX_SEED = 2**31 - 1


def root_seed(seed: int) -> tf.Tensor:
    """Makes the seed from which all others of a run are derived: int32, shape [2].

    Raises:
      ValueError: if `seed` is not in [0, 2^31).
    """
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"A seed must be in [0, 2^31). Received: seed={seed}")
    return tf.constant([seed, 0], tf.int32)


def as_seed(seed: int | tf.Tensor) -> tf.Tensor:
    """Makes a seed from an integer, or returns a seed unchanged: int32, shape [2]."""
    return root_seed(int(seed)) if isinstance(seed, numbers.Integral) else seed


def fold(seed: tf.Tensor, *places: int | tf.Tensor) -> tf.Tensor:
    """Derives a seed for a place (an epoch, a step, an index) from another seed.

    Args:
      seed: int32, [2] or [batch, 2].
      *places: integers, folded in from left to right.

    Returns:
      int32, of the same shape.
    """
    for place in places:
        place = tf.cast(place, tf.int32)
        seed = _each(functools.partial(_fold_one, place=place), seed)
    return seed


def fold_name(seed: tf.Tensor, name: str) -> tf.Tensor:
    """Derives the seed for a name, whatever other names there are; see `fold`."""
    return fold(seed, zlib.crc32(name.encode()) & MAX_SEED)


def _fold_one(seed: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    return tf.random.fold_in(seed, place)


def split(seed: tf.Tensor, num: int) -> list[tf.Tensor]:
    """Derives `num` independent seeds, int32, each of the shape of `seed`, [2] or [batch, 2]."""
    return tf.unstack(_each(lambda one: tf.random.split(one, num), seed), num, axis=-2)


def is_by_example(seed: int | tf.Tensor) -> bool:
    """Tells whether there is one seed per example."""
    return len(getattr(seed, "shape", ())) == 2


def sample(
    distribution: tfd.Distribution, seed: tf.Tensor, num_samples: int | None = None
) -> tf.Tensor:
    """Samples from a distribution.

    Args:
      distribution: its batch shape is [...]; [..., batch] with one seed per example.
      seed: int32, [2] or [batch, 2].
      num_samples: the number of samples; None for one, without an axis.

    Returns:
      [num_samples, ..., *event_shape].
    """
    shape = () if num_samples is None else (num_samples,)
    if not is_by_example(seed):
        return distribution.sample(shape, seed=seed)
    drawn = tf.map_fn(
        lambda place: distribution[..., place].sample(shape, seed=seed[place]),
        tf.range(tf.shape(seed)[0]),
        fn_output_signature=distribution.dtype,
    )
    rank = drawn.shape.rank
    last = rank - len(distribution.event_shape) - 1
    samples = tf.transpose(drawn, [*range(1, last + 1), 0, *range(last + 1, rank)])
    # The loop loses the static shape.
    samples.set_shape([None] * (last + 1) + distribution.event_shape)
    return samples


def noise_for_batch(
    noise: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    batch: tf.Tensor,
    event_shape: tuple[int, ...],
    seed: tf.Tensor,
) -> tf.Tensor:
    """Draws noise for a batch of events, with one seed or one per example.

    Args:
      noise: maps a shape and a seed, int32 [2], to a float32 tensor of that shape.
      batch: the number of examples.
      event_shape: the shape of one event.
      seed: int32, [2] or [batch, 2].

    Returns:
      float32, [batch, *event_shape].
    """
    if is_by_example(seed):
        events = tf.map_fn(
            lambda one: noise(tf.constant(event_shape), one), seed, fn_output_signature=tf.float32
        )
        return tf.ensure_shape(events, (None, *event_shape))
    return noise(tf.concat([[batch], event_shape], axis=0), seed)


def _each(function: Callable[[tf.Tensor], tf.Tensor], seed: tf.Tensor) -> tf.Tensor:
    """Applies `function` to a seed, or to the seed of each example."""
    return tf.map_fn(function, seed) if is_by_example(seed) else function(seed)
