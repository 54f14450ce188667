"""The base of CVAE and CMMA: they generate one modality from all others."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.layers import conditional
from jmvae_tf.layers.notation import Network
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.inputs import Tensors


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
        self.joint_encoder = conditional.joint_encoder(joint_encoder, self.event_shapes, latent_dim)

    def infer(self, given: Tensors, seed: tf.Tensor) -> tfd.Distribution:
        """Returns q(z|x,w), without sampling."""
        del seed
        return self.joint_encoder(given)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "target": self.target,
            "joint_encoder": keras.saving.serialize_keras_object(self.joint_encoder_network),
        }
