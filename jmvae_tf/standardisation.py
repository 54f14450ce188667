"""Standardisation of data with statistics that are part of a model."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

SMALLEST_SHARE = 0.01
"""Of the mean standard deviation of an event's values: what hardly varies is not blown up."""


@keras.saving.register_keras_serializable(package="jmvae_tf")
class Standardisation(keras.layers.Layer):
    """(x - mean) / stddev, value by value, with the training set's statistics as its weights.

    They travel with the model: into its checkpoints, and into the graph that is exported. New, they
    are 0 and 1. (2018 paper, "Settings": CelebA's images are standardised.)

    Args:
      event_shape: the shape of one event.
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, event_shape: Sequence[int], **kwargs: Any) -> None:
        """See the class."""
        super().__init__(**{**kwargs, "dtype": "float32", "trainable": False})
        self.event_shape = tuple(event_shape)
        self.mean = self.add_weight(
            name="mean", shape=self.event_shape, initializer="zeros", trainable=False
        )
        self.stddev = self.add_weight(
            name="stddev", shape=self.event_shape, initializer="ones", trainable=False
        )
        self.built = True

    def set_statistics(self, mean: np.ndarray, stddev: np.ndarray) -> None:
        """Sets the statistics, [*event_shape] each.

        Standard deviations below a hundredth of their mean are raised to that; where all are 0,
        they are set to 1.
        """
        lowest = SMALLEST_SHARE * float(np.mean(stddev)) or 1.0
        self.mean.assign(mean)
        self.stddev.assign(np.maximum(stddev, lowest))

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """[..., *event_shape] from the data's units to standardised ones."""
        return (x - self.mean) / self.stddev

    def invert(self, x: tf.Tensor) -> tf.Tensor:
        """[..., *event_shape] from standardised units back to the data's."""
        return x * self.stddev + self.mean

    def get_config(self) -> dict[str, Any]:
        """The arguments, for Keras to save."""
        return {**super().get_config(), "event_shape": self.event_shape}
