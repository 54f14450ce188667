"""The papers' objectives, Eq. 1 to 4, and those of the models that they compare with.

Sources: Suzuki et al. 2018, arXiv 1801.08702 ("the 2018 paper"), and Suzuki et al. 2016,
arXiv 1611.01891 ("the 2016 paper"). The notation is that of `jmvae_tf.objectives`.
"""

from collections.abc import Mapping, Sequence

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.likelihoods import observed_log_prob
from jmvae_tf.objectives.terms import Bound, Weight, counted_term, named, weights_and_masks


def vae_bound(
    data: Mapping[str, tf.Tensor],
    q_z_x: tfd.Distribution,
    p_z: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """L_VAE(x), Eq. 1 of the 2018 paper.

        -beta D_KL(q(z|x) || p(z)) + a_x E_q(z|x) [log p(x|z)]

    Args:
      data: the name of the one modality to its events, [batch, *event_shape].
      q_z_x: the encoder's distribution given the data.
      p_z: the prior.
      p_x_z: the same name to the decoder's distribution at one z ~ q(z|x) for each example.
      kl_weight: beta.
      likelihood_weights: modality name to its a; 1 if left out.
      masks: modality name to its mask.

    Returns:
      The bound; its terms are `kl_prior` and `log_p_<modality>`.
    """
    a, observed = weights_and_masks(data, p_x_z, likelihood_weights, masks)
    kl_prior = counted_term(kl_weight, tfd.kl_divergence(q_z_x, p_z))
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    value = (
        -kl_weight * kl_prior  # -beta D_KL(q(z|x) || p(z))
        + sum(a[x] * log_p[x] for x in log_p)  # + a_x log p(x|z)
    )
    return Bound(value, {"kl_prior": kl_prior, **named("log_p", log_p)}, p_x_z)


def jmvae_bound(
    data: Mapping[str, tf.Tensor],
    q_z_xw: tfd.Distribution,
    p_z: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """L_JM(x, w), Eq. 2 of the 2018 paper.

        -beta D_KL(q(z|x,w) || p(z))
            + a_x E_q(z|x,w) [log p(x|z)] + a_w E_q(z|x,w) [log p(w|z)]

    Args:
      data: modality name to events, [batch, *event_shape].
      q_z_xw: the joint encoder's distribution given all modalities.
      p_z: the prior.
      p_x_z: modality name to the decoder's distribution at one z ~ q(z|x,w) for each example.
      kl_weight: beta.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The bound; its terms are `kl_prior` and one `log_p_<modality>` per modality.
    """
    a, observed = weights_and_masks(data, p_x_z, likelihood_weights, masks)
    kl_prior = counted_term(kl_weight, tfd.kl_divergence(q_z_xw, p_z))
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    value = (
        -kl_weight * kl_prior  # -beta D_KL(q(z|x,w) || p(z))
        + sum(a[x] * log_p[x] for x in log_p)  # + a_x log p(x|z) + a_w log p(w|z)
    )
    return Bound(value, {"kl_prior": kl_prior, **named("log_p", log_p)}, p_x_z)


def jmvae_h_bound(
    data: Mapping[str, tf.Tensor],
    q_z_xw: Sequence[tfd.Distribution],
    p_z: Sequence[tfd.Distribution],
    p_x_z: Mapping[str, tfd.Distribution],
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """L_JMh(x, w), Eq. 3 of the 2018 paper.

        -beta sum_l E_q(z_l+1|x,w) [D_KL(q(z_l|x,w) || p(z_l|z_l+1))]
            + a_x E_q(z_1|x,w) [log p(x|z_1)] + a_w E_q(z_1|x,w) [log p(w|z_1)]

    for l = 1 ... L, where p(z_L|z_L+1) is the prior p(z_L).

    Args:
      data: modality name to events, [batch, *event_shape].
      q_z_xw: q(z_1|x,w), ..., q(z_L|x,w).
      p_z: p(z_1|z_2), ..., p(z_L-1|z_L), each at one z_l+1 ~ q(z_l+1|x,w), and then p(z_L).
      p_x_z: modality name to the decoder's distribution at one z_1 ~ q(z_1|x,w) for each example.
      kl_weight: beta, the weight of every divergence.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The bound; its terms are `kl_z1` ... `kl_zL` and one `log_p_<modality>` per modality.
    """
    a, observed = weights_and_masks(data, p_x_z, likelihood_weights, masks)
    kl = {
        f"z{layer}": counted_term(kl_weight, tfd.kl_divergence(q, p))
        for layer, (q, p) in enumerate(zip(q_z_xw, p_z, strict=True), start=1)
    }
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    value = (
        -kl_weight * sum(kl.values())  # -beta sum_l D_KL(q(z_l|x,w) || p(z_l|z_l+1))
        + sum(a[x] * log_p[x] for x in log_p)  # + a_x log p(x|z_1) + a_w log p(w|z_1)
    )
    return Bound(value, {**named("kl", kl), **named("log_p", log_p)}, p_x_z)


def jmvae_kl_bound(
    data: Mapping[str, tf.Tensor],
    q_z_xw: tfd.Distribution,
    q_z_x: Mapping[str, tfd.Distribution],
    p_z: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    alpha: Weight = 1.0,
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """L_JMkl(x, w), Eq. 4 of the 2018 paper, with the factor alpha of the 2016 paper.

        -beta D_KL(q(z|x,w) || p(z))
            + a_x E_q(z|x,w) [log p(x|z)] + a_w E_q(z|x,w) [log p(w|z)]
            - alpha [D_KL(q(z|x,w) || q(z|x)) + D_KL(q(z|x,w) || q(z|w))]

    The first two lines are L_JM(x, w). Beta does not multiply the alpha term, as in the authors'
    code.

    Likelihood weights and masks do not change the alpha term: a missing modality's encoder still
    counts. To drop it for the whole batch, leave it out of `q_z_x`. An alpha of 0 for an example
    drops all its encoders.

    Args:
      data: modality name to events, [batch, *event_shape].
      q_z_xw: the joint encoder's distribution given all modalities.
      q_z_x: modality name to the distribution that its own encoder gives.
      p_z: the prior.
      p_x_z: modality name to the decoder's distribution at one z ~ q(z|x,w) for each example.
      alpha: 1 in the 2018 paper.
      kl_weight: beta.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The bound; its terms are those of `jmvae_bound` and one `kl_<modality>` per modality.
    """
    a, observed = weights_and_masks(data, p_x_z, likelihood_weights, masks)
    kl_prior = counted_term(kl_weight, tfd.kl_divergence(q_z_xw, p_z))
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    kl = {x: counted_term(alpha, tfd.kl_divergence(q_z_xw, q)) for x, q in q_z_x.items()}
    value = (
        -kl_weight * kl_prior  # -beta D_KL(q(z|x,w) || p(z))
        + sum(a[x] * log_p[x] for x in log_p)  # + a_x log p(x|z) + a_w log p(w|z)
        - alpha * sum(kl.values())  # -alpha [D_KL(q(z|x,w)||q(z|x)) + D_KL(q(z|x,w)||q(z|w))]
    )
    terms = {"kl_prior": kl_prior, **named("log_p", log_p), **named("kl", kl)}
    return Bound(value, terms, p_x_z)


def jmvae_kl_bound_of_observed(
    data: Mapping[str, tf.Tensor],
    q_z_s: tfd.Distribution,
    q_z_x: Mapping[str, tfd.Distribution],
    p_z: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    complete: tf.Tensor,
    masks: Mapping[str, tf.Tensor],
    alpha: float | tf.Tensor = 1.0,
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
) -> Bound:
    """L_JMkl of examples that may lack modalities: Eq. 4 if complete, else the ELBO of x_S.

        -beta D_KL(q(z|x_S) || p(z)) + sum_{x in S} a_x E_q(z|x_S) [log p(x|z)]
            - [complete] alpha sum_x D_KL(q(z|x_S) || q(z|x))

    q(z|x_S) is that of `inference.posterior_of_observed`. For complete examples it is the joint
    encoder's, and this is Eq. 4. With a single observed modality it is Eq. 1 of that modality.

    Args:
      data: modality name to events, [batch, *event_shape].
      q_z_s: q(z|x_S) of each example.
      q_z_x: modality name to the distribution that its own encoder gives.
      p_z: the prior.
      p_x_z: modality name to the decoder's distribution at one z ~ q(z|x_S) for each example.
      complete: bool, [batch], whether S has all modalities.
      masks: see `vae_bound`.
      alpha: see `jmvae_kl_bound`; a number or a scalar tensor.
      kl_weight: beta.
      likelihood_weights: see `vae_bound`.

    Returns:
      The bound; its terms are those of `jmvae_kl_bound`, 0 where they do not apply.
    """
    a, observed = weights_and_masks(data, p_x_z, likelihood_weights, masks)
    kl_prior = counted_term(kl_weight, tfd.kl_divergence(q_z_s, p_z))
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    kl = {x: tf.where(complete, tfd.kl_divergence(q_z_s, q), 0.0) for x, q in q_z_x.items()}
    value = (
        -kl_weight * kl_prior  # -beta D_KL(q(z|x_S) || p(z))
        + sum(a[x] * log_p[x] for x in log_p)  # + sum_{x in S} a_x log p(x|z)
        - alpha * sum(kl.values())  # -[complete] alpha sum_x D_KL(q(z|x_S) || q(z|x))
    )
    terms = {"kl_prior": kl_prior, **named("log_p", log_p), **named("kl", kl)}
    return Bound(value, terms, p_x_z)


def cvae_bound(
    data: Mapping[str, tf.Tensor],
    q_z_xw: tfd.Distribution,
    p_z: tfd.Distribution,
    p_x_zw: Mapping[str, tfd.Distribution],
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """The conditional VAE's bound on log p(x|w) (Kingma et al. 2014, Sohn et al. 2015).

        -beta D_KL(q(z|x,w) || p(z)) + a_x E_q(z|x,w) [log p(x|z,w)]

    Args:
      data: the generated modality's name to events, [batch, *event_shape].
      q_z_xw: the encoder's distribution given x and w.
      p_z: the prior, which does not depend on w.
      p_x_zw: the same name to the decoder's distribution at w and one z ~ q(z|x,w).
      kl_weight: beta.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The bound; its terms are `kl_prior` and `log_p_<modality>`.
    """
    a, observed = weights_and_masks(data, p_x_zw, likelihood_weights, masks)
    kl_prior = counted_term(kl_weight, tfd.kl_divergence(q_z_xw, p_z))
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_zw.items()}
    value = (
        -kl_weight * kl_prior  # -beta D_KL(q(z|x,w) || p(z))
        + sum(a[x] * log_p[x] for x in log_p)  # + a_x log p(x|z,w)
    )
    return Bound(value, {"kl_prior": kl_prior, **named("log_p", log_p)}, p_x_zw)


def cmma_bound(
    data: Mapping[str, tf.Tensor],
    q_z_xw: tfd.Distribution,
    p_z_w: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> Bound:
    """The conditional multimodal autoencoder's bound on log p(x|w) (Pandey, Dukkipati 2016).

        -beta D_KL(q(z|x,w) || p(z|w)) + a_x E_q(z|x,w) [log p(x|z)]

    Args:
      data: the generated modality's name to events, [batch, *event_shape].
      q_z_xw: the encoder's distribution given x and w.
      p_z_w: the prior given w.
      p_x_z: the same name to the decoder's distribution at one z ~ q(z|x,w) for each example.
      kl_weight: beta, here the weight of the divergence from p(z|w).
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The bound; its terms are `kl_prior` and `log_p_<modality>`.
    """
    a, observed = weights_and_masks(data, p_x_z, likelihood_weights, masks)
    kl_prior = counted_term(kl_weight, tfd.kl_divergence(q_z_xw, p_z_w))
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    value = (
        -kl_weight * kl_prior  # -beta D_KL(q(z|x,w) || p(z|w))
        + sum(a[x] * log_p[x] for x in log_p)  # + a_x log p(x|z)
    )
    return Bound(value, {"kl_prior": kl_prior, **named("log_p", log_p)}, p_x_z)
