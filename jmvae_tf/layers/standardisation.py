"""Standardises data with statistics that are part of the model."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

SMALLEST_SHARE = 0.01
"""Smallest deviation as a share of the mean one, so that near-constant pixels do not blow up."""

_SMALLEST = float(np.finfo(np.float32).tiny)
_LARGEST_LOG = math.log(float(np.finfo(np.float32).max)) - 1e-5

_RESOLUTION = float(np.finfo(np.float32).eps)
_MOST_LOST = 0.25  # In standard deviations; rounding then adds at most 2 % to the variance.
_ROUNDING = 1e-12  # Relative to a value; smaller differences are float64's rounding.


class Moments:
    """Mean and standard deviation of each value, accumulated over batches.

    Each batch is shifted by its own first example, and the moments of the batches are merged (Chan
    et al. 1979). So 5,000,000 +- 2 keeps its digits, and a constant value has a deviation of
    exactly 0.

    Args:
      event_shape: the shape of one event.
    """

    def __init__(self, event_shape: Sequence[int]) -> None:
        self.count: int | np.ndarray = 0
        self.mean = np.zeros(event_shape)
        self._squares = np.zeros(event_shape)
        self._lost = np.zeros(event_shape)

    def add(self, batch: np.ndarray, observed: np.ndarray | None = None) -> None:
        """Adds a batch.

        Args:
          batch: events, [batch, *event_shape].
          observed: which of them count, bool, [batch] or [batch, *event_shape]; None for all.
        """
        if observed is not None and observed.ndim > 1:
            self._add_observed(batch, observed)
            return
        if observed is not None:
            batch = batch[observed]
        if not len(batch):
            return
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

    def _add_observed(self, batch: np.ndarray, observed: np.ndarray) -> None:
        """Adds single values; each is shifted by the first one of its place."""
        values = np.where(observed, np.asarray(batch, np.float64), 0.0)
        if batch.dtype != np.float32:
            rounded = np.abs(values - values.astype(np.float32))
            self._lost = np.maximum(self._lost, rounded.max(axis=0, initial=0.0))
        number = observed.sum(axis=0)
        if not number.any():
            return
        first = np.take_along_axis(values, observed.argmax(axis=0)[np.newaxis], axis=0)[0]
        shifted = np.where(observed, values - first, 0.0)
        shift = shifted.sum(axis=0) / np.maximum(number, 1)
        total = self.count + number
        weight = number / np.maximum(total, 1)
        difference = np.where(number > 0, first + shift - self.mean, 0.0)
        self._squares += np.where(observed, np.square(shifted - shift), 0.0).sum(axis=0)
        self._squares += np.square(difference) * self.count * weight
        self.mean = self.mean + difference * weight
        self.count = total

    @property
    def stddev(self) -> np.ndarray:
        """Standard deviations of the events themselves, not of a population; [*event_shape]."""
        return np.sqrt(self._squares / np.maximum(self.count, 1))

    @property
    def lost(self) -> np.ndarray:
        """Whether float32 loses a value's variation, as it is too small for its size; bool."""
        varies = self.stddev > _ROUNDING * np.abs(self.mean)
        return varies & (self._lost > _MOST_LOST * self.stddev)


@keras.saving.register_keras_serializable(package="jmvae_tf")
class Standardisation(keras.layers.Layer):
    """(x - mean) / stddev, value by value; the training set's statistics are its weights.

    The statistics are part of the model: of its checkpoints and of the exported graph. In a new
    layer they are 0 and 1. (2018 paper, "Settings": CelebA's images are standardised.)

    Unlike Keras's `Normalization`, this layer keeps small variations of large values, does not blow
    up pixels that hardly vary, and can invert itself.

    Args:
      event_shape: the shape of one event.
      one_unit: whether all values of an event have the same unit, as pixels do. Their mean
        deviation then limits how small a single deviation may be. Otherwise, as for the columns of
        a table, each value has a scale of its own.
      logarithms: the places of values whose logarithm is standardised, in events of one axis.
      **kwargs: passed to `keras.layers.Layer`.
    """

    def __init__(
        self,
        event_shape: Sequence[int],
        one_unit: bool = True,
        logarithms: Sequence[int] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**{**kwargs, "dtype": "float32", "trainable": False})
        self.event_shape = tuple(event_shape)
        self.one_unit = one_unit
        self.logarithms = tuple(logarithms)
        self._is_log = np.isin(np.arange(self.event_shape[-1]), self.logarithms)
        self.mean = self.add_weight(
            name="mean", shape=self.event_shape, initializer="zeros", trainable=False
        )
        self.stddev = self.add_weight(
            name="stddev", shape=self.event_shape, initializer="ones", trainable=False
        )
        self.built = True

    def set_statistics(self, mean: np.ndarray, stddev: np.ndarray) -> None:
        """Sets the statistics, [*event_shape] each.

        If values have one unit, standard deviations below a hundredth of their mean are raised to
        that; if all are 0, they are set to 1. Otherwise a standard deviation below float32's
        resolution at the mean is set to 1, as the value is constant.
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
        """Whether the statistics are still those of a new layer."""
        mean, stddev = map(keras.ops.convert_to_numpy, (self.mean, self.stddev))
        return bool(np.all(mean == 0) and np.all(stddev == 1))

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Converts [..., *event_shape] from the data's units to standardised ones."""
        if self.logarithms:
            x = tf.where(self._is_log, tf.math.log(tf.maximum(x, _SMALLEST)), x)
        return (x - self.mean) / self.stddev

    def invert(self, x: tf.Tensor) -> tf.Tensor:
        """Converts [..., *event_shape] from standardised units back to the data's.

        Where the logarithm is standardised, a mean thus becomes a geometric mean.
        """
        x = x * self.stddev + self.mean
        if self.logarithms:
            x = tf.where(self._is_log, tf.exp(tf.minimum(x, _LARGEST_LOG)), x)
        return x

    def to_moments(self, values: np.ndarray) -> np.ndarray:
        """Takes logarithms where the statistics are of logarithms; other values stay."""
        if not self.logarithms:
            return values
        with np.errstate(invalid="ignore", divide="ignore"):  # Of values that are not observed.
            return np.where(self._is_log, np.log(np.asarray(values, np.float64)), values)

    def from_moments(self, values: np.ndarray) -> np.ndarray:
        """Inverts `to_moments`."""
        logarithms = np.minimum(values, _LARGEST_LOG)
        return np.where(self._is_log, np.exp(logarithms), values) if self.logarithms else values

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "event_shape": self.event_shape,
            "one_unit": self.one_unit,
            "logarithms": self.logarithms,
        }
