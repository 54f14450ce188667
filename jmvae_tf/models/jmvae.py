"""JMVAE: one encoder for all modalities together."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.layers.conditional import decoded
from jmvae_tf.layers.distributions import reparameterised_sample
from jmvae_tf.modalities import Modality
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.iterative import IterativelySampledVAE
from jmvae_tf.models.observed import observed_of
from jmvae_tf.models.several_samples import SeveralSamples
from jmvae_tf.objectives import Bound, bound_where, jmvae_bound
from jmvae_tf.runtime.randomness import sample


@keras.saving.register_keras_serializable(package="jmvae_tf")
class JMVAE(SeveralSamples, IterativelySampledVAE):
    """The joint multimodal variational autoencoder, Eq. 2 of the 2018 paper.

    With `missing="zeros"` and `num_rounds=1` it is the 2016 paper's JMVAE-zero.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      **kwargs: `num_samples`, K, 1 in the papers, and `gradient`, "plain" or "dreg", of
        `SeveralSamples`; others are passed to `IterativelySampledVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    def __init__(
        self, modalities: Mapping[str, Modality], latent_dim: int = 64, **kwargs: Any
    ) -> None:
        super().__init__(modalities, latent_dim, **kwargs)
        self.build_networks()

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """L_JM(x, w), Eq. 2, or of K samples; see `MultimodalVAE.bound` and `SeveralSamples`."""
        observed = observed_of(data)
        some = observed.any_of(self.modalities)
        [q_z_xw] = self.encode_layers(self.with_dropout(data, seed, training), training=training)
        if self.num_samples > 1:
            several = self.bound_of_samples(data, q_z_xw, observed, seed, kl_weight, training)
            return bound_where(some, several)
        z = reparameterised_sample(q_z_xw, seed)  # z ~ q(z|x,w)
        p_x_z = decoded(self.decoders, z, observed.rows, training)
        beta, a = self.beta * kl_weight, self.likelihood_weights
        bound = jmvae_bound(data, q_z_xw, self.prior(data), p_x_z, beta, a, observed.masks)
        return bound_where(some, bound)

    def encode_layers(
        self, data: Tensors, batch_shape: Any = (-1,), training: bool = False
    ) -> list[tfd.Distribution]:
        """Returns q(z|x,w), the only layer."""
        return [self.encode_jointly(data, batch_shape, training)]

    def prior_layers(self, z: list[tf.Tensor], training: bool = False) -> list[tfd.Distribution]:
        """Returns p(z)."""
        return [self.prior({})]

    def sample_z(self, data: Tensors, seed: tf.Tensor) -> tf.Tensor:
        """Samples z ~ q(z|x,w)."""
        return sample(self.encode(data), seed)
