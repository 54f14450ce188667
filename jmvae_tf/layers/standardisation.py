"""Standardisation of data with statistics that are part of a model."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

SMALLEST_SHARE = 0.01
"""Smallest deviation as a share of the mean one: pixels that hardly vary are not blown up."""

_RESOLUTION = float(np.finfo(np.float32).eps)
_MOST_LOST = 0.25  # Of a standard deviation; it then adds at most 2 % to the variance.
_ROUNDING = 1e-12  # Relative to a value: what is less is float64's rounding, no variation.


class Moments:
    """Mean and standard deviation of batch after batch, value by value.

    Each batch is shifted by its own first example and the batches' moments are merged (Chan et al.
    1979), so that 5,000,000 +- 2 keeps its digits, and what is constant varies by exactly 0.

    Args:
      event_shape: the shape of one event.
    """

    def __init__(self, event_shape: Sequence[int]) -> None:
        self.count = 0
        self.mean = np.zeros(event_shape)
        self._squares = np.zeros(event_shape)
        self._lost = np.zeros(event_shape)

    def add(self, batch: np.ndarray) -> None:
        """Takes in events, [batch, *event_shape], at least one."""
        values = np.asarray(batch, np.float64)
        if batch.dtype != np.float32:
            rounded = np.abs(values - values.astype(np.float32))
            self._lost = np.maximum(self._lost, rounded.max(axis=0))
        shifted = values - values[0]
        shift = shifted.mean(axis=0)
        difference = values[0] + shift - self.mean
        total = self.count + len(values)
        self._squares += np.square(shifted - shift).sum(axis=0)
        self._squares += np.square(difference) * (self.count * len(values) / total)
        self.mean = self.mean + difference * (len(values) / total)
        self.count = total

    @property
    def stddev(self) -> np.ndarray:
        """Standard deviations, [*event_shape]; of the events themselves, not of a population."""
        return np.sqrt(self._squares / max(self.count, 1))

    @property
    def lost(self) -> np.ndarray:
        """Whether a value varies so little beside its size that float32 loses it; bool."""
        varies = self.stddev > _ROUNDING * np.abs(self.mean)
        return varies & (self._lost > _MOST_LOST * self.stddev)


@keras.saving.register_keras_serializable(package="jmvae_tf")
class Standardisation(keras.layers.Layer):
    """(x - mean) / stddev, value by value, with the training set's statistics as its weights.

    They are part of the model: of its checkpoints, and of the graph that is exported. In a new
    layer they are 0 and 1. (2018 paper, "Settings": CelebA's images are standardised.)

    Keras's `Normalization` loses the digits of small variations of large values, blows up pixels
    that hardly vary, and has no inverse in the same layer.

    Args:
      event_shape: the shape of one event.
      one_unit: whether all values of an event have one unit, as pixels have. Their mean deviation
        is then a scale for each of them. Otherwise, as in the columns of a table, each value has
        only its own.
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, event_shape: Sequence[int], one_unit: bool = True, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32", "trainable": False})
        self.event_shape = tuple(event_shape)
        self.one_unit = one_unit
        self.mean = self.add_weight(
            name="mean", shape=self.event_shape, initializer="zeros", trainable=False
        )
        self.stddev = self.add_weight(
            name="stddev", shape=self.event_shape, initializer="ones", trainable=False
        )
        self.built = True

    def set_statistics(self, mean: np.ndarray, stddev: np.ndarray) -> None:
        """Sets the statistics, [*event_shape] each.

        Of values of one unit, standard deviations below a hundredth of their mean are raised to
        that. Of others, those below what float32 can tell beside the mean are set to 1: the value
        is constant. Where all are 0, they are set to 1.
        """
        if self.one_unit:
            stddev = np.maximum(stddev, self.smallest(stddev) or 1.0)
        else:
            varies = stddev > _RESOLUTION * np.abs(mean)
            stddev = np.where(varies, stddev, 1.0)
        self.mean.assign(mean)
        self.stddev.assign(stddev)

    def smallest(self, stddev: np.ndarray) -> float:
        """Returns the standard deviation below which a value hardly varies."""
        return SMALLEST_SHARE * float(np.mean(stddev)) if self.one_unit else 0.0

    @property
    def is_new(self) -> bool:
        """Whether the statistics are those that a new layer has."""
        mean, stddev = map(keras.ops.convert_to_numpy, (self.mean, self.stddev))
        return bool(np.all(mean == 0) and np.all(stddev == 1))

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Takes [..., *event_shape] from the data's units to standardised ones."""
        return (x - self.mean) / self.stddev

    def invert(self, x: tf.Tensor) -> tf.Tensor:
        """Takes [..., *event_shape] from standardised units back to the data's."""
        return x * self.stddev + self.mean

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "event_shape": self.event_shape,
            "one_unit": self.one_unit,
        }
