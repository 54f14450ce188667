"""Objectives of models whose q(z|x_S) is or comes from a mixture: MoPoE, mmJSD, MMVM and HELVAE.

q_m = q(z|x_m) is the encoder of modality m. In examples that lack modalities, S has the others, and
weights of a mixture are those of S.

Sources: Sutter et al. 2021, "Generalized multimodal ELBO", arXiv 2105.02470 (MoPoE); Sutter et al.
2020, "Multimodal generative learning utilizing Jensen-Shannon-divergence", arXiv 2006.08242
(mmJSD); Sutter et al. 2024, "Unity by diversity: improved representation learning in multimodal
VAEs", arXiv 2403.05300 (MMVM); arXiv 2601.06572 (HELVAE).
"""

from collections.abc import Mapping, Sequence

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.likelihoods import observed_log_prob
from jmvae_tf.objectives.papers import jmvae_bound
from jmvae_tf.objectives.terms import (
    LOG_OF_0,
    Bound,
    Weight,
    counted_term,
    named,
    weights_and_masks,
    where_observed,
)


def mopoe_bound(
    data: Mapping[str, tf.Tensor],
    q_z_s: Sequence[tfd.Distribution],
    shares: Sequence[tf.Tensor],
    p_z: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """L_MoPoE(X): a mixture of the products of experts of all subsets (Sutter et al. 2021, Eq. 6).

        sum_m a_m E_q(z|X) [log p(x_m|z)] - beta sum_S w_S D_KL(q(z|x_S) || p(z)),
        q(z|X) = sum_S w_S q(z|x_S),    w_S = 1/(2^M - 1)

    Args:
      data: modality name to events, [batch, *event_shape].
      q_z_s: q(z|x_S) of each non-empty subset.
      shares: w_S of each, [batch]; 0 for subsets with a modality that an example lacks.
      p_z: the prior.
      p_x_z: modality name to p(x|z) at one z of one subset, drawn for each example with
        probability w_S.
      kl_weight: beta.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The bound; its terms are `kl_prior`, the sum over the subsets, and `log_p_<modality>`.
    """
    a, observed = weights_and_masks(data, p_x_z, likelihood_weights, masks)
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    kl_prior = counted_term(
        kl_weight,
        sum(
            counted_term(share, share * tfd.kl_divergence(q, p_z))
            for q, share in zip(q_z_s, shares, strict=True)
        ),
    )
    value = (
        sum(a[x] * log_p[x] for x in log_p)  # sum_m a_m log p(x_m|z)
        - kl_weight * kl_prior  # -beta sum_S w_S D_KL(q(z|x_S) || p(z))
    )
    return Bound(value, {"kl_prior": kl_prior, **named("log_p", log_p)}, p_x_z)


def mmjsd_objective(
    data: Mapping[str, tf.Tensor],
    q_z_x: Mapping[str, tfd.Distribution],
    shares: Mapping[str, tf.Tensor],
    p_z: tfd.Distribution,
    dynamic_prior: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """L_mmJSD(X): a Jensen-Shannon divergence of experts and prior (Sutter et al. 2020, Eq. 10).

        sum_m a_m E_q(z|X) [log p(x_m|z)]
            - beta [pi_0 D_KL(p(z) || f) + sum_m pi_m D_KL(q(z|x_m) || f)]

    q(z|X) is the mixture of the experts, f the geometric mean of experts and prior, and all of
    these M + 1 have the same share pi. It is no lower bound.

    Args:
      data: modality name to events, [batch, *event_shape].
      q_z_x: modality name to its expert q(z|x_m).
      shares: modality name to pi_m, [batch], 0 in examples that lack it; the rest is pi_0.
      p_z: the prior.
      dynamic_prior: f, see `inference.geometric_mean`.
      p_x_z: modality name to p(x|z) at one z of one expert, drawn for each example.
      kl_weight: beta.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The value; its terms are `kl_prior`, that of the prior, `kl_<modality>` and
      `log_p_<modality>`.
    """
    a, observed = weights_and_masks(data, p_x_z, likelihood_weights, masks)
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    kl_prior = counted_term(kl_weight, tfd.kl_divergence(p_z, dynamic_prior))
    kl = {
        x: counted_term(shares[x], counted_term(kl_weight, tfd.kl_divergence(q, dynamic_prior)))
        for x, q in q_z_x.items()
    }
    of_prior = 1.0 - sum(shares.values())  # pi_0
    value = (
        sum(a[x] * log_p[x] for x in log_p)  # sum_m a_m log p(x_m|z)
        - kl_weight * of_prior * kl_prior  # -beta pi_0 D_KL(p(z) || f)
        - kl_weight * sum(shares[x] * kl[x] for x in kl)  # -beta sum_m pi_m D_KL(q(z|x_m) || f)
    )
    terms = {"kl_prior": kl_prior, **named("kl", kl), **named("log_p", log_p)}
    return Bound(value, terms, p_x_z)


def mmvm_objective(
    data: Mapping[str, tf.Tensor],
    q_z_x: Mapping[str, tfd.Distribution],
    p_x_z: Mapping[str, tfd.Distribution],
    z: Mapping[str, tf.Tensor] | None = None,
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """L_MMVM(X): each modality has its own z, drawn to those of the others (Sutter et al. 2024).

        sum_m a_m E_q(z_m|x_m) [log p(x_m|z_m)] - beta sum_m D_KL(q(z|x_m) || h(z)),
        h(z) = 1/|S| sum_{m in S} q(z|x_m)

    With `z` the divergences from the mixture h are estimated, and each of them is at most log |S|.
    Without, as in the authors' code, an upper bound of each takes its place:

        D_KL(q(z|x_m) || h(z)) <= 1/|S| sum_{j in S} D_KL(q(z|x_m) || q(z|x_j))

    There is no p(z), and it is no lower bound of log p(X).

    Args:
      data: modality name to events, [batch, *event_shape].
      q_z_x: modality name to its expert q(z|x_m).
      p_x_z: modality name to p(x|z) at one z ~ q(z|x_m) of the same modality.
      z: modality name to that z, [batch, latent_dim]; None for the upper bound.
      kl_weight: beta.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The value; its terms are `log_p_<modality>` and `kl_<modality>`.
    """
    a, observed = weights_and_masks(data, p_x_z, likelihood_weights, masks)
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    ones = tf.ones_like(next(iter(log_p.values())))
    has = {x: where_observed(x, masks, ones) for x in q_z_x}
    number = tf.maximum(sum(has.values()), 1.0)  # |S|
    if z is None:
        kl = {
            x: sum(counted_term(has[j], tfd.kl_divergence(q, q_z_x[j])) for j in q_z_x) / number
            for x, q in q_z_x.items()
        }
    else:
        kl = {
            x: q.log_prob(z[x]) - _log_mixture(z[x], q_z_x, has, number) for x, q in q_z_x.items()
        }
    kl = {x: where_observed(x, masks, counted_term(kl_weight, term)) for x, term in kl.items()}
    value = (
        sum(a[x] * log_p[x] for x in log_p)  # sum_m a_m log p(x_m|z_m)
        - kl_weight * sum(kl.values())  # -beta sum_m D_KL(q(z|x_m) || h(z))
    )
    return Bound(value, {**named("log_p", log_p), **named("kl", kl)}, p_x_z)


def helvae_bound(
    data: Mapping[str, tf.Tensor],
    q_z_s: tfd.Distribution,
    p_z: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """L_HELVAE(X): the ELBO of a Gaussian that stands for a Hölder pool (arXiv 2601.06572).

        -beta D_KL(q(z|x_S) || p(z)) + sum_{m in S} a_m E_q(z|x_S) [log p(x_m|z)]

    Args:
      data: modality name to events, [batch, *event_shape].
      q_z_s: q(z|x_S), see `inference.hoelder_pool`.
      p_z: the prior.
      p_x_z: modality name to p(x|z) at one z ~ q(z|x_S).
      kl_weight: beta.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The bound; its terms are `kl_prior` and `log_p_<modality>`.
    """
    return jmvae_bound(data, q_z_s, p_z, p_x_z, kl_weight, likelihood_weights, masks)


def _log_mixture(
    z: tf.Tensor,
    q_z_x: Mapping[str, tfd.Distribution],
    has: Mapping[str, tf.Tensor],
    number: tf.Tensor,
) -> tf.Tensor:
    """The logarithm of h(z)."""
    log_q = [tf.where(has[x] > 0, q.log_prob(z), LOG_OF_0) for x, q in q_z_x.items()]
    return tf.reduce_logsumexp(tf.stack(log_q), axis=0) - tf.math.log(number)
