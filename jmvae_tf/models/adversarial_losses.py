"""The losses of a generator and its discriminator, in nats, one value an example, to be minimised.

Notation: x is a real image, f a fake one, D(.) = sigmoid(logit) the probability that the
discriminator gives to "real". The authors' code has two kinds of fakes, reconstructions and what
the decoder makes of draws from the prior, and adds their terms, as VAE-GAN does (Larsen et al.
2016). Functions are pure, and nothing is averaged over the batch.
"""

from collections.abc import Sequence

import tensorflow as tf


def discriminator_loss(real: tf.Tensor, fakes: Sequence[tf.Tensor]) -> tf.Tensor:
    """The binary cross-entropy of the discriminator.

        -log D(x) - sum_f log(1 - D(f))

    Args:
      real: float32, [batch], the logits of real images.
      fakes: the same of each kind of fakes.

    Returns:
      float32, [batch].
    """
    loss = tf.math.softplus(-real)  # -log D(x)
    for fake in fakes:
        loss += tf.math.softplus(fake)  # -log(1 - D(f))
    return loss


def generator_loss(fakes: Sequence[tf.Tensor]) -> tf.Tensor:
    """The generator's loss in the form that does not saturate (Goodfellow et al. 2014).

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
