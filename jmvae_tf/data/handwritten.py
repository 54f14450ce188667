"""Shared by the data sets of handwritten digits: modalities, conversion of stored bytes."""

from collections.abc import Callable, Mapping

import tensorflow as tf

from jmvae_tf.likelihoods import Bernoulli, Categorical
from jmvae_tf.modalities import Modality

NUM_CLASSES = 10


def digit_modalities(size: int) -> dict[str, Modality]:
    """Describes a grey image of `size` x `size` pixels and its digit."""
    return {
        "image": Modality("image", (size, size, 1), Bernoulli(), kind="image"),
        "label": Modality(
            "label",
            (NUM_CLASSES,),
            Categorical(),
            kind="label",
            value_names=tuple(map(str, range(NUM_CLASSES))),
        ),
    }


def values_of_digits(
    highest: int,
) -> Callable[[Mapping[str, tf.Tensor]], dict[str, tf.Tensor]]:
    """Makes the function that converts stored bytes to grey values in [0, 1] and one-hot labels.

    Args:
      highest: the stored grey value that stands for 1.
    """

    def from_stored(stored: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {
            "image": tf.cast(stored["image"], tf.float32) / highest,
            "label": tf.one_hot(stored["label"], NUM_CLASSES),
        }

    return from_stored
