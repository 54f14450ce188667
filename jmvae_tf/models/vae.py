"""VAE: a model of one modality."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import by_example
from jmvae_tf.layers import conditional
from jmvae_tf.layers.conditional import decoded
from jmvae_tf.layers.distributions import reparameterised_sample
from jmvae_tf.layers.notation import Network
from jmvae_tf.modalities import Modality
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import network_inputs, network_shapes, observed_of
from jmvae_tf.models.several_samples import SeveralSamples
from jmvae_tf.objectives import Bound, bound_where, vae_bound


@keras.saving.register_keras_serializable(package="jmvae_tf")
class VAE(SeveralSamples):
    """The variational autoencoder of one modality, Eq. 1 of the 2018 paper.

    Args:
      modalities: the name of the one modality to `Modality`.
      latent_dim: the number of values of z.
      encoders: the same name to the body of q(z|x), written in the `notation` or a Keras layer;
        chosen by event shape if none is given.
      decoders: the same name to the body of p(x|z), as for `encoders`.
      seed: seed of the latent samples drawn in training and testing.
      **kwargs: `num_samples`, K, 1 in the papers, and `gradient`, "plain" or "dreg", of
        `SeveralSamples`; others are passed to `keras.Model`.

    Raises:
      ValueError: if there is not exactly one modality, or an argument is out of its range.
    """

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int = 64,
        encoders: Mapping[str, Network] | None = None,
        decoders: Mapping[str, Network] | None = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        if len(modalities) != 1:
            raise ValueError(f"A VAE has exactly one modality. Received: {list(modalities)}")
        super().__init__(modalities, latent_dim, decoders, seed, **kwargs)
        self.encoder_networks = conditional.chosen_networks("encoders", encoders, self.targets)
        shapes = network_shapes(self.modalities)
        self.encoders = conditional.encoders(self.encoder_networks, shapes, latent_dim)
        self.build_networks()

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """L_VAE(x), Eq. 1, or of K samples; see `MultimodalVAE.bound` and `SeveralSamples`."""
        observed = observed_of(data)
        [(name, x)] = network_inputs(self.modalities, data).items()
        some = observed.rows.get(name)
        q_z_x = self.encoders[name](x, training=training, rows=some)
        if self.num_samples > 1:
            several = self.bound_of_samples(data, q_z_x, observed, seed, kl_weight, training)
            return bound_where(some, several)
        z = reparameterised_sample(q_z_x, seed)  # z ~ q(z|x)
        p_x_z = decoded(self.decoders, z, observed.rows, training)
        beta, a = self.beta * kl_weight, self.likelihood_weights
        bound = vae_bound(data, q_z_x, self.prior(data), p_x_z, beta, a, observed.masks)
        return bound_where(some, bound)

    def infer(self, given: Tensors, seed: tf.Tensor) -> tfd.Distribution:
        """Returns q(z|x), without sampling; the prior for examples of which nothing is observed."""
        del seed
        [(name, x)] = network_inputs(self.modalities, given).items()
        q, some = self.encoders[name](x), observed_of(given).rows.get(name)
        return q if some is None else by_example(some, q, self.prior(given))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "encoders": keras.saving.serialize_keras_object(dict(self.encoder_networks)),
        }
