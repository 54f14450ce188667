"""JMVAE-kl: a joint encoder, and an encoder per modality that is trained to match it."""

import math
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import posterior_of_observed, product_of_experts
from jmvae_tf.layers import conditional
from jmvae_tf.layers.conditional import decoded
from jmvae_tf.layers.distributions import reparameterised_sample
from jmvae_tf.layers.notation import Network
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import Observed, network_inputs, network_shapes, observed_of
from jmvae_tf.objectives import Bound, jmvae_kl_bound, jmvae_kl_bound_of_observed


@keras.saving.register_keras_serializable(package="jmvae_tf")
class JMVAEKL(MultimodalVAE):
    """JMVAE-kl, Eq. 4 of the 2018 paper: any subset of the modalities can be given.

    A single modality uses its own encoder, all modalities together use the joint encoder, and other
    subsets use the product of their encoders (`inference.product_of_experts`).

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      alpha: the weight of the divergences between the encoders (2016 paper; 1 in the 2018 paper).
      anneal_alpha: whether the warm-up's weight also multiplies alpha; not in the papers.
      joint_encoder: the body of q(z|x,w), written in the `notation`, or a Keras layer that takes a
        dictionary; chosen by event shapes if none is given.
      encoders: modality name to the body of q(z|x), in the notation or a Keras layer.
      decoders: modality name to the body of p(x|z); see `MultimodalVAE`.
      seed: seed of the latent samples drawn in training and testing.
      **kwargs: passed to `keras.Model`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int = 64,
        alpha: float = 1.0,
        anneal_alpha: bool = False,
        joint_encoder: Network | None = None,
        encoders: Mapping[str, Network] | None = None,
        decoders: Mapping[str, Network] | None = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(modalities, latent_dim, decoders, seed, **kwargs)
        if not 0 <= alpha < math.inf:
            raise ValueError(f"alpha must be finite and not negative. Received: alpha={alpha}")
        self.alpha = alpha
        self.anneal_alpha = anneal_alpha
        self.joint_encoder_network = joint_encoder
        self.encoder_networks = conditional.chosen_networks(
            "encoders", encoders, list(self.modalities)
        )
        shapes = network_shapes(self.modalities)
        self.joint_encoder = conditional.joint_encoder(joint_encoder, shapes, latent_dim)
        self.encoders = conditional.encoders(self.encoder_networks, shapes, latent_dim)
        self.build_networks()

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """L_JMkl(x, w), Eq. 4; see `MultimodalVAE.bound`."""
        x, observed = network_inputs(self.modalities, data), observed_of(data)
        complete, masks = observed.all_of(self.modalities), observed.masks
        q_z_xw = self.joint_encoder(
            x, training=training, rows=complete, rows_of_branches=observed.rows
        )
        q_z_x = {
            name: q(x[name], training=training, rows=observed.rows.get(name))
            for name, q in self.encoders.items()
        }
        a, p_z = self.likelihood_weights, self.prior(data)
        alpha = self.alpha * kl_weight if self.anneal_alpha else self.alpha
        if complete is None:
            z = reparameterised_sample(q_z_xw, seed)  # z ~ q(z|x,w)
            p_x_z = decoded(self.decoders, z, {}, training)
            return jmvae_kl_bound(data, q_z_xw, q_z_x, p_z, p_x_z, alpha, kl_weight, a)
        q_z_s = posterior_of_observed(q_z_xw, q_z_x, observed.rows)
        z = reparameterised_sample(q_z_s, seed)  # z ~ q(z|x_S)
        p_x_z = decoded(self.decoders, z, observed.rows, training)
        return jmvae_kl_bound_of_observed(
            data, q_z_s, q_z_x, p_z, p_x_z, complete, masks, alpha, kl_weight, a
        )

    def infer(self, given: Tensors, seed: tf.Tensor) -> tfd.Distribution:
        """Returns q(z|x), q(z|x,w) or a product of encoders, without sampling."""
        del seed
        x, observed = network_inputs(self.modalities, given), observed_of(given)
        is_whole = len(x) == len(self.modalities)
        if is_whole and not observed.rows:
            return self.joint_encoder(x)
        experts = {name: self.encoders[name](tensor) for name, tensor in x.items()}
        if observed.rows:
            joint = self.joint_encoder(x) if is_whole else None
            return posterior_of_observed(joint, experts, observed.rows)
        [first, *others] = experts.values()
        return product_of_experts([first, *others]) if others else first

    def rows_of_term(self, term: str, found: Observed) -> tf.Tensor | None:
        """See `MultimodalVAE.rows_of_term`; divergences between encoders are of complete rows."""
        if term in (f"kl_{name}" for name in self.modalities):
            return found.all_of(self.modalities)
        return super().rows_of_term(term, found)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "anneal_alpha": self.anneal_alpha,
            "joint_encoder": keras.saving.serialize_keras_object(self.joint_encoder_network),
            "encoders": keras.saving.serialize_keras_object(dict(self.encoder_networks)),
        }
