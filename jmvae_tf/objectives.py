"""The papers' objectives: lower bounds in nats, one value an example, to be maximised.

Sources: Suzuki et al. 2018, arXiv 1801.08702 ("the 2018 paper"), and Suzuki et al. 2016,
arXiv 1611.01891 ("the 2016 paper").

Notation, in this module only, is the papers': x and w are modalities, z the latent variable. All
functions take mappings from modality name to tensor or distribution, so that any number of
modalities will do; the docstrings give the case of two. Expectations E_q are estimated by the one
z at which the distributions p(x|z), p(w|z) were made. Functions are pure: nothing is drawn here,
and nothing is averaged over the batch.
"""

from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf
from tensorflow_probability import distributions as tfd


class Bound(NamedTuple):
    """A lower bound and the terms it is made of.

    Attributes:
      value: float32, [batch], nats, to be maximised.
      terms: name to float32, [batch], nats: each divergence as the positive number it is and each
        log-likelihood, without their weights.
    """

    value: tf.Tensor
    terms: dict[str, tf.Tensor]


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
      kl_weight: the warm-up's weight of the divergence from the prior.
      likelihood_weights: modality name to the weight of its log-likelihood; 1 where none is given.

    Returns:
      The bound; its terms are `kl_prior` and a `log_p_<modality>` each.
    """
    weights = likelihood_weights or {}
    kl_prior = tfd.kl_divergence(q_z_xw, p_z)  # D_KL(q(z|x,w) || p(z))
    log_p = {name: p.log_prob(x[name]) for name, p in p_x_z.items()}  # log p(x|z), log p(w|z)
    value = -kl_weight * kl_prior + sum(
        weights.get(name, 1.0) * log_p_x for name, log_p_x in log_p.items()
    )
    return Bound(
        value,
        {"kl_prior": kl_prior} | {f"log_p_{name}": log_p_x for name, log_p_x in log_p.items()},
    )


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
      kl_weight: as in `jmvae_bound`.
      likelihood_weights: as in `jmvae_bound`.

    Returns:
      The bound; its terms are those of `jmvae_bound` and a `kl_<modality>` each.
    """
    l_jm = jmvae_bound(x, q_z_xw, p_z, p_x_z, kl_weight, likelihood_weights)  # Eq. 2
    kl = {name: tfd.kl_divergence(q_z_xw, q) for name, q in q_z_x.items()}  # D_KL(q(z|x,w)||q(z|x))
    value = l_jm.value - alpha * sum(kl.values())
    return Bound(value, l_jm.terms | {f"kl_{name}": kl_x for name, kl_x in kl.items()})
