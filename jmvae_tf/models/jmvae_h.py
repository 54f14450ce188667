"""JMVAE-h: a hierarchy of latent variables above the joint encoder."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.layers.conditional import decoded
from jmvae_tf.layers.default_networks import DEFAULT_VECTOR_BODY
from jmvae_tf.layers.distributions import reparameterised_sample
from jmvae_tf.modalities import Modality
from jmvae_tf.models.hierarchy import LatentHierarchy
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.iterative import IterativelySampledVAE
from jmvae_tf.models.observed import observed_of, values_in
from jmvae_tf.objectives import Bound, bound_where, jmvae_h_bound
from jmvae_tf.runtime.randomness import as_seed, sample, split


@keras.saving.register_keras_serializable(package="jmvae_tf")
class JMVAEH(LatentHierarchy, IterativelySampledVAE):
    """JMVAE-h, Eq. 3 of the 2018 paper, with any number L of stochastic layers.

    q(z_1 ... z_L|x,w) is a product over layers. A deterministic path connects them: the mean of z_l
    feeds the network of z_l+1. Samples of z_1 feed the decoders.

    Given all modalities, z_1 is sampled from q(z_1|x,w). Otherwise missing modalities are filled in
    by iterative sampling and z_L is sampled from q(z_L|x,w), then each z_l from p(z_l|z_l+1) down
    to z_1. This holds within the rounds and after them.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of each z_l.
      num_layers: L; 2 in the paper. With 1 the model is JMVAE.
      layer_encoder: the body of q(z_l|x,w) from the mean of z_l-1, l = 2 ... L, in the notation.
      layer_prior: the body of p(z_l|z_l+1), l = 1 ... L-1, in the notation.
      **kwargs: passed to `IterativelySampledVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    conditional_equation = 6

    decodes_posterior = False  # That is of z_L, and decoders take z_1.

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int = 64,
        num_layers: int = 2,
        layer_encoder: str = DEFAULT_VECTOR_BODY,
        layer_prior: str = DEFAULT_VECTOR_BODY,
        **kwargs: Any,
    ) -> None:
        super().__init__(modalities, latent_dim, **kwargs)
        self.make_layers(num_layers, layer_encoder, layer_prior)
        self.build_networks()

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """L_JMh(x, w), Eq. 3; see `MultimodalVAE.bound`."""
        observed = observed_of(data)
        q_z_xw = self.encode_layers(self.with_dropout(data, seed, training), training=training)
        z = [  # z_l ~ q(z_l|x,w)
            reparameterised_sample(q, seed_z)
            for q, seed_z in zip(q_z_xw, self.seeds_of_layers(seed), strict=True)
        ]
        some = observed.any_of(self.modalities)
        p_z = self.prior_layers(z, training, some)
        p_x_z = decoded(self.decoders, z[0], observed.rows, training)
        beta, a = self.beta * kl_weight, self.likelihood_weights
        return bound_where(some, jmvae_h_bound(data, q_z_xw, p_z, p_x_z, beta, a, observed.masks))

    def encode_layers(
        self, data: Tensors, batch_shape: Any = (-1,), training: bool = False
    ) -> list[tfd.Distribution]:
        """Returns q(z_1|x,w), ..., q(z_L|x,w) along the deterministic path."""
        some = observed_of(data).any_of(self.modalities)
        first = self.encode_jointly(data, batch_shape, training)
        return self.layers_above(first, batch_shape, training, some)

    def sample_z(self, data: Tensors, seed: tf.Tensor) -> tf.Tensor:
        """Samples z_L ~ q(z_L|x,w), then each z_l ~ p(z_l|z_l+1) down to z_1."""
        seed_top, seed_below = split(seed, 2)
        return self.descend(sample(self.encode(data), seed_top), seed_below)

    def sample_posterior(
        self, given: Tensors | None, num_samples: int, seed: int | tf.Tensor = 0
    ) -> tf.Tensor:
        """Samples z_1, given all modalities from q(z_1|x,w), otherwise from z_L downwards.

        Masks decide for each example; so they do in the methods below.
        """
        seed_top, seed_below = split(as_seed(seed), 2)
        tensors = self.checked_inputs(given or {})
        if self.has_all(tensors):
            return sample(self.encode_jointly(tensors), seed_below, num_samples)
        _, z_top = self.posterior_and_samples(given, num_samples, seed_top)
        z = self.descend(z_top, seed_below)
        return self._but_for_complete(tensors, z, lambda q: sample(q, seed_below, num_samples))

    def posterior_mean(self, given: Tensors | None, seed: int | tf.Tensor = 0) -> tf.Tensor:
        """Returns the mean of q(z_1|x,w), or that of q(z_L|.) passed down by the priors' means."""
        tensors = self.checked_inputs(given or {})
        if self.has_all(tensors):
            return self.encode_jointly(tensors).mean()
        mean = self.descend(self.posterior(given, seed).mean(), None)
        return self._but_for_complete(tensors, mean, lambda q: q.mean())

    def decoders_latent(self, z: tf.Tensor) -> tf.Tensor:
        """Passes z_L down to z_1 by the priors' means."""
        return self.descend(z, None)

    def layer_means(self, given: Tensors, seed: int | tf.Tensor = 0) -> dict[str, tf.Tensor]:
        """Returns the means of q(z_1|.) ... q(z_L|.) under the names z1 ... zL."""
        layers = self.encode_layers(self.complement(self.checked_inputs(given), as_seed(seed)))
        return {f"z{layer}": q.mean() for layer, q in enumerate(layers, start=1)}

    def conditional_samples(
        self, given: Tensors, num_samples: int, seed: int | tf.Tensor = 0
    ) -> tf.Tensor:
        """Samples N z_L and, for each of them, N z_1 (2018 paper, appendix, Eq. 6).

        Given all modalities, nothing is filled in: samples N z_1 ~ q(z_1|x,w).
        """
        tensors = self.checked_inputs(given)
        if self.has_all(tensors):
            return self.sample_posterior(given, num_samples, seed)
        seed_top, seed_below = split(as_seed(seed), 2)
        _, z_top = self.posterior_and_samples(given, num_samples, seed_top)
        z = self.descend(tf.repeat(z_top, num_samples, axis=0), seed_below)
        z = tf.reshape(z, (num_samples**2, -1, self.latent_dim))
        return self._but_for_complete(tensors, z, lambda q: sample(q, seed_below, num_samples**2))

    def _but_for_complete(
        self, tensors: Tensors, z: tf.Tensor, z_of: Callable[[tfd.Distribution], tf.Tensor]
    ) -> tf.Tensor:
        """Returns z, but that of q(z_1|x,w) for examples that lack nothing."""
        complete = observed_of(tensors).all_of(self.modalities)
        if len(values_in(tensors)) < len(self.modalities) or complete is None:
            return z
        return tf.where(complete[:, tf.newaxis], z_of(self.encode_jointly(tensors)), z)
