"""CMMA: a conditional model whose prior depends on the given modalities."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.layers import conditional, notation
from jmvae_tf.layers.conditional import ConditionalDistribution, decoded
from jmvae_tf.layers.distributions import GaussianHead, reparameterised_sample
from jmvae_tf.layers.notation import Network
from jmvae_tf.modalities import Modality
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import network_inputs, network_shapes, observed_of
from jmvae_tf.models.one_way import OneWayVAE
from jmvae_tf.objectives import Bound, bound_where, cmma_bound


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
        shapes = network_shapes(self.modalities)
        bodies = {
            name: conditional.encoder_body(self.encoder_networks.get(name), shapes[name])
            for name in self.conditions
        }
        self.prior_encoder = ConditionalDistribution(
            notation.JointBody(bodies), GaussianHead(latent_dim), name="prior_encoder"
        )
        self.build_networks()

    def prior(self, given: Tensors, training: bool = False) -> tfd.Distribution:
        """Returns p(z|w)."""
        observed, inputs = observed_of(given), network_inputs(self.modalities, given)
        return self.prior_encoder(
            {name: inputs[name] for name in self.conditions},
            training=training,
            rows=observed.all_of(self.modalities),
            rows_of_branches=observed.rows,
        )

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """CMMA's bound; see `MultimodalVAE.bound`."""
        observed = observed_of(data)
        complete = observed.all_of(self.modalities)
        q_z_xw = self.encode_jointly(data, training)
        p_z_w = self.prior(data, training)
        z = reparameterised_sample(q_z_xw, seed)  # z ~ q(z|x,w)
        p_x_z = decoded(self.decoders, z, {self.target: complete}, training)
        beta, a = self.beta * kl_weight, self.likelihood_weights
        bound = cmma_bound(data, q_z_xw, p_z_w, p_x_z, beta, a, observed.masks)
        return bound_where(complete, bound)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "encoders": keras.saving.serialize_keras_object(dict(self.encoder_networks)),
        }
