"""The projection discriminator, which also sees what an image is generated from."""

from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.models.adversaries.spectral_norm import SpectralNorm


@keras.saving.register_keras_serializable(package="jmvae_tf")
class Projection(keras.layers.Layer):
    """Adds to the logit how well an image fits the other modalities.

        d(x, w) = d(x) + (V w)^T h(x) / sqrt(size of h)

    h is what the discriminator's last layer takes (Miyato and Koyama 2018, "cGANs with projection
    discriminator", Eq. 3). The root keeps its size that of d(x) at the start, however wide h is.

    Args:
      spectral: whether to normalise V by its largest singular value.
      **kwargs: passed to `keras.layers.Layer`.
    """

    def __init__(self, spectral: bool = False, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.spectral = spectral

    def build(
        self, features_shape: tuple[int | None, ...], condition_shape: tuple[int | None, ...]
    ) -> None:
        """Makes V for features [batch, size] and conditions [batch, values]."""
        dense = keras.layers.Dense(features_shape[-1], use_bias=False, dtype="float32")
        self.embedding = SpectralNorm(dense) if self.spectral else dense
        self.embedding.build(condition_shape)

    def call(self, features: tf.Tensor, condition: tf.Tensor) -> tf.Tensor:
        """Maps features, [batch, size], and conditions, [batch, values], to float32 [batch]."""
        features = tf.cast(features, tf.float32)
        fit = tf.reduce_sum(self.embedding(condition) * features, axis=-1)
        return fit * features.shape[-1] ** -0.5

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {**super().get_config(), "spectral": self.spectral}
