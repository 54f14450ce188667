"""Objectives of models with a joint encoder, beside the papers': TELBO, JMVAE-h-kl and others.

Source: Vedantam et al. 2018, "Generative models of visually grounded imagination", arXiv 1705.10762
(TELBO). The others are ours and grow from Eq. 3 and 4 of the 2018 paper.
"""

from collections.abc import Mapping, Sequence

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.likelihoods import observed_log_prob
from jmvae_tf.objectives.papers import jmvae_bound, jmvae_h_bound
from jmvae_tf.objectives.terms import (
    Bound,
    Weight,
    bound_where,
    counted_term,
    named,
    weights_and_masks,
    where_observed,
)


def telbo_bound(
    data: Mapping[str, tf.Tensor],
    q_z_xw: tfd.Distribution,
    q_z_x: Mapping[str, tfd.Distribution],
    p_z: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    p_x_z_alone: Mapping[str, tfd.Distribution],
    complete: tf.Tensor | None = None,
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """L_TELBO(X): a joint ELBO, and one for each modality (Vedantam et al. 2018, Eq. 4).

        [complete] ELBO(X) + sum_{m in S} ELBO(x_m),
        ELBO(X) = -beta D_KL(q(z|x,w) || p(z)) + sum_m a_m E_q(z|x,w) [log p(x_m|z)],
        ELBO(x_m) = -beta D_KL(q(z|x_m) || p(z)) + a_m E_q(z|x_m) [log p(x_m|z)]

    ELBO(x_m) trains the encoder of its modality alone: callers stop the gradient of its decoder's
    weights, but not that of z.

    Args:
      data: modality name to events, [batch, *event_shape].
      q_z_xw: the joint encoder's distribution given all modalities.
      q_z_x: modality name to the distribution that its own encoder gives.
      p_z: the prior.
      p_x_z: modality name to p(x|z) at one z ~ q(z|x,w).
      p_x_z_alone: modality name to p(x|z), with fixed weights, at one z ~ q(z|x_m).
      complete: bool, [batch], whether S has all modalities; None if it always has.
      kl_weight: beta.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The sum; its terms are `kl_prior` and `log_p_<modality>` of ELBO(X), and
      `kl_prior_of_<modality>` and `log_p_<modality>_alone`.
    """
    a, observed = weights_and_masks(data, p_x_z, likelihood_weights, masks)
    joint = jmvae_bound(data, q_z_xw, p_z, p_x_z, kl_weight, likelihood_weights, masks)
    joint = bound_where(complete, joint)
    kl = {
        x: where_observed(x, masks, counted_term(kl_weight, tfd.kl_divergence(q, p_z)))
        for x, q in q_z_x.items()
    }
    alone = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z_alone.items()}
    value = (
        joint.value  # [complete] ELBO(X)
        - kl_weight * sum(kl.values())  # -beta sum_m D_KL(q(z|x_m) || p(z))
        + sum(a[x] * alone[x] for x in alone)  # + sum_m a_m log p(x_m|z)
    )
    terms = {
        **joint.terms,
        **named("kl_prior_of", kl),
        **{f"log_p_{x}_alone": term for x, term in alone.items()},
    }
    return Bound(value, terms, p_x_z)


def with_unimodal_reconstructions(
    bound: Bound,
    data: Mapping[str, tf.Tensor],
    p_x_z_alone: Mapping[str, tfd.Distribution],
    gamma: float,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """Adds reconstructions of each modality from its own encoder to an objective.

        L(X) + gamma sum_{m in S} a_m E_q(z|x_m) [log p(x_m|z)]

    Ours, for JMVAE-kl: decoders then see the z that they are given when a modality is missing. With
    likelihoods that are densities it is no lower bound.

    Args:
      bound: L(X), such as `jmvae_kl_bound`.
      data: modality name to events, [batch, *event_shape].
      p_x_z_alone: modality name to p(x|z) at one z ~ q(z|x_m).
      gamma: their weight.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The sum; its terms are also `log_p_<modality>_alone`.
    """
    a, observed = weights_and_masks(data, p_x_z_alone, likelihood_weights, masks)
    alone = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z_alone.items()}
    value = bound.value + gamma * sum(a[x] * alone[x] for x in alone)
    terms = {**bound.terms, **{f"log_p_{x}_alone": term for x, term in alone.items()}}
    return bound._replace(value=value, terms=terms)


def jmvae_h_kl_bound(
    data: Mapping[str, tf.Tensor],
    q_z_xw: Sequence[tfd.Distribution],
    q_z_x: Mapping[str, tfd.Distribution],
    p_z: Sequence[tfd.Distribution],
    p_x_z: Mapping[str, tfd.Distribution],
    alpha: Weight = 1.0,
    complete: tf.Tensor | None = None,
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """L_JMhkl(x, w): Eq. 3 of the 2018 paper with the encoders of Eq. 4.

        L_JMh(x, w) - [complete] alpha sum_m D_KL(q(z_1|x,w) || q(z_1|x_m))

    Beta does not multiply the alpha term, as in Eq. 4.

    Args:
      data: modality name to events, [batch, *event_shape].
      q_z_xw: q(z_1|x,w), ..., q(z_L|x,w).
      q_z_x: modality name to the distribution of z_1 that its own encoder gives.
      p_z: see `jmvae_h_bound`.
      p_x_z: modality name to p(x|z_1) at one z_1 ~ q(z_1|x,w).
      alpha: see `jmvae_kl_bound`.
      complete: bool, [batch], whether no modality is missing; None if none ever is.
      kl_weight: beta.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The bound; its terms are those of `jmvae_h_bound` and one `kl_<modality>` per modality.
    """
    bound = jmvae_h_bound(data, q_z_xw, p_z, p_x_z, kl_weight, likelihood_weights, masks)
    return with_single_encoders(bound, q_z_xw[0], q_z_x, alpha, complete)


def with_single_encoders(
    bound: Bound,
    q_z_xw: tfd.Distribution,
    q_z_x: Mapping[str, tfd.Distribution],
    alpha: Weight = 1.0,
    complete: tf.Tensor | None = None,
) -> Bound:
    """Subtracts the divergences of Eq. 4 from another objective.

        L(X) - [complete] alpha sum_m D_KL(q(z|x,w) || q(z|x_m))

    With `iwae_bound` as L(X) it is JMVAE-kl's objective of K samples, which is ours: single
    encoders are trained as in Eq. 4, by exact divergences, and these also draw the joint encoder.

    Args:
      bound: L(X), such as `iwae_bound`.
      q_z_xw: the joint encoder's distribution given all modalities.
      q_z_x: modality name to the distribution that its own encoder gives.
      alpha: see `jmvae_kl_bound`.
      complete: bool, [batch], whether no modality is missing; None if none ever is.

    Returns:
      The difference; its terms are also one `kl_<modality>` per modality.
    """
    kl = {x: counted_term(alpha, tfd.kl_divergence(q_z_xw, q)) for x, q in q_z_x.items()}
    if complete is not None:
        kl = {x: tf.where(complete, term, 0.0) for x, term in kl.items()}
    value = bound.value - alpha * sum(kl.values())  # - alpha sum_m D_KL(q(z|x,w)||q(z|x_m))
    return bound._replace(value=value, terms={**bound.terms, **named("kl", kl)})
