"""Balances the generator's loss with the reconstruction, by the slopes of both."""

import keras
import tensorflow as tf

_MOMENTUM = 0.98
_LEAST_SLOPE = 1e-4
_MOST = 1e4


def balanced_weight(reconstruction: tf.Tensor, generator: tf.Tensor) -> tf.Tensor:
    """Computes the weight with which the generator's loss G is as steep as the reconstruction R.

        |grad R| / (|grad G| + 1e-4),    at most 1e4

    Gradients are those of the kernel of the decoder's last layer (Esser et al. 2021, "Taming
    transformers for high-resolution image synthesis", Eq. 7).

    Args:
      reconstruction: grad R, the sum over all replicas.
      generator: grad G, of the same shape.

    Returns:
      float32, [].
    """
    weight = tf.norm(reconstruction) / (tf.norm(generator) + _LEAST_SLOPE)
    return tf.stop_gradient(tf.minimum(weight, _MOST))


class AverageWeight(keras.layers.Layer):
    """The moving average of `balanced_weight` over steps, with a momentum of 0.98."""

    def __init__(self) -> None:
        super().__init__(dtype="float32")

    def build(self) -> None:
        """Makes its variable, the same on all replicas."""
        self.average = self.add_weight(
            name="average",
            shape=(),
            initializer="zeros",
            trainable=False,
            dtype="float32",
            aggregation="only_first_replica",
        )

    def call(self, now: tf.Tensor, is_first: tf.Tensor) -> tf.Tensor:
        """Takes this step's weight into the average, and returns that.

        Args:
          now: this step's weight, float32, []; left out if it is not finite, as where a slope in
            float16 overflows.
          is_first: whether there is no average yet, bool, [].
        """
        mixed = _MOMENTUM * self.average + (1 - _MOMENTUM) * now
        average = tf.where(is_first, now, mixed)
        self.average.assign(tf.where(tf.math.is_finite(now), average, self.average))
        return tf.convert_to_tensor(self.average)
