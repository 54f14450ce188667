"""Subsets of the modalities that are observed in an example, and random choices among them."""

from collections.abc import Mapping, Sequence

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.layers.distributions import noise_of_batch
from jmvae_tf.runtime import replicas
from jmvae_tf.runtime.randomness import fold_name, split

ObservedRows = Mapping[str, tf.Tensor]
"""Modality name to the examples that have it, bool, [batch]; all have those left out."""


def has_of(names: Sequence[str], rows: ObservedRows, batch: tf.Tensor) -> dict[str, tf.Tensor]:
    """Maps each modality to 1 in the examples that have it, else 0, float32 [batch].

    Args:
      names: of the modalities.
      rows: see `ObservedRows`.
      batch: the number of examples.
    """
    return {
        name: tf.cast(rows[name], tf.float32) if name in rows else tf.ones(batch) for name in names
    }


def random_subset(
    names: Sequence[str], rows: ObservedRows, batch: tf.Tensor, seed: tf.Tensor, smallest: int
) -> dict[str, tf.Tensor]:
    """Draws a subset of the observed modalities S for each example, but not all of them.

    Its size is drawn first, each with the same probability, then the subset. Examples with too few
    modalities for one get an empty one. What an example gets depends on its own S and the seed
    alone.

    Args:
      names: of all modalities.
      rows: see `ObservedRows`.
      batch: the number of examples.
      seed: int32, [2].
      smallest: the least number of modalities of a subset; the largest is |S| - 1.

    Returns:
      Modality name to whether the subset has it, bool, [batch].
    """
    has = has_of(names, rows, batch)
    number = tf.add_n(list(has.values()))  # |S|
    size = smallest + tf.floor(uniform(batch, seed) * (number - smallest))
    size = tf.where(number > smallest, size, 0.0)
    places = {
        name: tf.where(has[name] > 0, uniform(batch, fold_name(seed, name)), 2.0) for name in names
    }
    # The first modalities in a random order.
    rank = {
        name: tf.add_n([tf.cast(other < place, tf.float32) for other in places.values()])
        for name, place in places.items()
    }
    return {name: tf.logical_and(has[name] > 0, rank[name] < size) for name in names}


def chosen_component(shares: Sequence[tf.Tensor], batch: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Draws one of several components for each example, all in use with the same probability.

    Args:
      shares: the share of each component, [batch]; 0 where it is not in use.
      batch: the number of examples.
      seed: int32, [2].

    Returns:
      1 for the component that was drawn, else 0, float32 [components, batch].
    """
    in_use = tf.cast(tf.stack(list(shares)) > 0, tf.float32)
    place = tf.floor(uniform(batch, seed) * tf.reduce_sum(in_use, axis=0))
    before = tf.cumsum(in_use, axis=0, exclusive=True)
    return in_use * tf.cast(before == place, tf.float32)


def sample_of_one(
    components: Sequence[tfd.Distribution], shares: Sequence[tf.Tensor], seed: tf.Tensor
) -> tf.Tensor:
    """Draws z from one component for each example, as `chosen_component` chooses it.

    Args:
      components: distributions of one family, batch [batch].
      shares: see `chosen_component`.
      seed: int32, [2].

    Returns:
      z, reparameterised, float32 [batch, latent_dim].
    """
    seed_s, seed_z = split(seed, 2)
    chosen = chosen_component(shares, tf.shape(shares[0])[0], seed_s)
    mean, scale = (
        tf.einsum("sb,sbd->bd", chosen, tf.stack([of(q) for q in components]))
        for of in (tfd.Distribution.mean, tfd.Distribution.stddev)
    )
    return mean + scale * noise_of_batch(components[0], seed_z)


def uniform(batch: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Draws values from 0 to 1, below 1, [batch], however many replicas share the batch."""
    return replicas.current().part_of_batch(
        lambda number: tf.random.stateless_uniform((number,), seed), batch
    )
