"""CMMA: a conditional model whose prior depends on the given modalities."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.layers import conditional, notation
from jmvae_tf.layers.conditional import ConditionalDistribution
from jmvae_tf.layers.distributions import GaussianHead, reparameterised_sample
from jmvae_tf.layers.notation import Network
from jmvae_tf.modalities import Modality
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.one_way import OneWayVAE
from jmvae_tf.objectives import Bound, cmma_bound


@keras.saving.register_keras_serializable(package="jmvae_tf")
class CMMA(OneWayVAE):
    """The conditional multimodal autoencoder (Pandey and Dukkipati 2016).

    The prior p(z|w) is a Gaussian whose mean and variance depend on the given modalities. The
    decoder is p(x|z).

    Args:
      modalities: name to `Modality`, at least two.
      target: the name of the modality to generate.
      latent_dim: the number of values of z.
      encoders: the name of a given modality to its body in p(z|w), written in the `notation`
        or a Keras layer; chosen by event shape if none is given. Several are concatenated.
      **kwargs: passed to `OneWayVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        target: str,
        latent_dim: int = 64,
        encoders: Mapping[str, Network] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(modalities, target, latent_dim, **kwargs)
        self.encoder_networks = conditional.chosen_networks("encoders", encoders, self.conditions)
        bodies = {
            name: conditional.encoder_body(self.encoder_networks.get(name), self.event_shapes[name])
            for name in self.conditions
        }
        self.prior_encoder = ConditionalDistribution(
            notation.JointBody(bodies), GaussianHead(latent_dim), name="prior_encoder"
        )
        self.build_networks()

    def prior(self, given: Tensors) -> tfd.Distribution:
        """Returns p(z|w)."""
        return self.prior_encoder({name: given[name] for name in self.conditions})

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """CMMA's bound; see `MultimodalVAE.bound`."""
        q_z_xw = self.joint_encoder(data, training=training)
        p_z_w = self.prior_encoder(  # Not `prior`, which is never in training.
            {name: data[name] for name in self.conditions}, training=training
        )
        z = reparameterised_sample(q_z_xw, seed)  # z ~ q(z|x,w)
        p_x_z = {name: p(z, training=training) for name, p in self.decoders.items()}
        return cmma_bound(data, q_z_xw, p_z_w, p_x_z, kl_weight, self.likelihood_weights)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "encoders": keras.saving.serialize_keras_object(dict(self.encoder_networks)),
        }
