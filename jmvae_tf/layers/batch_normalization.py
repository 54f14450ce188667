"""Batch normalisation over what is observed of a batch, even if several replicas share it."""

from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.layers import observed_rows
from jmvae_tf.runtime import replicas


@keras.saving.register_keras_serializable(package="jmvae_tf")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's layer for axis -1, faster in training and computed over all replicas.

    If one replica has the whole batch, TensorFlow's fused op normalises it in a single pass and
    keeps one tensor for the gradient, where Keras's ops make and keep several. If replicas share
    the batch, mean and variance are taken over the examples of all of them, so the number of
    replicas changes nothing. Variables and moving statistics are as in Keras: the variance is that
    of the batch, not an estimate of the population's.

    Where modalities are missing, statistics are over the rows that count (`observed_rows`). All
    rows are normalised. A batch without any such row leaves the moving statistics as they are.

    Args:
      momentum: momentum of the moving statistics.
      epsilon: added to the variance.
      **kwargs: passed to `keras.layers.Layer`.
    """

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-4, **kwargs: Any) -> None:
        super().__init__(momentum=momentum, epsilon=epsilon, **kwargs)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Normalises [batch, ..., channels]; computes in float32 whatever the input's type."""
        if not (training and self.trainable):
            return super().call(inputs, training=training)
        rows = observed_rows.counted()
        if rows is not None:
            return self._normalised_by(rows, inputs)
        if tf.distribute.get_strategy().num_replicas_in_sync > 1:
            return super().call(inputs, training=training)
        shape = tf.shape(inputs)
        # The op needs four axes. Each channel keeps the same values.
        images = inputs if inputs.shape.rank == 4 else inputs[:, tf.newaxis, tf.newaxis, :]
        outputs, mean, population_variance = tf.compat.v1.nn.fused_batch_norm(
            images, self.gamma.value, self.beta.value, epsilon=self.epsilon, is_training=True
        )
        number = tf.cast(tf.size(inputs) // shape[-1], tf.float32)
        variance = population_variance * (number - 1) / number
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + now * (1 - self.momentum))
        return outputs if inputs.shape.rank == 4 else tf.reshape(outputs, shape)

    def _normalised_by(self, rows: tf.Tensor, inputs: tf.Tensor) -> tf.Tensor:
        """Normalises all rows by the statistics of some."""
        values = tf.cast(inputs, tf.float32)
        any_row = replicas.sum_over_replicas(tf.reduce_sum(tf.cast(rows, tf.float32))) > 0.0
        moments = self._moments(values, rows)
        used = []
        for moving, now in zip((self.moving_mean, self.moving_variance), moments, strict=True):
            used.append(tf.where(any_row, now, moving.value))
            mixed = moving * self.momentum + now * (1 - self.momentum)
            moving.assign(tf.where(any_row, mixed, moving.value))
        mean, variance = used
        scale = self.gamma * tf.math.rsqrt(variance + self.epsilon)
        return tf.cast((values - mean) * scale + self.beta, self.compute_dtype)

    def _moments(self, inputs: tf.Tensor, mask: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns mean and variance of each channel over the examples of all replicas.

        Args:
          inputs: float32, [batch, ..., channels].
          mask: the examples that count, bool, [batch]; None for all.
        """
        axes = list(range(inputs.shape.rank - 1))
        examples = replicas.examples_in(inputs)
        # A replica's part may be empty, so sums and counts are added up, not means.
        number = tf.cast(tf.reduce_prod(tf.shape(examples)[:-1]), inputs.dtype)
        if mask is not None:
            mask = tf.reshape(mask, [-1] + [1] * (inputs.shape.rank - 1))
            places = tf.cast(tf.reduce_prod(tf.shape(examples)[1:-1]), inputs.dtype)
            number = tf.reduce_sum(tf.cast(mask, inputs.dtype)) * places

        def mean_of(values: tf.Tensor) -> tf.Tensor:
            if mask is not None:
                values = tf.where(mask, values, 0.0)
            sums = tf.concat([tf.reduce_sum(values, axes), number[tf.newaxis]], axis=0)
            total = replicas.sum_over_replicas(sums)
            return total[:-1] / (total[-1] if mask is None else tf.maximum(total[-1], 1.0))

        mean = mean_of(examples)
        # In two passes: the mean of squares minus the squared mean would lose digits.
        return mean, mean_of(tf.math.squared_difference(examples, mean))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        config = keras.layers.Layer.get_config(self)
        return {**config, "momentum": self.momentum, "epsilon": self.epsilon}
