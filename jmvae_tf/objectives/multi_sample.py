"""Objectives of K samples from one encoder, or MMVAE's from each modality's, and their gradients.

q_m = q(z|x_m) is the encoder of modality m, z_mk the k-th of its K samples, and S has the
modalities that are observed in an example.

Sources: Burda et al. 2016, "Importance weighted autoencoders", arXiv 1509.00519 (IWAE); Shi et al.
2019, "Variational mixture-of-experts autoencoders for multi-modal deep generative models", arXiv
1911.03393; Tucker et al. 2019, "Doubly reparameterized gradient estimators for Monte Carlo
objectives", arXiv 1810.04152 (DReG).
"""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.likelihoods import as_mask, observed_log_prob
from jmvae_tf.objectives.terms import (
    LOG_OF_0,
    Bound,
    Weight,
    counted_term,
    named,
    rows_of,
    weights_and_masks,
)

MeanOfWeights = Literal["looser", "tighter"]
"""Whether the mean over modalities is one of logarithms, or of the weights themselves."""


class ImportanceWeights(NamedTuple):
    """Weights of K samples from each of M encoders.

    Attributes:
      log_w: log w_mk, [M, K, batch].
      observed: 1 where S has modality m, else 0, [M, batch].
      log_q: log q(z_mk|x_j), [j, M, K, batch]; very low where S lacks j.
      kl_weight: beta, a number or [batch].
      terms: `kl_prior`, of log q(z_mk|x_S) - log p(z_mk), and `log_p_<modality>`, [M, K, batch].
      likelihoods: modality name to p(x_m|z_m1), of batch shape [batch].
    """

    log_w: tf.Tensor
    observed: tf.Tensor
    log_q: tf.Tensor
    kl_weight: Weight
    terms: dict[str, tf.Tensor]
    likelihoods: Mapping[str, tfd.Distribution]


def importance_weights(
    data: Mapping[str, tf.Tensor],
    q_z_x: Mapping[str, tfd.Distribution],
    z: Mapping[str, tf.Tensor],
    p_z: tfd.Distribution,
    p_x_z: Mapping[str, Mapping[str, tfd.Distribution]],
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> ImportanceWeights:
    """Computes the weights of samples from each encoder, for the mixture of the encoders.

        log w_mk = sum_n a_n log p(x_n|z_mk) + beta [log p(z_mk) - log q(z_mk|x_S)],
        q(z|x_S) = 1/|S| sum_{m in S} q(z|x_m)

    Args:
      data: modality name to events, [batch, *event_shape].
      q_z_x: modality name to its expert q(z|x_m).
      z: modality name to K samples of its expert, [K, batch, latent_dim].
      p_z: the prior.
      p_x_z: for each modality m, the name of each modality n to p(x_n|z_m), of batch shape
        [K, batch].
      kl_weight: beta.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.
    """
    a, masks_ = weights_and_masks(data, q_z_x, likelihood_weights, masks)
    log_p_z = tf.stack([p_z.log_prob(z[m]) for m in q_z_x])
    log_q = tf.stack([tf.stack([q.log_prob(z[m]) for m in q_z_x]) for q in q_z_x.values()])
    observed = _observed(q_z_x, masks, log_p_z)
    log_q = tf.where(observed[:, tf.newaxis, tf.newaxis] > 0, log_q, LOG_OF_0)
    # log q(z_mk|x_S)
    log_q_z = tf.reduce_logsumexp(log_q, axis=0) - tf.math.log(_number(observed))
    log_p = {
        n: tf.stack([observed_log_prob(p_x_z[m][n], data[n], masks_.get(n)) for m in q_z_x])
        for n in q_z_x
    }
    log_w = (
        sum(a[n] * log_p[n] for n in log_p)  # sum_n a_n log p(x_n|z_mk)
        + kl_weight * (log_p_z - log_q_z)  # + beta [log p(z_mk) - log q(z_mk|x_S)]
    )
    terms = {"kl_prior": counted_term(kl_weight, log_q_z - log_p_z), **named("log_p", log_p)}
    likelihoods = {m: p_x_z[m][m][0] for m in q_z_x}
    return ImportanceWeights(log_w, observed, log_q, kl_weight, terms, likelihoods)


def joint_importance_weights(
    data: Mapping[str, tf.Tensor],
    q_z_xw: tfd.Distribution,
    z: tf.Tensor,
    p_z: tfd.Distribution,
    p_x_z: Mapping[str, tfd.Distribution],
    kl_weight: Weight = 1.0,
    likelihood_weights: Mapping[str, Weight] | None = None,
    masks: Mapping[str, tf.Tensor] | None = None,
) -> ImportanceWeights:
    """Computes the weights of samples from one encoder, of all modalities or of a VAE's only one.

        log w_k = a_x log p(x|z_k) + a_w log p(w|z_k) + beta [log p(z_k) - log q(z_k|x,w)]

    Args:
      data: modality name to events, [batch, *event_shape].
      q_z_xw: the encoder's distribution given all modalities.
      z: K samples of it, [K, batch, latent_dim].
      p_z: the prior.
      p_x_z: modality name to p(x|z), of batch shape [K, batch].
      kl_weight: beta.
      likelihood_weights: see `vae_bound`.
      masks: see `vae_bound`.

    Returns:
      The weights, with an M of 1.
    """
    a, observed = weights_and_masks(data, p_x_z, likelihood_weights, masks)
    log_p = {x: observed_log_prob(p, data[x], observed.get(x)) for x, p in p_x_z.items()}
    log_p_z, log_q_z = p_z.log_prob(z), q_z_xw.log_prob(z)
    log_w = (
        sum(a[x] * log_p[x] for x in log_p)  # a_x log p(x|z_k) + a_w log p(w|z_k)
        + kl_weight * (log_p_z - log_q_z)  # + beta [log p(z_k) - log q(z_k|x,w)]
    )
    terms = {"kl_prior": counted_term(kl_weight, log_q_z - log_p_z), **named("log_p", log_p)}
    return ImportanceWeights(
        log_w[tf.newaxis],
        tf.ones_like(log_w[:1]),
        log_q_z[tf.newaxis, tf.newaxis],
        kl_weight,
        {name: term[tf.newaxis] for name, term in terms.items()},
        {x: p[0] for x, p in p_x_z.items()},
    )


def iwae_bound(weights: ImportanceWeights) -> Bound:
    """L_K(X), the importance-weighted bound (Burda et al. 2016, Eq. 8).

        log 1/K sum_k w_k

    It grows with K to log p(X). With K = 1 it is `vae_bound` or `jmvae_bound`, but with a
    divergence that is estimated with the same sample as the likelihoods.

    Args:
      weights: those of one encoder, see `joint_importance_weights`.

    Returns:
      The bound; its terms are means over k, so the bound is above their sum.
    """
    return mmvae_bound(weights)  # |S| = 1: log 1/K sum_k w_k


def mmvae_bound(weights: ImportanceWeights, mean: MeanOfWeights = "looser") -> Bound:
    """L_MMVAE(X): importance-weighted bounds of the modalities' samples (Shi et al. 2019, Eq. 3).

        looser:   1/|S| sum_{m in S} log 1/K sum_k w_mk
        tighter:  log 1/(|S| K) sum_{m in S} sum_k w_mk

    The looser one is the authors'. It does not become tight as K grows.

    Args:
      weights: see `importance_weights`.
      mean: "looser" or "tighter".

    Returns:
      The bound; its terms are means over m in S and k.
    """
    k = tf.cast(tf.shape(weights.log_w)[1], tf.float32)
    number = _number(weights.observed)
    of_each = tf.reduce_logsumexp(weights.log_w, axis=1) - tf.math.log(k)  # log 1/K sum_k w_mk
    if mean == "looser":
        value = tf.reduce_sum(tf.where(weights.observed > 0, of_each, 0.0), axis=0) / number
    else:
        of_observed = tf.where(weights.observed > 0, of_each, LOG_OF_0)
        value = tf.reduce_logsumexp(of_observed, axis=0) - tf.math.log(number)
    share = weights.observed / number
    terms = {
        name: tf.reduce_sum(share * tf.reduce_mean(term, axis=1), axis=0)
        for name, term in weights.terms.items()
    }
    return Bound(value, terms, weights.likelihoods)


def dreg_bound(
    weights_at: Callable[[Mapping[str, tf.Tensor]], ImportanceWeights],
    z: Mapping[str, tf.Tensor],
    mean: MeanOfWeights = "looser",
    is_exact: bool = False,
) -> Bound:
    """`mmvae_bound` or `iwae_bound` with a doubly reparameterised gradient, which varies less.

    Decoders and prior get sum_k w_mk d log w_mk, with weights that sum to 1 where the bound takes
    their mean. The encoder of m gets, for each of its samples, dz_mk times

        the authors':  [(1 - beta) w_mk + beta w_mk^2] (d/dz) log w_mk
        exact:         w_mk (d/dz) log w_mk - beta (d/dz) sum_{j in S} rho_j v_j

    rho_j = q(z|x_j) / sum_{i in S} q(z|x_i), and v_j is the weight that z_mk would have in place of
    the k-th sample of j. The authors have beta = 1, where w_mk^2 is left of theirs. It is biased
    for a mixture of several experts if K > 1; the exact one is the gradient of the looser bound.
    For the single encoder of `iwae_bound` both are exact, and the first is that of Tucker et al.
    2019, Eq. 8.

    Args:
      weights_at: maps samples z to their weights. What shapes q(z|x_m) must be stopped in it, so
        that gradients reach encoders only through z.
      z: modality name to K samples of its expert, [K, batch, latent_dim].
      mean: see `mmvae_bound`.
      is_exact: whether the gradient is exact, for which `mean` must be "looser".

    Raises:
      ValueError: if an exact gradient of the tighter bound is asked for.
    """
    if is_exact and mean != "looser":
        raise ValueError(
            f"The exact gradient is that of the looser bound. Received: mean={mean!r}; choose "
            "mean='looser', or another gradient"
        )
    samples = {m: tf.stop_gradient(x) for m, x in z.items()}
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(samples)
        weights = weights_at(samples)
        w, share = (tf.stop_gradient(x) for x in _normalised(weights, mean))
        of_decoders = tf.reduce_sum(share * w * weights.log_w, axis=[0, 1])
        of_samples = of_decoders
        if is_exact:
            elsewhere = weights.kl_weight * _weights_elsewhere(weights)
            of_samples -= tf.reduce_sum(share * elsewhere, axis=[0, 1])
    slopes = tape.gradient(of_samples, samples)
    of_encoders = 0.0
    for w_m, (m, z_m) in zip(tf.unstack(w), z.items(), strict=True):
        slope = slopes[m]
        if not is_exact:
            slope *= (1 - weights.kl_weight * (1 - w_m))[..., tf.newaxis]
        of_encoders += tf.reduce_sum(tf.stop_gradient(slope) * z_m, axis=[0, -1])
    bound = mmvae_bound(weights, mean)
    surrogate = of_decoders + of_encoders
    # Adds 0: only its gradient counts.
    return bound._replace(
        value=tf.stop_gradient(bound.value) + (surrogate - tf.stop_gradient(surrogate))
    )


def _normalised(weights: ImportanceWeights, mean: MeanOfWeights) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the weights divided by their sum, [M, K, batch], and each modality's share.

    Shares are [M, 1, batch]. With the looser mean each modality's weights sum to 1 and have a share
    of 1/|S|. With the tighter one those of all modalities sum to 1.
    """
    observed = weights.observed[:, tf.newaxis]
    if mean == "looser":
        return tf.nn.softmax(weights.log_w, axis=1), observed / _number(observed)
    log_w = tf.where(observed > 0, weights.log_w, LOG_OF_0)
    return tf.exp(log_w - tf.reduce_logsumexp(log_w, axis=[0, 1])), observed


def _weights_elsewhere(weights: ImportanceWeights) -> tf.Tensor:
    """sum_j rho_j v_j of each sample, [M, K, batch], as a function of that sample alone."""
    rho = tf.nn.softmax(weights.log_q, axis=0)  # [j, M, K, batch]
    k = tf.shape(weights.log_w)[1]
    others = tf.where(
        tf.eye(k, dtype=tf.bool)[..., tf.newaxis], LOG_OF_0, weights.log_w[:, tf.newaxis]
    )
    # The logarithm of the sum of the other weights of modality j, [j, K, batch].
    log_others = tf.stop_gradient(tf.reduce_logsumexp(others, axis=2))
    v = tf.sigmoid(weights.log_w - log_others[:, tf.newaxis])  # [j, M, K, batch]
    return tf.reduce_sum(rho * v, axis=0)


def _number(observed: tf.Tensor) -> tf.Tensor:
    """|S|, but 1 in examples without any modality, whose values stay finite to be left out."""
    return tf.maximum(tf.reduce_sum(observed, axis=0), 1.0)


def _observed(
    q_z_x: Mapping[str, tfd.Distribution], masks: Mapping[str, tf.Tensor] | None, like: tf.Tensor
) -> tf.Tensor:
    """1 where S has modality m, else 0, [M, batch]; the batch is the last axis of `like`."""
    ones = tf.ones_like(like[0, 0])
    chosen = [(masks or {}).get(m) for m in q_z_x]
    return tf.stack(
        [ones if x is None else tf.cast(rows_of(as_mask(x)), ones.dtype) for x in chosen]
    )
