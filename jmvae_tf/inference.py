"""Infers the latent variable when modalities are missing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.runtime.randomness import fold, sample, split


def product_of_experts(
    experts: Sequence[tfd.MultivariateNormalDiag],
) -> tfd.MultivariateNormalDiag:
    """prod_i q(z|x_i) / p(z)^(m-1) for m diagonal Gaussians and the prior p(z) = N(0, I).

    q(z|x_i) / p(z) is a Gaussian factor of precision 1/sigma_i^2 - 1 and precision-weighted mean
    mu_i / sigma_i^2; the prior's own precision is 1. Where an expert is not narrower than the
    prior, its factor is not a Gaussian and is left out, value by value. So if an expert's mean is
    not 0, the product's mean jumps where sigma_i crosses 1. The product is exact if the modalities
    are conditionally independent given z and the encoders are the true posteriors.

    Args:
      experts: the encoders' distributions, of the same shape.

    Returns:
      A distribution of the same shape as the experts.
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
    sample_z: Callable[[Mapping[str, tf.Tensor], tf.Tensor], tf.Tensor],
    decode: Callable[[tf.Tensor], Mapping[str, tfd.Distribution]],
    num_rounds: int,
    seed: tf.Tensor,
    feed_back: Literal["samples", "means"] = "samples",
) -> dict[str, tf.Tensor]:
    """Fills in missing modalities with a Markov chain.

    Each round samples from the kernel T(x'|x,w) = int p(x'|z) q(z|x,w) dz of the 2018 paper,
    "Complement of a missing modality": z from the encoder, then the missing modalities from the
    decoders. These are fed back to the encoder in the next round. The caller samples the z of the
    last round, so with one round `initial` is returned unchanged.

    Args:
      initial: all modalities, [batch, *event_shape] each; the missing ones start as zeros or noise.
      missing: the names of the missing modalities; the others stay as they are.
      sample_z: maps all modalities and a seed to the z that decoders take.
      decode: maps z to a distribution for each modality.
      num_rounds: number of z sampled along the chain, including the caller's; at least 1.
      seed: int32, [2], or [batch, 2] for one per example.
      feed_back: "samples" feeds back samples of p(x|z), which gives a Markov chain with the kernel
        T; "means" feeds back its means.

    Returns:
      Modality name to [batch, *event_shape].
    """

    def feed(step: tf.Tensor, filled: dict[str, tf.Tensor]) -> tuple[tf.Tensor, dict]:
        seed_z, *seeds = split(fold(seed, step), 1 + len(missing))
        decoded = decode(sample_z({**initial, **filled}, seed_z))
        fed = {
            name: sample(decoded[name], seed_x) if feed_back == "samples" else decoded[name].mean()
            for name, seed_x in zip(missing, seeds, strict=True)
        }
        return step + 1, fed

    filled = {name: initial[name] for name in missing}
    if num_rounds > 1:
        _, filled = tf.while_loop(
            lambda step, _: step < num_rounds - 1, feed, (tf.constant(0), filled)
        )
    return {**initial, **filled}
