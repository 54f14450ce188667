"""The learned similarity of VAE-GAN: reconstructions are compared in a discriminator's layer."""

import tensorflow as tf


def learned_dissimilarity(real: tf.Tensor, reconstruction: tf.Tensor) -> tf.Tensor:
    """Computes minus log p(f(x)|z) of VAE-GAN, without its constant: nats, to be minimised.

        1/2 |f(x) - f(x~)|^2,    p(f(x)|z) = N(f(x); f(x~), I)

    f is a layer of the discriminator, which is not trained on this loss (Larsen et al. 2016,
    "Autoencoding beyond pixels using a learned similarity metric", Eq. 7 and 8).

    Args:
      real: f(x), [batch, ...]; a constant to the gradient.
      reconstruction: f(x~), of the same shape.

    Returns:
      float32, [batch].
    """
    difference = tf.cast(reconstruction - tf.stop_gradient(real), tf.float32)
    return 0.5 * tf.reduce_sum(tf.square(difference), axis=range(1, difference.shape.rank))
