"""Draws some training examples more often: those of rare classes, or the complete ones."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.runtime.randomness import split

MOST_REPEATS = 20
"""How often `order_with_complete` draws an example in an epoch, at most; more would be learned by
heart."""


def order_by(data: DataSet, label: str) -> Callable[[tf.Tensor], tf.Tensor]:
    """Makes the function that draws the order of an epoch.

    An epoch has as many examples as the training set. The classes that occur in it come equally
    often, up to one; examples of rare classes come several times, and of frequent ones some do not
    come. Examples whose label is missing come as often as they are.

    Args:
      data: the data set.
      label: the name of a label.

    Returns:
      A function from a stateless seed to indices of training examples, [examples].
    """
    stored = np.asarray(data.values("train")[label][np.arange(data.num_examples("train"))])
    _, classes = np.unique(stored, axis=0, return_inverse=True)
    classes = np.where(data.observed("train")[label], classes.reshape(-1), -1)
    # Indices group by group: each class, and the examples without a label.
    by_group = np.argsort(classes, kind="stable")
    names, firsts, sizes = np.unique(classes[by_group], return_index=True, return_counts=True)
    number, unlabelled = len(classes), int((classes < 0).sum())
    labelled = np.flatnonzero(names >= 0)
    groups = np.zeros(number, np.int32)  # The first group has what is missing, if any is.
    groups[unlabelled:] = np.resize(labelled, number - unlabelled)

    def order(seed: tf.Tensor) -> tf.Tensor:
        seed_of_groups, seed_of_places = split(seed, 2)
        drawn = tf.random.experimental.stateless_shuffle(groups, seed_of_groups)
        # Whole numbers, since float32 cannot tell more than 16 million places.
        places = tf.random.stateless_uniform((number,), seed_of_places, None, None, tf.uint32)
        size = tf.gather(sizes, drawn)
        places = tf.cast(places, tf.int64) % size
        return tf.gather(by_group, tf.gather(firsts, drawn) + places)

    return order


def order_with_complete(data: DataSet, share: float) -> Callable[[tf.Tensor], tf.Tensor] | None:
    """Makes the function that draws the order of an epoch with enough complete examples.

    A joint encoder, and decoders of what is seldom observed, learn from complete examples alone. An
    epoch has as many examples as the training set. Complete ones are drawn again until they are a
    share of it, as equally often as possible, and at most `MOST_REPEATS` times. Of the others, some
    do not come, each time others.

    Args:
      data: the data set.
      share: the least share of complete examples, 0 to 1.

    Returns:
      A function from a stateless seed to indices of training examples, [examples]; None if the
      examples as they are have this share, or none is complete.
    """
    is_complete = np.logical_and.reduce(list(data.observed("train").values()))
    complete, others = np.flatnonzero(is_complete), np.flatnonzero(~is_complete)
    number = min(round(share * len(is_complete)), MOST_REPEATS * len(complete))
    if number <= len(complete):
        return None

    def order(seed: tf.Tensor) -> tf.Tensor:
        shuffle = tf.random.experimental.stateless_shuffle
        seed_of_complete, seed_of_others, seed_of_order = split(seed, 3)
        drawn = tf.gather(shuffle(complete, seed_of_complete), tf.range(number) % len(complete))
        rest = shuffle(others, seed_of_others)[: len(is_complete) - number]
        return shuffle(tf.concat([drawn, rest], axis=0), seed_of_order)

    return order
