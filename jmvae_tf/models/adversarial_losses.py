"""The losses of generator and discriminator: nats, one value per example, to be minimised.

Notation: x is a real image, f a fake one, and D(.) = sigmoid(logit) the probability that the
discriminator gives to "real". The authors' code has two kinds of fakes: reconstructions and images
decoded from samples of the prior. It adds their terms, as VAE-GAN does (Larsen et al. 2016).
Functions are pure and average nothing over the batch.
"""

from collections.abc import Sequence

import tensorflow as tf


def discriminator_loss(real: tf.Tensor, fakes: Sequence[tf.Tensor]) -> tf.Tensor:
    """The binary cross-entropy of the discriminator.

        -log D(x) - sum_f log(1 - D(f))

    Args:
      real: float32, [batch], the logits of real images.
      fakes: the logits of each kind of fakes, float32, [batch] each.

    Returns:
      float32, [batch].
    """
    loss = tf.math.softplus(-real)  # -log D(x)
    for fake in fakes:
        loss += tf.math.softplus(fake)  # -log(1 - D(f))
    return loss


def generator_loss(fakes: Sequence[tf.Tensor]) -> tf.Tensor:
    """The non-saturating loss of the generator (Goodfellow et al. 2014).

        -sum_f log D(f)

    Args:
      fakes: float32, [batch] each, the logits of each kind of fakes.

    Returns:
      float32, [batch].
    """
    loss = tf.zeros_like(fakes[0])
    for fake in fakes:
        loss += tf.math.softplus(-fake)  # -log D(f)
    return loss
