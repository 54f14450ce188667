"""The losses of generator and discriminator: one value per example, to be minimised.

Notation: x is a real image, f one of K kinds of fakes, d(.) the discriminator's logit and
D(.) = sigmoid(d(.)) the probability that it gives to "real". Functions are pure and average nothing
over the batch.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import tensorflow as tf


class Loss(NamedTuple):
    """A pair of losses.

    Attributes:
      of_discriminator: maps the logits of real images, float32 [batch], and those of each kind of
        fakes, [batch] each, to [batch].
      of_generator: maps the logits of each kind of fakes to [batch].
    """

    of_discriminator: Callable[[tf.Tensor, Sequence[tf.Tensor]], tf.Tensor]
    of_generator: Callable[[Sequence[tf.Tensor]], tf.Tensor]


def summed_cross_entropy(real: tf.Tensor, fakes: Sequence[tf.Tensor]) -> tf.Tensor:
    """The authors' loss of the discriminator: nats, summed over the kinds of fakes.

        -log D(x) - sum_f log(1 - D(f))

    It adds the terms of two kinds, as VAE-GAN does (Larsen et al. 2016): reconstructions, and
    images at samples of the prior.
    """
    return tf.math.softplus(-real) + tf.add_n([tf.math.softplus(fake) for fake in fakes])


def summed_non_saturating(fakes: Sequence[tf.Tensor]) -> tf.Tensor:
    """The authors' loss of the generator: nats, summed over the kinds of fakes.

    -sum_f log D(f)
    """
    return tf.add_n([tf.math.softplus(-fake) for fake in fakes])


def cross_entropy(real: tf.Tensor, fakes: Sequence[tf.Tensor]) -> tf.Tensor:
    """The binary cross-entropy of the discriminator (Goodfellow et al. 2014), nats.

    -log D(x) - 1/K sum_f log(1 - D(f))
    """
    return tf.math.softplus(-real) + _mean(tf.math.softplus(fake) for fake in fakes)


def non_saturating(fakes: Sequence[tf.Tensor]) -> tf.Tensor:
    """The non-saturating loss of the generator (Goodfellow et al. 2014), nats.

    -1/K sum_f log D(f)
    """
    return _mean(tf.math.softplus(-fake) for fake in fakes)


def discriminator_hinge(real: tf.Tensor, fakes: Sequence[tf.Tensor]) -> tf.Tensor:
    """The hinge loss of the discriminator (Lim and Ye 2017; Miyato et al. 2018, Eq. 16).

    max(0, 1 - d(x)) + 1/K sum_f max(0, 1 + d(f))
    """
    return tf.nn.relu(1.0 - real) + _mean(tf.nn.relu(1.0 + fake) for fake in fakes)


def generator_hinge(fakes: Sequence[tf.Tensor]) -> tf.Tensor:
    """The loss of the generator beside `discriminator_hinge` (Miyato et al. 2018, Eq. 17).

    -1/K sum_f d(f)
    """
    return _mean(-fake for fake in fakes)


def _mean(losses: Iterable[tf.Tensor]) -> tf.Tensor:
    of_kinds = list(losses)
    return tf.add_n(of_kinds) / len(of_kinds)


LOSSES = {
    "original": Loss(summed_cross_entropy, summed_non_saturating),
    "non_saturating": Loss(cross_entropy, non_saturating),
    "hinge": Loss(discriminator_hinge, generator_hinge),
}
"""Each loss by its name in `--adversary`."""
