"""Values of objectives, and what all of them do with weights and masks."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.likelihoods import as_mask, is_weight_by_example

Weight: TypeAlias = float | tf.Tensor
"""A number, or one per example, [batch]."""

LOG_OF_0 = -1e30
"""The logarithm of a weight of 0; the gradients of minus infinity would be NaN."""


class Bound(NamedTuple):
    """An objective and its terms: a lower bound, unless its function says that it is none.

    Attributes:
      value: float32, [batch], nats, to be maximised.
      terms: name to float32, [batch], nats: each divergence, as a positive number, and each
        log-likelihood, both before weighting.
      likelihoods: modality name to the distribution p(x|z) that gave its log-likelihood.
    """

    value: tf.Tensor
    terms: dict[str, tf.Tensor]
    likelihoods: Mapping[str, tfd.Distribution]


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


def weights_and_masks(
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


def counted_term(weight: Weight, term: tf.Tensor) -> tf.Tensor:
    """Returns the term, [..., batch], set to 0 where its per-example weight is 0."""
    of_batch = term[(0,) * (term.shape.rank - 1)] if term.shape.rank > 1 else term
    if is_weight_by_example(weight, of_batch):
        return tf.where(tf.not_equal(weight, 0.0), term, 0.0)
    return term


def named(prefix: str, terms: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Puts a prefix before the names of terms."""
    return {f"{prefix}_{name}": term for name, term in terms.items()}


def rows_of(mask: tf.Tensor) -> tf.Tensor:
    """Tells in which examples any value is observed, bool [batch]."""
    axes = list(range(1, mask.shape.rank))
    return tf.reduce_any(mask, axis=axes) if axes else mask


def where_observed(
    name: str, masks: Mapping[str, tf.Tensor | None] | None, term: tf.Tensor
) -> tf.Tensor:
    """Returns a term of a modality, set to 0 in the examples that lack the modality."""
    mask = (masks or {}).get(name)
    return term if mask is None else tf.where(rows_of(as_mask(mask)), term, 0.0)
