"""Stateless randomness: every draw is a pure function of a seed and of its place in the run.

A seed is an integer tensor of shape [2], as TensorFlow's stateless ops and TFP's `sample(seed=…)`
take it. Nothing here counts calls, so a run that was interrupted, or that is spread over several
devices, draws the same numbers as one that was not.
"""

import numbers

import tensorflow as tf

MAX_SEED = 2**31 - 1


def root_seed(seed: int) -> tf.Tensor:
    """The seed that all others of a run are folded from: int32, shape [2].

    Raises:
      ValueError: if `seed` is not in [0, 2^31).
    """
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"A seed must be in [0, 2^31). Received: seed={seed}")
    return tf.constant([seed, 0], tf.int32)


def as_seed(seed: int | tf.Tensor) -> tf.Tensor:
    """The seed of an integer, or the seed itself: int32, shape [2]."""
    return root_seed(int(seed)) if isinstance(seed, numbers.Integral) else seed


def fold(seed: tf.Tensor, *places: int | tf.Tensor) -> tf.Tensor:
    """Derives the seed of a place (an epoch, a step, an index) from another seed.

    Args:
      seed: int32, shape [2].
      *places: integers, folded in from left to right.

    Returns:
      int32, shape [2].
    """
    for place in places:
        seed = tf.random.fold_in(seed, tf.cast(place, tf.int32))
    return seed


def split(seed: tf.Tensor, num: int) -> list[tf.Tensor]:
    """Derives `num` independent seeds, each int32 of shape [2]."""
    return tf.unstack(tf.random.split(seed, num))
