"""Samples the z that images for a discriminator are decoded from."""

from collections.abc import Sequence

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.layers.distributions import reparameterised_sample
from jmvae_tf.modalities import observed_key
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.runtime import replicas


def sample_prior(
    vae: MultimodalVAE, examples: Tensors, number: tf.Tensor, seed: tf.Tensor
) -> tf.Tensor:
    """Samples z from a model's prior, one per example, which may be given conditions.

    Args:
      vae: the model.
      examples: standardised examples.
      number: the number of examples of this replica.
      seed: int32, [2].

    Returns:
      float32, [batch, latent_dim].
    """
    if vae.conditions:
        return reparameterised_sample(vae.prior(examples), seed)
    return replicas.current().part_of_batch(  # In JMVAE-h, from the top layer down.
        lambda examples: vae.sample_posterior(None, examples, seed), number
    )


def sample_given(
    vae: MultimodalVAE, data: Tensors, names: Sequence[str], seed: tf.Tensor
) -> tf.Tensor:
    """Samples z ~ q(z|given), given some modalities of each example.

    Args:
      vae: the model.
      data: examples in their own units.
      names: the modalities to give.
      seed: int32, [2].

    Returns:
      float32, [batch, latent_dim].
    """
    keys = [key for name in names for key in (name, observed_key(name)) if key in data]
    given = {key: data[key] for key in keys}
    if vae.decodes_posterior and not vae.samples_to_infer:
        q = vae.posterior(given)
        if not isinstance(q, tfd.MixtureSameFamily):  # Which expert it is of is drawn, too.
            return reparameterised_sample(q, seed)
    # A seed for each example, so that it does not matter how many replicas share the batch.
    seeds = replicas.current().part_of_batch(
        lambda number: tf.random.stateless_uniform(
            (number, 2), seed, minval=None, maxval=None, dtype=tf.int32
        ),
        tf.shape(given[names[0]])[0],
    )
    return vae.sample_posterior(given, 1, seeds)[0]
