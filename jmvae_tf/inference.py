"""Inference of the latent variable when modalities are missing."""

from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.randomness import fold, split


def product_of_experts(
    experts: Sequence[tfd.MultivariateNormalDiag],
) -> tfd.MultivariateNormalDiag:
    """prod_i q(z|x_i) / p(z)^(m-1) for m diagonal Gaussians and the prior p(z) = N(0, I).

    q(z|x_i) / p(z) is a Gaussian factor of precision 1/sigma_i^2 - 1 and precision-weighted mean
    mu_i / sigma_i^2; the prior's own precision is 1. An expert that is nowhere narrower than the
    prior says nothing and its factor, which would be no Gaussian, is left out, value by value; so
    a mean that is not 0 makes the product's mean jump where sigma_i crosses 1.
    The product is exact where the modalities are conditionally independent given z and the
    encoders are the true posteriors.

    Args:
      experts: the encoders' distributions, of the same shape.

    Returns:
      A distribution of the shape of each expert.
    """
    precision = tf.ones_like(experts[0].mean())
    weighted_mean = tf.zeros_like(precision)
    for expert in experts:
        excess = 1.0 / expert.variance() - 1.0
        narrower = excess > 0.0
        precision += tf.where(narrower, excess, 0.0)
        weighted_mean += tf.where(narrower, expert.mean() / expert.variance(), 0.0)
    return tfd.MultivariateNormalDiag(weighted_mean / precision, tf.math.rsqrt(precision))


def iterative_sampling(
    initial: Mapping[str, tf.Tensor],
    missing: Sequence[str],
    encode: Callable[[Mapping[str, tf.Tensor]], tfd.Distribution],
    decode: Callable[[tf.Tensor], Mapping[str, tfd.Distribution]],
    num_rounds: int,
    seed: tf.Tensor,
) -> tfd.Distribution:
    """q(z|x,w) after the missing modalities have been complemented by a Markov chain.

    Each round draws from the kernel T(x'|x,w) = int p(x'|z) q(z|x,w) dz of the 2018 paper,
    "Complement of a missing modality": z from the encoder, then the missing modalities from the
    decoders, fed back to the encoder. The last round needs no decoder: its z is for the caller to
    draw, from the distribution returned.

    Args:
      initial: all modalities, [batch, *event_shape] each, the missing ones as zeros or noise.
      missing: the names of the missing ones; the others stay as they are.
      encode: all modalities to q(z|x,w).
      decode: z to a distribution for each modality.
      num_rounds: how many z are drawn along the chain, the caller's among them; at least 1.
      seed: int32, [2].

    Returns:
      The encoder's distribution in the last round.
    """

    def feed_back(step: tf.Tensor, filled: dict[str, tf.Tensor]) -> tuple[tf.Tensor, dict]:
        seed_z, *seeds = split(fold(seed, step), 1 + len(missing))
        decoded = decode(encode({**initial, **filled}).sample(seed=seed_z))
        drawn = {
            name: decoded[name].sample(seed=seed_x)
            for name, seed_x in zip(missing, seeds, strict=True)
        }
        return step + 1, drawn

    filled = {name: initial[name] for name in missing}
    if num_rounds > 1:
        _, filled = tf.while_loop(
            lambda step, _: step < num_rounds - 1, feed_back, (tf.constant(0), filled)
        )
    return encode({**initial, **filled})
