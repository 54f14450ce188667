"""Spectral normalisation: layers whose largest singular value is 1."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="jmvae_tf")
class SpectralNorm(keras.layers.Layer):
    """A layer that divides its kernel W by an estimate of its largest singular value.

        W / sigma(W),    sigma(W) = v^T W u

    u and v come from one step of the power method in each training step, `update`; in gradients
    they are constants (Miyato et al. 2018, "Spectral normalization for GANs", Algorithm 1). The
    kernel of a convolution is a matrix [height x width x inputs, outputs]. All this is in float32;
    the layer itself computes in its own precision. Keras's layer of this name writes the normalised
    kernel over W, which replicas cannot do; this one leaves W as it is trained.

    Args:
      layer: a dense layer or a convolution.
      **kwargs: passed to `keras.layers.Layer`.
    """

    def __init__(self, layer: keras.layers.Layer, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.layer = layer

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Builds the layer, and u at random."""
        self.layer.build(input_shape)
        self.u = self.add_weight(
            name="u",
            shape=(self.layer.kernel.shape[-1],),
            initializer="random_normal",
            trainable=False,
            dtype="float32",
            aggregation="only_first_replica",  # All have the same kernel, and so the same u.
        )

    def update(self) -> None:
        """Takes a step of the power method, once before the passes of a training step."""
        w, u = self._matrix(), tf.convert_to_tensor(self.u.value)
        v = tf.math.l2_normalize(tf.linalg.matvec(w, u))
        self.u.assign(tf.math.l2_normalize(tf.linalg.matvec(w, v, transpose_a=True)))

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Applies the layer with its normalised kernel."""
        w = self._matrix()
        constant = tf.stop_gradient(w)
        u = tf.math.l2_normalize(tf.convert_to_tensor(self.u.value))
        v = tf.math.l2_normalize(tf.linalg.matvec(constant, u))
        sigma = tf.tensordot(v, tf.linalg.matvec(w, u), 1)
        kernel = tf.convert_to_tensor(self.layer.kernel.value) / sigma
        with keras.StatelessScope(state_mapping=[(self.layer.kernel, kernel)]):
            return self.layer(inputs)

    def _matrix(self) -> tf.Tensor:
        kernel = tf.convert_to_tensor(self.layer.kernel.value)
        return tf.reshape(kernel, (-1, kernel.shape[-1]))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the layer's own."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        layer = keras.saving.serialize_keras_object(self.layer)
        return {**super().get_config(), "layer": layer}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "SpectralNorm":
        """Makes the layer that `get_config` described."""
        return cls(keras.saving.deserialize_keras_object(config.pop("layer")), **config)
