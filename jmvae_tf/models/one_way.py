"""The base of CVAE and CMMA: they generate one modality from all others."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import by_example
from jmvae_tf.layers import conditional
from jmvae_tf.layers.notation import Network
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import Observed, network_inputs, network_shapes, observed_of


class OneWayVAE(MultimodalVAE):
    """A conditional model of one modality x given all the others, w.

    Args:
      modalities: name to `Modality`, at least two.
      target: the name of the modality to generate.
      latent_dim: the number of values of z.
      joint_encoder: the body of q(z|x,w), written in the `notation`, or a Keras layer that takes a
        dictionary; chosen by event shapes if none is given.
      decoders: the target's name to the body of its decoder, in the notation or a Keras layer.
      seed: seed of the latent samples drawn in training and testing.
      **kwargs: passed to `keras.Model`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        target: str,
        latent_dim: int = 64,
        joint_encoder: Network | None = None,
        decoders: Mapping[str, Network] | None = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        if target not in modalities or len(modalities) < 2:
            raise ValueError(
                "The target must be one of at least two modalities. "
                f"Received: target={target!r} among {list(modalities)}"
            )
        conditions = [name for name in modalities if name != target]
        super().__init__(modalities, latent_dim, decoders, seed, conditions, **kwargs)
        self.target = target
        self.joint_encoder_network = joint_encoder
        shapes = network_shapes(self.modalities)
        self.joint_encoder = conditional.joint_encoder(joint_encoder, shapes, latent_dim)

    def encode_jointly(self, data: Tensors, training: bool = False) -> tfd.Distribution:
        """Returns q(z|x,w); only complete examples have one."""
        observed = observed_of(data)
        return self.joint_encoder(
            network_inputs(self.modalities, data),
            training=training,
            rows=observed.all_of(self.modalities),
            rows_of_branches=observed.rows,
        )

    def infer(self, given: Tensors, seed: tf.Tensor) -> tfd.Distribution:
        """Returns q(z|x,w), without sampling; the prior for examples without the target."""
        del seed
        q, has_target = self.encode_jointly(given), observed_of(given).all_of([self.target])
        return q if has_target is None else by_example(has_target, q, self.prior(given))

    def rows_of_term(self, term: str, found: Observed) -> tf.Tensor | None:
        """Only examples with target and conditions have a bound."""
        del term
        return found.all_of(self.modalities)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "target": self.target,
            "joint_encoder": keras.saving.serialize_keras_object(self.joint_encoder_network),
        }
