"""Infers the latent variable when modalities are missing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.runtime.randomness import fold, sample, split


def product_of_experts(
    experts: Sequence[tfd.MultivariateNormalDiag],
    observed: Sequence[tf.Tensor | None] = (),
) -> tfd.MultivariateNormalDiag:
    """prod_i q(z|x_i) / p(z)^(m-1) for m diagonal Gaussians and the prior p(z) = N(0, I).

    q(z|x_i) / p(z) is a Gaussian factor of precision 1/sigma_i^2 - 1 and precision-weighted mean
    mu_i / sigma_i^2; the prior's own precision is 1. Where an expert is not narrower than the
    prior, its factor is not a Gaussian and is left out, value by value. So if an expert's mean is
    not 0, the product's mean jumps where sigma_i crosses 1. The product is exact if the modalities
    are conditionally independent given z and the encoders are the true posteriors.

    Args:
      experts: the encoders' distributions, of the same shape.
      observed: for each expert, in which examples it takes part, bool, [batch]; None for all. An
        example without experts gets the prior. Empty if all experts take part.

    Returns:
      A distribution of the same shape as the experts.
    """
    precision = tf.ones_like(experts[0].mean())
    weighted_mean = tf.zeros_like(precision)
    for expert, rows in zip(experts, observed or [None] * len(experts), strict=True):
        excess = 1.0 / expert.variance() - 1.0
        narrower = excess > 0.0
        if rows is not None:
            narrower = tf.logical_and(narrower, rows[:, tf.newaxis])
        precision += tf.where(narrower, excess, 0.0)
        weighted_mean += tf.where(narrower, expert.mean() / expert.variance(), 0.0)
    return tfd.MultivariateNormalDiag(weighted_mean / precision, tf.math.rsqrt(precision))


def posterior_of_observed(
    joint: tfd.MultivariateNormalDiag | None,
    experts: Mapping[str, tfd.MultivariateNormalDiag],
    observed: Mapping[str, tf.Tensor],
) -> tfd.MultivariateNormalDiag:
    """q(z|x_S), chosen for each example by the modalities S that are observed in it.

        all modalities: q(z|x,w)    one: q(z|x)    several: their product    none: p(z)

    Args:
      joint: the joint encoder's distribution, [batch, latent_dim]; None if no example is complete.
      experts: modality name to its own encoder's distribution, of the same shape.
      observed: modality name to bool, [batch]; those without an entry are always observed.
    """
    always = tf.ones(tf.shape(next(iter(experts.values())).mean())[:1], tf.bool)
    rows = {name: observed.get(name, always) for name in experts}
    number = tf.add_n([tf.cast(row, tf.int32) for row in rows.values()])
    q = product_of_experts(list(experts.values()), list(rows.values()))
    for name, row in rows.items():
        q = by_example(tf.logical_and(row, number == 1), experts[name], q)
    return q if joint is None else by_example(number == len(experts), joint, q)


def by_example(
    chosen: tf.Tensor, q: tfd.MultivariateNormalDiag, other: tfd.MultivariateNormalDiag
) -> tfd.MultivariateNormalDiag:
    """Returns q for the examples that are chosen, bool [batch], and the other one elsewhere."""
    rows = chosen[:, tf.newaxis]
    mean = tf.where(rows, q.mean(), other.mean())
    return tfd.MultivariateNormalDiag(mean, tf.where(rows, q.stddev(), other.stddev()))


def iterative_sampling(
    initial: Mapping[str, tf.Tensor],
    missing: Sequence[str],
    sample_z: Callable[[Mapping[str, tf.Tensor], tf.Tensor], tf.Tensor],
    decode: Callable[[tf.Tensor], Mapping[str, tfd.Distribution]],
    num_rounds: int,
    seed: tf.Tensor,
    feed_back: Literal["samples", "means"] = "samples",
    observed: Mapping[str, tf.Tensor] | None = None,
    marks: Mapping[str, tf.Tensor] | None = None,
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
      observed: of modalities that only some examples lack, name to the others, bool, of as many
        axes as the modality. They stay as they are.
      marks: further entries of `initial`, and what they are after a round: bool, they tell the
        encoder which values are observed.

    Returns:
      Modality name to [batch, *event_shape], and the marks.
    """

    def feed(step: tf.Tensor, filled: dict[str, tf.Tensor]) -> tuple[tf.Tensor, dict]:
        seed_z, *seeds = split(fold(seed, step), 1 + len(missing))
        decoded = decode(sample_z({**initial, **filled}, seed_z))
        fed = {
            name: sample(decoded[name], seed_x) if feed_back == "samples" else decoded[name].mean()
            for name, seed_x in zip(missing, seeds, strict=True)
        }
        for name, kept in (observed or {}).items():
            fed[name] = tf.where(kept, initial[name], fed[name])
        return step + 1, {**fed, **(marks or {})}

    filled = {name: initial[name] for name in (*missing, *(marks or ()))}
    if num_rounds > 1:
        _, filled = tf.while_loop(
            lambda step, _: step < num_rounds - 1, feed, (tf.constant(0), filled)
        )
    return {**initial, **filled}
