"""The papers' objectives: lower bounds in nats, one value per example, to be maximised.

Sources: Suzuki et al. 2018, arXiv 1801.08702 ("the 2018 paper"), and Suzuki et al. 2016,
arXiv 1611.01891 ("the 2016 paper").

The notation is the papers': x and w are modalities, z is the latent variable. All functions take
mappings from modality name to tensor or distribution, for any number of modalities. The docstrings
show two; in the code, x runs over the names of all. Each expectation E_q is estimated with a single
z, the one for which p(x|z) and p(w|z) were made. Functions are pure: they sample nothing and
average nothing over the batch.

The formulas contain weights. In the papers' equations all of them are 1:

    beta      `kl_weight`, raised from 0 to 1 by the warm-up
    a_x, a_w  `likelihood_weights`, one per modality
    alpha     the factor in Eq. 4

Each weight is a number, or a tensor [batch] with one weight per example. Where a per-example weight
is 0, the term counts as 0 even if it is not finite.

`masks` maps modality names to masks, which say which values of `data` are observed. A modality
without a mask is observed completely. A mask is bool, [batch] for whole examples or
[batch, *event_shape] for single values. Unobserved values may be anything, even NaN: they change
neither the bound nor its gradients. This holds for these functions; the inputs of the encoders must
be finite.

S denotes the modalities that are observed in an example. Where there are masks, log-likelihoods are
those of S, and of observed values. `jmvae_kl_bound_of_observed` and `bound_where` have what else
changes in examples that lack modalities.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.likelihoods import as_mask, is_weight_by_example, observed_log_prob

Weight: TypeAlias = float | tf.Tensor


class Bound(NamedTuple):
    """A lower bound and its terms.

    Attributes:
      value: float32, [batch], nats, to be maximised.
      terms: name to float32, [batch], nats: each divergence, as a positive number, and each
        log-likelihood, both before weighting.
      likelihoods: modality name to the distribution p(x|z) that gave its log-likelihood.
    """

    value: tf.Tensor
    terms: dict[str, tf.Tensor]
    likelihoods: Mapping[str, tfd.Distribution]


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
    a, observed = _weights_and_masks(data, p_x_z, likelihood_weights, masks)
    kl_prior = _counted(kl_weight, tfd.kl_divergence(q_z_x, p_z))
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    value = (
        -kl_weight * kl_prior  # -beta D_KL(q(z|x) || p(z))
        + sum(a[x] * log_p[x] for x in log_p)  # + a_x log p(x|z)
    )
    return Bound(value, {"kl_prior": kl_prior, **_named("log_p", log_p)}, p_x_z)


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
    a, observed = _weights_and_masks(data, p_x_z, likelihood_weights, masks)
    kl_prior = _counted(kl_weight, tfd.kl_divergence(q_z_xw, p_z))
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    value = (
        -kl_weight * kl_prior  # -beta D_KL(q(z|x,w) || p(z))
        + sum(a[x] * log_p[x] for x in log_p)  # + a_x log p(x|z) + a_w log p(w|z)
    )
    return Bound(value, {"kl_prior": kl_prior, **_named("log_p", log_p)}, p_x_z)


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
    a, observed = _weights_and_masks(data, p_x_z, likelihood_weights, masks)
    kl = {
        f"z{layer}": _counted(kl_weight, tfd.kl_divergence(q, p))
        for layer, (q, p) in enumerate(zip(q_z_xw, p_z, strict=True), start=1)
    }
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    value = (
        -kl_weight * sum(kl.values())  # -beta sum_l D_KL(q(z_l|x,w) || p(z_l|z_l+1))
        + sum(a[x] * log_p[x] for x in log_p)  # + a_x log p(x|z_1) + a_w log p(w|z_1)
    )
    return Bound(value, {**_named("kl", kl), **_named("log_p", log_p)}, p_x_z)


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
    a, observed = _weights_and_masks(data, p_x_z, likelihood_weights, masks)
    kl_prior = _counted(kl_weight, tfd.kl_divergence(q_z_xw, p_z))
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    kl = {x: _counted(alpha, tfd.kl_divergence(q_z_xw, q)) for x, q in q_z_x.items()}
    value = (
        -kl_weight * kl_prior  # -beta D_KL(q(z|x,w) || p(z))
        + sum(a[x] * log_p[x] for x in log_p)  # + a_x log p(x|z) + a_w log p(w|z)
        - alpha * sum(kl.values())  # -alpha [D_KL(q(z|x,w)||q(z|x)) + D_KL(q(z|x,w)||q(z|w))]
    )
    terms = {"kl_prior": kl_prior, **_named("log_p", log_p), **_named("kl", kl)}
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
    a, observed = _weights_and_masks(data, p_x_z, likelihood_weights, masks)
    kl_prior = _counted(kl_weight, tfd.kl_divergence(q_z_s, p_z))
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    kl = {x: tf.where(complete, tfd.kl_divergence(q_z_s, q), 0.0) for x, q in q_z_x.items()}
    value = (
        -kl_weight * kl_prior  # -beta D_KL(q(z|x_S) || p(z))
        + sum(a[x] * log_p[x] for x in log_p)  # + sum_{x in S} a_x log p(x|z)
        - alpha * sum(kl.values())  # -[complete] alpha sum_x D_KL(q(z|x_S) || q(z|x))
    )
    terms = {"kl_prior": kl_prior, **_named("log_p", log_p), **_named("kl", kl)}
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
    a, observed = _weights_and_masks(data, p_x_zw, likelihood_weights, masks)
    kl_prior = _counted(kl_weight, tfd.kl_divergence(q_z_xw, p_z))
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_zw.items()}
    value = (
        -kl_weight * kl_prior  # -beta D_KL(q(z|x,w) || p(z))
        + sum(a[x] * log_p[x] for x in log_p)  # + a_x log p(x|z,w)
    )
    return Bound(value, {"kl_prior": kl_prior, **_named("log_p", log_p)}, p_x_zw)


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
    a, observed = _weights_and_masks(data, p_x_z, likelihood_weights, masks)
    kl_prior = _counted(kl_weight, tfd.kl_divergence(q_z_xw, p_z_w))
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    value = (
        -kl_weight * kl_prior  # -beta D_KL(q(z|x,w) || p(z|w))
        + sum(a[x] * log_p[x] for x in log_p)  # + a_x log p(x|z)
    )
    return Bound(value, {"kl_prior": kl_prior, **_named("log_p", log_p)}, p_x_z)


def bound_where(counts: tf.Tensor | None, bound: Bound) -> Bound:
    """Leaves out examples of a batch: they count 0, so they have no gradient either.

        [counts] L

    JMVAE, JMVAE-h and the VAE leave out examples of which nothing is observed; CVAE and CMMA those
    that lack the target or a condition.

    Args:
      counts: bool, [batch]; None if all examples count.
      bound: a bound of all of them, finite.
    """
    if counts is None:
        return bound
    value, *terms = (tf.where(counts, x, 0.0) for x in (bound.value, *bound.terms.values()))
    return Bound(value, dict(zip(bound.terms, terms, strict=True)), bound.likelihoods)


def _weights_and_masks(
    data: Mapping[str, tf.Tensor],
    p_x_z: Mapping[str, tfd.Distribution],
    weights: Mapping[str, Weight] | None,
    masks: Mapping[str, tf.Tensor] | None,
) -> tuple[dict[str, Weight], dict[str, tf.Tensor]]:
    """Checks weights and masks.

    Returns:
      The weight of each likelihood, 1 if none is given; and masks of the values that count:
      observed, in examples whose weight is not 0.

    Raises:
      ValueError: if a name is not among `data`, or a weight or a mask is malformed.
    """
    for what, chosen in (("likelihood_weights", weights), ("masks", masks)):
        unknown = [name for name in chosen or () if name not in data]
        if unknown:
            raise ValueError(f"{what} must name modalities among {list(data)}. Received: {unknown}")
    a = {name: (weights or {}).get(name, 1.0) for name in p_x_z}
    observed = {name: as_mask(mask) for name, mask in (masks or {}).items() if mask is not None}
    for name, weight in a.items():
        if is_weight_by_example(weight, data[name]):
            counts = tf.not_equal(weight, 0.0)
            mask = observed.get(name)
            if mask is not None:
                axes = [tf.newaxis] * (len(mask.shape) - len(counts.shape))
                counts = tf.logical_and(mask, counts[(..., *axes)])
            observed[name] = counts
    return a, observed


def _counted(weight: Weight, term: tf.Tensor) -> tf.Tensor:
    """Returns the term, set to 0 where its per-example weight is 0."""
    if is_weight_by_example(weight, term):
        return tf.where(tf.not_equal(weight, 0.0), term, 0.0)
    return term


def _named(prefix: str, terms: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    return {f"{prefix}_{name}": term for name, term in terms.items()}
