"""Infers the latent variable when modalities are missing."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.objectives.terms import LOG_OF_0
from jmvae_tf.runtime.randomness import fold, sample, split

ProductConvention = Literal["prior_expert", "none", "full_only", "divide"]
"""What a product of experts does with the prior; see `product_of_experts`."""


def product_of_experts(
    experts: Sequence[tfd.MultivariateNormalDiag],
    observed: Sequence[tf.Tensor | None] = (),
    convention: ProductConvention = "divide",
) -> tfd.MultivariateNormalDiag:
    """Multiplies experts q(z|x_i), diagonal Gaussians, and what a convention makes of the prior.

    The product has the precision T and the mean sum_i mu_i T_i / T, with T_i = 1/sigma_i^2:

        divide:        prod_i q(z|x_i) / p(z)^(m-1), T = 1 + sum_i max(T_i - 1, 0)
        prior_expert:  p(z) prod_i q(z|x_i), T = 1 + sum_i T_i
        none:          prod_i q(z|x_i), T = sum_i T_i
        full_only:     prior_expert where all m experts take part, else none

    If modalities are conditionally independent given z, "divide" is exact for experts that are the
    posteriors p(z|x_i), and "prior_expert" for experts that are proportional to the likelihoods.
    MVAE has "prior_expert", MVTCAE and CRMVAE "none", MoPoE "full_only".

    With "divide" an expert that is not narrower than the prior is left out, value by value, since
    q(z|x_i) / p(z) is no Gaussian then. So if its mean is not 0, the product's mean jumps where
    sigma_i crosses 1.

    Args:
      experts: the encoders' distributions, of the same shape.
      observed: for each expert, in which examples it takes part, bool, [batch]; None for all. An
        example without experts gets the prior. Empty if all experts take part.
      convention: one of the four above.

    Returns:
      A distribution of the same shape as the experts.
    """
    rows = observed or [None] * len(experts)
    precision = _precision_of_prior(rows, convention, experts[0].mean())
    weighted_mean = tf.zeros_like(precision)
    for expert, row in zip(experts, rows, strict=True):
        excess = 1.0 / expert.variance()
        taking_part = None if row is None else row[:, tf.newaxis]
        if convention == "divide":
            excess -= 1.0
            narrower = excess > 0.0
            taking_part = narrower if row is None else tf.logical_and(narrower, taking_part)
        precision += _where(taking_part, excess)
        weighted_mean += _where(taking_part, expert.mean() / expert.variance())
    return tfd.MultivariateNormalDiag(weighted_mean / precision, tf.math.rsqrt(precision))


def _precision_of_prior(
    rows: Sequence[tf.Tensor | None], convention: ProductConvention, like: tf.Tensor
) -> tf.Tensor:
    """Returns the precision that the prior adds to a product, 1 or 0 in each example."""
    if convention in ("divide", "prior_expert"):
        return tf.ones_like(like)
    batch = like[..., 0]
    has = [tf.ones_like(batch) if row is None else tf.cast(row, like.dtype) for row in rows]
    number = tf.add_n(has)
    counts = number == 0
    if convention == "full_only":
        counts = tf.logical_or(counts, number == len(rows))
    return tf.broadcast_to(tf.cast(counts, like.dtype)[..., tf.newaxis], tf.shape(like))


def _where(rows: tf.Tensor | None, x: tf.Tensor) -> tf.Tensor:
    """Returns x, 0 where not taking part; all take part if `rows` is None."""
    return x if rows is None else tf.where(rows, x, 0.0)


def geometric_mean(
    experts: Sequence[tfd.MultivariateNormalDiag], shares: Sequence[tf.Tensor]
) -> tfd.MultivariateNormalDiag:
    """Computes f(z), proportional to p(z)^pi_0 prod_i q(z|x_i)^pi_i, mmJSD's dynamic prior.

        T = pi_0 + sum_i pi_i T_i, mean sum_i pi_i T_i mu_i / T    (Sutter et al. 2020, Eq. 9)

    Args:
      experts: the encoders' distributions, of the same shape.
      shares: pi_i of each, [batch], 0 where it does not take part; the prior has the rest, pi_0.
    """
    of_prior = 1.0 - tf.add_n(list(shares))
    precision = of_prior[:, tf.newaxis] * tf.ones_like(experts[0].mean())
    weighted_mean = tf.zeros_like(precision)
    for expert, share in zip(experts, shares, strict=True):
        of_expert = share[:, tf.newaxis] / expert.variance()
        precision += of_expert
        weighted_mean += of_expert * expert.mean()
    return tfd.MultivariateNormalDiag(weighted_mean / precision, tf.math.rsqrt(precision))


def hoelder_pool(
    experts: Sequence[tfd.MultivariateNormalDiag], observed: Sequence[tf.Tensor | None] = ()
) -> tfd.MultivariateNormalDiag:
    """Pools experts by a Hölder mean of order 1/2, and takes a Gaussian of the pool's moments.

        c [sum_i q_i + 2 sum_{i<j} S_ij N(m_ij, v_ij)],    c = 1/(m + 2 sum_{i<j} S_ij),
        m_ij = (mu_i s_j^2 + mu_j s_i^2)/(s_i^2 + s_j^2),  v_ij = 2 s_i^2 s_j^2/(s_i^2 + s_j^2),
        S_ij = prod_d sqrt(2 s_i s_j/(s_i^2 + s_j^2)) exp(-(mu_i - mu_j)^2/(4 (s_i^2 + s_j^2)))

    The pool is proportional to (sum_i sqrt(q_i))^2. Its mean and its variances, value by value, are
    those of the Gaussian (arXiv 2601.06572).

    Args:
      experts: the encoders' distributions q_i, of the same shape.
      observed: see `product_of_experts`; an example without experts gets the prior.
    """
    rows = list(observed) or [None] * len(experts)
    means, variances, log_weights = [], [], []
    for i, q_i in enumerate(experts):
        for j, q_j in enumerate(experts[: i + 1]):
            total = q_i.variance() + q_j.variance()
            product = q_i.stddev() * q_j.stddev()
            means.append((q_i.mean() * q_j.variance() + q_j.mean() * q_i.variance()) / total)
            variances.append(2 * tf.square(product) / total)
            log_s = tf.reduce_sum(
                0.5 * tf.math.log(2 * product / total)
                - tf.square(q_i.mean() - q_j.mean()) / (4 * total),
                axis=-1,
            )
            log_weight = log_s + (0.0 if i == j else math.log(2.0))
            for row in (rows[i], rows[j]):
                log_weight = log_weight if row is None else tf.where(row, log_weight, LOG_OF_0)
            log_weights.append(log_weight)
    weights = tf.nn.softmax(tf.stack(log_weights), axis=0)[..., tf.newaxis]
    mean = tf.reduce_sum(weights * tf.stack(means), axis=0)
    spread = tf.stack(variances) + tf.square(tf.stack(means) - mean)
    variance = tf.reduce_sum(weights * spread, axis=0)
    pool = tfd.MultivariateNormalDiag(mean, tf.sqrt(variance))
    if None in rows:
        return pool
    prior = tfd.MultivariateNormalDiag(tf.zeros_like(mean), tf.ones_like(mean))
    return by_example(tf.reduce_any(tf.stack(rows), axis=0), pool, prior)


def mixture_of_experts(
    experts: Sequence[tfd.Distribution],
    prior: tfd.Distribution,
    observed: Sequence[tf.Tensor | None] = (),
) -> tfd.Distribution:
    """Mixes experts in equal parts: 1/|S| sum_{i in S} q(z|x_i).

    A sample comes from one expert, chosen for each sample and example. It has no gradient.

    Args:
      experts: the encoders' distributions, of the same shape and family.
      prior: p(z), of the same family, which an example without experts gets.
      observed: see `product_of_experts`.

    Returns:
      A distribution of the same shape as the experts; a single expert as it is.
    """
    rows = list(observed) or [None] * len(experts)
    if rows == [None]:
        return experts[0]
    first = experts[0].mean()
    has = [tf.ones_like(first[..., 0]) if x is None else tf.cast(x, first.dtype) for x in rows]
    means, scales = ([of(q) for q in experts] for of in (tfd.Distribution.mean, scale_of))
    if None not in rows:
        means.append(tf.broadcast_to(prior.mean(), tf.shape(first)))
        scales.append(tf.broadcast_to(scale_of(prior), tf.shape(first)))
        has.append(tf.cast(tf.add_n(has) == 0, first.dtype))
    components = of_family(experts[0], tf.stack(means, axis=-2), tf.stack(scales, axis=-2))
    number = tf.add_n(has)[..., tf.newaxis]
    return tfd.MixtureSameFamily(tfd.Categorical(probs=tf.stack(has, axis=-1) / number), components)


def scale_of(q: tfd.Distribution) -> tf.Tensor:
    """Returns the scales of a Gaussian or a Laplace distribution of independent values."""
    return q.distribution.scale if isinstance(q, tfd.Independent) else q.stddev()


def of_family(q: tfd.Distribution, mean: tf.Tensor, scale: tf.Tensor) -> tfd.Distribution:
    """Makes a Gaussian of independent values, or a Laplace distribution if `q` is one."""
    if isinstance(q, tfd.Independent):
        return tfd.Independent(tfd.Laplace(mean, scale), 1)
    return tfd.MultivariateNormalDiag(mean, scale)


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
