"""JMVAE-h: a hierarchy of latent variables above the joint encoder."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.layers import notation
from jmvae_tf.layers.conditional import ConditionalDistribution, decoded
from jmvae_tf.layers.default_networks import DEFAULT_VECTOR_BODY
from jmvae_tf.layers.distributions import GaussianHead, reparameterised_sample
from jmvae_tf.modalities import Modality
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.iterative import IterativelySampledVAE
from jmvae_tf.models.observed import observed_of, values_in
from jmvae_tf.objectives import Bound, bound_where, jmvae_h_bound
from jmvae_tf.runtime.randomness import as_seed, sample, split


@keras.saving.register_keras_serializable(package="jmvae_tf")
class JMVAEH(IterativelySampledVAE):
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
        if num_layers < 1:
            raise ValueError(
                f"There must be at least one stochastic layer. Received: num_layers={num_layers}"
            )
        self.num_layers = num_layers
        self.layer_encoder = layer_encoder
        self.layer_prior = layer_prior
        self.layer_encoders = [
            self._between_layers(layer_encoder, f"z{layer}_encoder")
            for layer in range(2, num_layers + 1)
        ]
        self.layer_priors = [
            self._between_layers(layer_prior, f"z{layer}_prior") for layer in range(1, num_layers)
        ]
        self.build_networks()

    def _between_layers(self, text: str, name: str) -> ConditionalDistribution:
        body = notation.body(text, (self.latent_dim,))
        return ConditionalDistribution(body, GaussianHead(self.latent_dim), name=name)

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """L_JMh(x, w), Eq. 3; see `MultimodalVAE.bound`."""
        observed = observed_of(data)
        q_z_xw = self.encode_layers(data, training=training)
        z = [  # z_l ~ q(z_l|x,w)
            reparameterised_sample(q, seed_z)
            for q, seed_z in zip(q_z_xw, self._seeds(seed), strict=True)
        ]
        some = observed.any_of(self.modalities)
        p_z = self.prior_layers(z, training, some)
        p_x_z = decoded(self.decoders, z[0], observed.rows, training)
        a = self.likelihood_weights
        return bound_where(
            some, jmvae_h_bound(data, q_z_xw, p_z, p_x_z, kl_weight, a, observed.masks)
        )

    def encode_layers(
        self, data: Tensors, batch_shape: Any = (-1,), training: bool = False
    ) -> list[tfd.Distribution]:
        """Returns q(z_1|x,w), ..., q(z_L|x,w) along the deterministic path."""
        some = observed_of(data).any_of(self.modalities)
        q = [self.encode_jointly(data, batch_shape, training)]
        for encoder in self.layer_encoders:
            below = tf.reshape(q[-1].mean(), (-1, self.latent_dim))
            q.append(encoder(below, training=training, batch_shape=batch_shape, rows=some))
        return q

    def sample_z(self, data: Tensors, seed: tf.Tensor) -> tf.Tensor:
        """Samples z_L ~ q(z_L|x,w), then each z_l ~ p(z_l|z_l+1) down to z_1."""
        seed_top, seed_below = split(seed, 2)
        return self.descend(sample(self.encode(data), seed_top), seed_below)

    def descend(self, z_top: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """Goes from z_L, [..., latent_dim], down to z_1 by sampling, or by means without a seed."""
        z = z_top
        seeds = split(seed, self.num_layers) if seed is not None else [None] * self.num_layers
        for layer in reversed(range(self.num_layers - 1)):
            p = self._prior_of(layer, z)
            z = p.mean() if seed is None else sample(p, seeds[layer])
        return z

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

    def _seeds(self, seed: tf.Tensor) -> list[tf.Tensor]:
        """Returns a seed per layer; with one layer, the seed itself, as in JMVAE."""
        return split(seed, self.num_layers) if self.num_layers > 1 else [seed]

    def prior_layers(
        self, z: list[tf.Tensor], training: bool = False, rows: tf.Tensor | None = None
    ) -> list[tfd.Distribution]:
        """Returns p(z_1|z_2), ..., p(z_L-1|z_L), p(z_L)."""
        below = [self._prior_of(layer, above, training, rows) for layer, above in enumerate(z[1:])]
        return [*below, self.prior({})]

    def _prior_of(
        self,
        layer: int,
        above: tf.Tensor,
        training: bool = False,
        rows: tf.Tensor | None = None,
    ) -> tfd.Distribution:
        """Returns p(z_l|z_l+1) at z_l+1 = above; `layer` counts from 0, so l = layer + 1."""
        flat = tf.reshape(above, (-1, self.latent_dim))
        batch_shape = tf.shape(above)[:-1]
        return self.layer_priors[layer](flat, training=training, batch_shape=batch_shape, rows=rows)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "num_layers": self.num_layers,
            "layer_encoder": self.layer_encoder,
            "layer_prior": self.layer_prior,
        }
