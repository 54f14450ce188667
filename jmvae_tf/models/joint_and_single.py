"""The base of models with a joint encoder and an encoder per modality."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import posterior_of_observed, product_of_experts
from jmvae_tf.layers import conditional
from jmvae_tf.layers.notation import Network
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.experts import Experts
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import Observed, network_inputs, network_shapes, observed_of


class EncodedBatch(NamedTuple):
    """What the encoders say of a batch.

    Attributes:
      q_z_xw: the joint encoder's distribution.
      q_z_x: modality name to its own encoder's distribution.
      complete: bool, [batch], which examples have all modalities; None if all have.
      observed: which examples lack which modalities.
    """

    q_z_xw: tfd.Distribution
    q_z_x: Experts
    complete: tf.Tensor | None
    observed: Observed


class JointAndSingleVAE(MultimodalVAE):
    """A model with q(z|x,w) and an encoder q(z|x) per modality: any subset can be given.

    A single modality uses its own encoder, all modalities together use the joint encoder, and other
    subsets use the product of their encoders (`inference.product_of_experts`).

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      joint_encoder: the body of q(z|x,w), written in the `notation`, or a Keras layer that takes a
        dictionary; chosen by event shapes if none is given.
      encoders: modality name to the body of q(z|x), in the notation or a Keras layer.
      decoders: modality name to the body of p(x|z); see `MultimodalVAE`.
      seed: seed of the latent samples drawn in training and testing.
      **kwargs: passed to `MultimodalVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    encodes_incomplete = False
    """Whether examples that lack modalities train the joint encoder, with zeros in their place."""

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int = 64,
        joint_encoder: Network | None = None,
        encoders: Mapping[str, Network] | None = None,
        decoders: Mapping[str, Network] | None = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(modalities, latent_dim, decoders, seed, **kwargs)
        self.joint_encoder_network = joint_encoder
        self.encoder_networks = conditional.chosen_networks(
            "encoders", encoders, list(self.modalities)
        )
        shapes = network_shapes(self.modalities)
        self.joint_encoder = conditional.joint_encoder(joint_encoder, shapes, latent_dim)
        self.encoders = conditional.encoders(self.encoder_networks, shapes, latent_dim)

    def encoded(self, data: Tensors, training: bool) -> EncodedBatch:
        """Returns what all encoders say of a batch."""
        x, observed = network_inputs(self.modalities, data), observed_of(data)
        complete = observed.all_of(self.modalities)
        rows = observed.any_of(self.modalities) if self.encodes_incomplete else complete
        q_z_xw = self.joint_encoder(x, training=training, rows=rows, rows_of_branches=observed.rows)
        q_z_x = {
            name: q(x[name], training=training, rows=observed.rows.get(name))
            for name, q in self.encoders.items()
        }
        return EncodedBatch(q_z_xw, q_z_x, complete, observed)

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
        alone = [
            name
            for name in self.modalities
            if term in (f"log_p_{name}_alone", f"kl_prior_of_{name}")
        ]
        return found.any_of(alone) if alone else super().rows_of_term(term, found)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "joint_encoder": keras.saving.serialize_keras_object(self.joint_encoder_network),
            "encoders": keras.saving.serialize_keras_object(dict(self.encoder_networks)),
        }
