"""Objectives of models whose q(z|x_S) is a product of experts: MVAE, MVTCAE and CRMVAE.

q_S is the product of the encoders q_m = q(z|x_m) of the modalities in S. `inference` has the
conventions of such products.

Sources: Wu and Goodman 2018, "Multimodal generative models for scalable weakly-supervised
learning", arXiv 1802.05335 (MVAE); Hwang et al. 2021, "Multi-view representation learning via total
correlation objective" (MVTCAE); Suzuki and Matsuo 2023, "Mitigating the limitations of multimodal
VAEs with coordination-based approach" (CRMVAE).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.likelihoods import observed_log_prob
from jmvae_tf.objectives.terms import (
    Bound,
    Weight,
    counted_term,
    named,
    weights_and_masks,
    where_observed,
)


class SubsetPass(NamedTuple):
    """A subset S of the modalities, which may differ by example, and the pass through its z.

    Attributes:
      q_z_s: q(z|x_S).
      p_x_z: the name of each modality that S may have to p(x|z) at one z ~ q(z|x_S).
      rows: modality name to the examples whose S has it, bool, [batch]; None for all.
    """

    q_z_s: tfd.Distribution
    p_x_z: Mapping[str, tfd.Distribution]
    rows: Mapping[str, tf.Tensor | None]


def mvae_bound(
    data: Mapping[str, tf.Tensor],
    subsets: Mapping[str, SubsetPass],
    random_subsets: Sequence[SubsetPass],
    p_z: tfd.Distribution,
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """L_MVAE(X): the sum of the ELBOs of some subsets of the modalities.

        sum_j ELBO(S_j),
        ELBO(S) = -beta D_KL(q(z|x_S) || p(z)) + sum_{m in S} a_m E_q(z|x_S) [log p(x_m|z)]

    The subsets are all modalities, each by itself, and k random ones (Wu and Goodman 2018, Section
    2.2). An ELBO of no modalities is 0.

    Args:
      data: modality name to events, [batch, *event_shape].
      subsets: "" to the subset of all modalities, and the name of each modality to its own.
      random_subsets: the random ones.
      p_z: the prior.
      kl_weight: beta.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The sum; its terms are `kl_prior` and one `log_p_<modality>` per modality of all modalities
      together, the same names followed by `_of_<modality>` of each by itself, and
      `elbo_of_subset_1` and so on of the random ones.
    """
    value: tf.Tensor | float = 0.0
    terms: dict[str, tf.Tensor] = {}
    for name, subset in subsets.items():
        elbo = _elbo(data, subset, p_z, kl_weight, likelihood_weights, masks)
        value += elbo.value  # + ELBO(S_j)
        of = f"_of_{name}" if name else ""
        terms |= {f"{term}{of}": x for term, x in elbo.terms.items()}
    for number, subset in enumerate(random_subsets, start=1):
        elbo = _elbo(data, subset, p_z, kl_weight, likelihood_weights, masks)
        value += elbo.value  # + ELBO(S_j)
        terms[f"elbo_of_subset_{number}"] = elbo.value
    return Bound(value, terms, subsets[""].p_x_z)


def _elbo(
    data: Mapping[str, tf.Tensor],
    subset: SubsetPass,
    p_z: tfd.Distribution,
    kl_weight: Weight,
    likelihood_weights: Mapping[str, Weight] | None,
    masks: Mapping[str, tf.Tensor] | None,
) -> Bound:
    """ELBO(S); see `mvae_bound`."""
    a, observed = weights_and_masks(data, subset.p_x_z, likelihood_weights, masks)
    rows = {x: subset.rows.get(x) for x in subset.p_x_z}
    kl_prior = counted_term(kl_weight, tfd.kl_divergence(subset.q_z_s, p_z))
    if None not in rows.values():  # S may be empty.
        kl_prior = tf.where(tf.reduce_any(tf.stack([*rows.values()]), axis=0), kl_prior, 0.0)
    log_p = {
        x: where_observed(x, subset.rows, observed_log_prob(p, data[x], observed.get(x)))
        for x, p in subset.p_x_z.items()
    }
    value = (
        -kl_weight * kl_prior  # -beta D_KL(q(z|x_S) || p(z))
        + sum(a[x] * log_p[x] for x in log_p)  # + sum_{m in S} a_m log p(x_m|z)
    )
    return Bound(value, {"kl_prior": kl_prior, **named("log_p", log_p)}, subset.p_x_z)


def mvtcae_objective(
    data: Mapping[str, tf.Tensor],
    q_z_s: tfd.Distribution,
    q_z_x: Mapping[str, tfd.Distribution],
    p_z: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    alpha: float = 5 / 6,
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """L_MVTCAE(X): total correlation and conditional bottlenecks (Hwang et al. 2021, Eq. 8).

        (M - alpha)/M sum_{m in S} a_m E_q(z|x_S) [log p(x_m|z)]
            - beta [(1 - alpha) D_KL(q(z|x_S) || p(z))
                    + alpha/M sum_{m in S} D_KL(q(z|x_S) || q(z|x_m))]

    It is no lower bound unless alpha is 0, and a beta-VAE's objective then. M counts all
    modalities, also in examples that lack some.

    Args:
      data: modality name to events, [batch, *event_shape].
      q_z_s: q(z|x_S), the product of the experts without the prior.
      q_z_x: modality name to its expert q(z|x_m).
      p_z: the prior.
      p_x_z: modality name to p(x|z) at one z ~ q(z|x_S).
      alpha: 5/6 in the paper, in [0, 1].
      kl_weight: beta; 2.5 in the paper.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The value; its terms are `kl_prior`, `log_p_<modality>` and `kl_<modality>`.
    """
    a, observed = weights_and_masks(data, p_x_z, likelihood_weights, masks)
    m = len(q_z_x)
    kl_prior = counted_term(kl_weight, tfd.kl_divergence(q_z_s, p_z))
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    kl = {
        x: where_observed(x, masks, counted_term(kl_weight, tfd.kl_divergence(q_z_s, q)))
        for x, q in q_z_x.items()
    }
    value = (
        (m - alpha) / m * sum(a[x] * log_p[x] for x in log_p)  # (M-alpha)/M sum_m a_m log p(x_m|z)
        - kl_weight * (1 - alpha) * kl_prior  # -beta (1 - alpha) D_KL(q(z|x_S) || p(z))
        - kl_weight * alpha / m * sum(kl.values())  # -beta alpha/M sum_m D_KL(q(z|x_S)||q(z|x_m))
    )
    return Bound(value, {"kl_prior": kl_prior, **named("log_p", log_p), **named("kl", kl)}, p_x_z)


def crmvae_objective(
    data: Mapping[str, tf.Tensor],
    q_z_s: tfd.Distribution,
    q_z_x: Mapping[str, tfd.Distribution],
    p_z: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    p_x_z_alone: Mapping[str, tfd.Distribution],
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """L_CRMVAE(X): a mean of M + 1 posteriors' objectives (Suzuki and Matsuo 2023).

        1/(M + 1) [sum_{m in S} a_m E_q(z|x_S) [log p(x_m|z)]
                   + sum_{m in S} a_m E_q(z|x_m) [log p(x_m|z)]
                   - beta sum_{m in S} D_KL(q(z|x_S) || q(z|x_m)) - beta D_KL(q(z|x_S) || p(z))]

    It is no lower bound. M counts all modalities, also in examples that lack some. The paper could
    not be read; this is the form that MultiVae documents.

    Args:
      data: modality name to events, [batch, *event_shape].
      q_z_s: q(z|x_S), the product of the experts without the prior.
      q_z_x: modality name to its expert q(z|x_m).
      p_z: the prior.
      p_x_z: modality name to p(x|z) at one z ~ q(z|x_S).
      p_x_z_alone: modality name to p(x|z) at one z ~ q(z|x_m) of the same modality.
      kl_weight: beta.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The value; its terms are `kl_prior`, `log_p_<modality>`, `log_p_<modality>_alone` and
      `kl_<modality>`.
    """
    a, observed = weights_and_masks(data, p_x_z, likelihood_weights, masks)
    m = len(q_z_x)
    kl_prior = counted_term(kl_weight, tfd.kl_divergence(q_z_s, p_z))
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    alone = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z_alone.items()}
    kl = {
        x: where_observed(x, masks, counted_term(kl_weight, tfd.kl_divergence(q_z_s, q)))
        for x, q in q_z_x.items()
    }
    value = (
        sum(a[x] * log_p[x] for x in log_p)  # sum_m a_m log p(x_m|z), z ~ q(z|x_S)
        + sum(a[x] * alone[x] for x in alone)  # + sum_m a_m log p(x_m|z), z ~ q(z|x_m)
        - kl_weight * sum(kl.values())  # -beta sum_m D_KL(q(z|x_S) || q(z|x_m))
        - kl_weight * kl_prior  # -beta D_KL(q(z|x_S) || p(z))
    ) / (m + 1)
    terms = {
        "kl_prior": kl_prior,
        **named("log_p", log_p),
        **{f"log_p_{x}_alone": term for x, term in alone.items()},
        **named("kl", kl),
    }
    return Bound(value, terms, p_x_z)
