"""The papers' objectives: lower bounds in nats, one value an example, to be maximised.

Sources: Suzuki et al. 2018, arXiv 1801.08702 ("the 2018 paper"), and Suzuki et al. 2016,
arXiv 1611.01891 ("the 2016 paper").

Notation, in this module only, is the papers': x and w are modalities, z the latent variable. All
functions take mappings from modality name to tensor or distribution, so that any number of
modalities will do; the docstrings give the case of two. Expectations E_q are estimated by the one
z at which the distributions p(x|z), p(w|z) were made. Functions are pure: nothing is drawn here,
and nothing is averaged over the batch.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import tensorflow as tf
from tensorflow_probability import distributions as tfd


class Bound(NamedTuple):
    """A lower bound and the terms it is made of.

    Attributes:
      value: float32, [batch], nats, to be maximised.
      terms: name to float32, [batch], nats: each divergence as the positive number it is and each
        log-likelihood, without their weights.
      likelihoods: modality name to the p(x|z) that its log-likelihood is of.
    """

    value: tf.Tensor
    terms: dict[str, tf.Tensor]
    likelihoods: Mapping[str, tfd.Distribution]


def vae_bound(
    x: Mapping[str, tf.Tensor],
    q_z_x: tfd.Distribution,
    p_z: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    kl_weight: float | tf.Tensor = 1.0,
    likelihood_weights: Mapping[str, float] | None = None,
) -> Bound:
    """L_VAE(x), Eq. 1 of the 2018 paper.

        -D_KL(q(z|x) || p(z)) + E_q(z|x) [log p(x|z)]

    Args:
      x: the one modality's name to event, [batch, *event_shape].
      q_z_x: the encoder's distribution given `x`.
      p_z: the prior.
      p_x_z: the same name to the decoder's distribution at one z ~ q(z|x) for each example.
      kl_weight: the warm-up's weight of the divergence from the prior.
      likelihood_weights: modality name to the weight of its log-likelihood; 1 where none is given.

    Returns:
      The bound; its terms are `kl_prior` and `log_p_<modality>`.
    """
    kl_prior = tfd.kl_divergence(q_z_x, p_z)  # D_KL(q(z|x) || p(z))
    log_p = _log_p(x, p_x_z)  # log p(x|z)
    value, terms = _sum({"kl_prior": kl_prior}, log_p, kl_weight, likelihood_weights)
    return Bound(value, terms, p_x_z)


def jmvae_bound(
    x: Mapping[str, tf.Tensor],
    q_z_xw: tfd.Distribution,
    p_z: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    kl_weight: float | tf.Tensor = 1.0,
    likelihood_weights: Mapping[str, float] | None = None,
) -> Bound:
    """L_JM(x, w), Eq. 2 of the 2018 paper.

        -D_KL(q(z|x,w) || p(z)) + E_q(z|x,w) [log p(x|z)] + E_q(z|x,w) [log p(w|z)]

    Args:
      x: modality name to event, [batch, *event_shape].
      q_z_xw: the joint encoder's distribution given all of `x`.
      p_z: the prior.
      p_x_z: modality name to the decoder's distribution at one z ~ q(z|x,w) for each example.
      kl_weight: as in `vae_bound`.
      likelihood_weights: as in `vae_bound`.

    Returns:
      The bound; its terms are `kl_prior` and a `log_p_<modality>` each.
    """
    kl_prior = tfd.kl_divergence(q_z_xw, p_z)  # D_KL(q(z|x,w) || p(z))
    log_p = _log_p(x, p_x_z)  # log p(x|z), log p(w|z)
    value, terms = _sum({"kl_prior": kl_prior}, log_p, kl_weight, likelihood_weights)
    return Bound(value, terms, p_x_z)


def jmvae_h_bound(
    x: Mapping[str, tf.Tensor],
    q_z_xw: Sequence[tfd.Distribution],
    p_z: Sequence[tfd.Distribution],
    p_x_z: Mapping[str, tfd.Distribution],
    kl_weight: float | tf.Tensor = 1.0,
    likelihood_weights: Mapping[str, float] | None = None,
) -> Bound:
    """L_JMh(x, w), Eq. 3 of the 2018 paper.

        -sum_l E_q(z_l+1|x,w) [D_KL(q(z_l|x,w) || p(z_l|z_l+1))]
            + E_q(z_1|x,w) [log p(x|z_1)] + E_q(z_1|x,w) [log p(w|z_1)]

    for l = 1 ... L, where p(z_L|z_L+1) is the prior p(z_L).

    Args:
      x: modality name to event, [batch, *event_shape].
      q_z_xw: q(z_1|x,w), ..., q(z_L|x,w).
      p_z: p(z_1|z_2), ..., p(z_L-1|z_L), each at one z_l+1 ~ q(z_l+1|x,w), and then p(z_L).
      p_x_z: modality name to the decoder's distribution at one z_1 ~ q(z_1|x,w) for each example.
      kl_weight: the warm-up's weight of every divergence.
      likelihood_weights: as in `vae_bound`.

    Returns:
      The bound; its terms are `kl_z1` ... `kl_zL` and a `log_p_<modality>` each.
    """
    kl = {
        f"kl_z{layer}": tfd.kl_divergence(q, p)  # D_KL(q(z_l|x,w) || p(z_l|z_l+1))
        for layer, (q, p) in enumerate(zip(q_z_xw, p_z, strict=True), start=1)
    }
    log_p = _log_p(x, p_x_z)  # log p(x|z_1), log p(w|z_1)
    value, terms = _sum(kl, log_p, kl_weight, likelihood_weights)
    return Bound(value, terms, p_x_z)


def jmvae_kl_bound(
    x: Mapping[str, tf.Tensor],
    q_z_xw: tfd.Distribution,
    q_z_x: Mapping[str, tfd.Distribution],
    p_z: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    alpha: float | tf.Tensor = 1.0,
    kl_weight: float | tf.Tensor = 1.0,
    likelihood_weights: Mapping[str, float] | None = None,
) -> Bound:
    """L_JMkl(x, w), Eq. 4 of the 2018 paper, with the factor alpha of the 2016 paper.

        L_JM(x, w) - alpha [D_KL(q(z|x,w) || q(z|x)) + D_KL(q(z|x,w) || q(z|w))]

    `kl_weight` does not reach the term of alpha, as in the authors' code.

    Args:
      x: modality name to event, [batch, *event_shape].
      q_z_xw: the joint encoder's distribution given all of `x`.
      q_z_x: modality name to the distribution of its own encoder.
      p_z: the prior.
      p_x_z: modality name to the decoder's distribution at one z ~ q(z|x,w) for each example.
      alpha: 1 in the 2018 paper.
      kl_weight: as in `vae_bound`.
      likelihood_weights: as in `vae_bound`.

    Returns:
      The bound; its terms are those of `jmvae_bound` and a `kl_<modality>` each.
    """
    l_jm = jmvae_bound(x, q_z_xw, p_z, p_x_z, kl_weight, likelihood_weights)  # Eq. 2
    kl = {name: tfd.kl_divergence(q_z_xw, q) for name, q in q_z_x.items()}  # D_KL(q(z|x,w)||q(z|x))
    value = l_jm.value - alpha * sum(kl.values())
    terms = l_jm.terms | {f"kl_{name}": kl_x for name, kl_x in kl.items()}
    return Bound(value, terms, p_x_z)


def cvae_bound(
    x: Mapping[str, tf.Tensor],
    q_z_xw: tfd.Distribution,
    p_z: tfd.Distribution,
    p_x_zw: Mapping[str, tfd.Distribution],
    kl_weight: float | tf.Tensor = 1.0,
    likelihood_weights: Mapping[str, float] | None = None,
) -> Bound:
    """The conditional VAE's bound of log p(x|w) (Kingma et al. 2014, Sohn et al. 2015).

        -D_KL(q(z|x,w) || p(z)) + E_q(z|x,w) [log p(x|z,w)]

    Args:
      x: the generated modality's name to event, [batch, *event_shape].
      q_z_xw: the encoder's distribution given x and w.
      p_z: the prior, which w does not reach.
      p_x_zw: the same name to the decoder's distribution at w and one z ~ q(z|x,w).
      kl_weight: as in `vae_bound`.
      likelihood_weights: as in `vae_bound`.

    Returns:
      The bound; its terms are `kl_prior` and `log_p_<modality>`.
    """
    kl_prior = tfd.kl_divergence(q_z_xw, p_z)  # D_KL(q(z|x,w) || p(z))
    log_p = _log_p(x, p_x_zw)  # log p(x|z,w)
    value, terms = _sum({"kl_prior": kl_prior}, log_p, kl_weight, likelihood_weights)
    return Bound(value, terms, p_x_zw)


def cmma_bound(
    x: Mapping[str, tf.Tensor],
    q_z_xw: tfd.Distribution,
    p_z_w: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    kl_weight: float | tf.Tensor = 1.0,
    likelihood_weights: Mapping[str, float] | None = None,
) -> Bound:
    """The conditional multimodal autoencoder's bound of log p(x|w) (Pandey, Dukkipati 2016).

        -D_KL(q(z|x,w) || p(z|w)) + E_q(z|x,w) [log p(x|z)]

    Args:
      x: the generated modality's name to event, [batch, *event_shape].
      q_z_xw: the encoder's distribution given x and w.
      p_z_w: the prior given w.
      p_x_z: the same name to the decoder's distribution at one z ~ q(z|x,w) for each example.
      kl_weight: as in `vae_bound`, here of the divergence from p(z|w).
      likelihood_weights: as in `vae_bound`.

    Returns:
      The bound; its terms are `kl_prior` and `log_p_<modality>`.
    """
    kl_prior = tfd.kl_divergence(q_z_xw, p_z_w)  # D_KL(q(z|x,w) || p(z|w))
    log_p = _log_p(x, p_x_z)  # log p(x|z)
    value, terms = _sum({"kl_prior": kl_prior}, log_p, kl_weight, likelihood_weights)
    return Bound(value, terms, p_x_z)


def _log_p(x: Mapping[str, tf.Tensor], p_x: Mapping[str, tfd.Distribution]) -> dict[str, tf.Tensor]:
    """The log-likelihood of each modality that a decoder has."""
    return {name: p.log_prob(x[name]) for name, p in p_x.items()}


def _sum(
    kl: Mapping[str, tf.Tensor],
    log_p: Mapping[str, tf.Tensor],
    kl_weight: float | tf.Tensor,
    likelihood_weights: Mapping[str, float] | None,
) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """- kl_weight sum KL + sum_x weight_x log p(x|.), and the terms by name."""
    weights = likelihood_weights or {}
    value = -kl_weight * sum(kl.values()) + sum(
        weights.get(name, 1.0) * log_p_x for name, log_p_x in log_p.items()
    )
    return value, {**kl} | {f"log_p_{name}": log_p_x for name, log_p_x in log_p.items()}
