"""Random changes to training batches: mirrored images, binarised values.

Each random value depends only on the seed, so it does not matter which part of the batch a replica
has.
"""

import functools
from collections.abc import Collection, Mapping

import tensorflow as tf

from jmvae_tf.modalities import Modality
from jmvae_tf.runtime.randomness import noise_for_batch, split
from jmvae_tf.runtime.replicas import WHOLE, Share


def flip(
    batch: Mapping[str, tf.Tensor],
    images: Collection[str],
    seed: tf.Tensor,
    share: Share = WHOLE,
) -> dict[str, tf.Tensor]:
    """Mirrors a random half of the examples left to right, with all the images that are named."""
    uniform = share.part_of_batch(
        lambda number: tf.random.stateless_uniform((number, 1, 1, 1), seed),
        tf.shape(next(iter(batch.values())))[0],
    )
    mirrored = uniform < 0.5
    return {
        name: tf.where(mirrored, tf.reverse(x, [2]), x) if name in images else x
        for name, x in batch.items()
    }


def binarise(
    batch: Mapping[str, tf.Tensor],
    modalities: Mapping[str, Modality],
    seed: tf.Tensor,
    share: Share = WHOLE,
) -> dict[str, tf.Tensor]:
    """Binarises Bernoulli modalities: 1 with the grey value as probability, otherwise 0."""
    drawn = dict(batch)
    for (name, modality), seed_x in zip(
        modalities.items(), split(seed, len(modalities)), strict=True
    ):
        if modality.likelihood.is_binarised:
            noise = functools.partial(
                noise_for_batch,
                tf.random.stateless_uniform,
                event_shape=modality.event_shape,
                seed=seed_x,
            )
            uniform = share.part_of_batch(noise, tf.shape(batch[name])[0])
            drawn[name] = tf.cast(uniform < batch[name], tf.float32)
    return drawn
