"""JMVAE: one encoder for all modalities together."""

from collections.abc import Mapping
from typing import Any, Literal

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf import networks
from jmvae_tf.distributions import standard_normal
from jmvae_tf.inference import iterative_sampling
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import MultimodalVAE, Tensors
from jmvae_tf.networks import Network
from jmvae_tf.objectives import Bound, jmvae_bound
from jmvae_tf.randomness import as_seed, split


@keras.saving.register_keras_serializable(package="jmvae_tf")
class JMVAE(MultimodalVAE):
    """The joint multimodal variational autoencoder, Eq. 2 of the 2018 paper.

    It has q(z|x,w) and no other encoder. Where modalities are missing, they are set to zeros or
    noise and complemented by iterative sampling (2018 paper, "Complement of a missing modality").

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      joint_encoder: the body of q(z|x,w), as a notation of `networks` or a Keras layer that takes
        a dictionary; by event shapes where none is given.
      decoders: modality name to the body of p(x|z), as for `MultimodalVAE`.
      missing: what a missing modality starts from, "noise" or "zeros".
      num_rounds: how many rounds of iterative sampling; 1 encodes the zeros or the noise.
      seed: of the latent samples that training and testing draw.
      **kwargs: of `keras.Model`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int = 64,
        joint_encoder: Network | None = None,
        decoders: Mapping[str, Network] | None = None,
        missing: Literal["noise", "zeros"] = "noise",
        num_rounds: int = 10,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        """See the class."""
        super().__init__(modalities, latent_dim, decoders, seed, **kwargs)
        if missing not in ("noise", "zeros"):
            raise ValueError(
                f"A missing modality starts as 'noise' or 'zeros'. Received: missing={missing!r}"
            )
        if num_rounds < 1:
            raise ValueError(
                f"Iterative sampling needs at least one round. Received: num_rounds={num_rounds}"
            )
        self.missing = missing
        self.num_rounds = num_rounds
        self.joint_encoder_network = joint_encoder or networks.default_joint_encoder(
            [modality.event_shape for modality in self.modalities.values()]
        )
        self.joint_encoder = self.joint_encoder_of(self.joint_encoder_network)
        self.build_networks()

    def bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """Eq. 2; see `MultimodalVAE.bound`."""
        q_z_xw = self.joint_encoder(data, training=training)
        z = q_z_xw.sample(seed=seed)
        p_x_z = {name: p(z, training=training) for name, p in self.decoders.items()}
        p_z = standard_normal(self.latent_dim)
        return jmvae_bound(data, q_z_xw, p_z, p_x_z, kl_weight, self.likelihood_weights)

    def infer(self, given: Tensors, seed: tf.Tensor) -> tfd.Distribution:
        """q(z|x,w), the missing modalities complemented by one chain for each example."""
        missing = [name for name in self.modalities if name not in given]
        if not missing:
            return self.joint_encoder(given)
        seed_chain, *seeds = split(seed, 1 + len(missing))
        batch = tf.shape(next(iter(given.values())))[:1]
        initial = dict(given)
        for name, seed_x in zip(missing, seeds, strict=True):
            modality = self.modalities[name]
            shape = tf.concat([batch, modality.event_shape], axis=0)
            initial[name] = (
                modality.likelihood.noise(shape, seed_x)
                if self.missing == "noise"
                else tf.zeros(shape)
            )
        return iterative_sampling(
            initial, missing, self.joint_encoder, self.decode, self.num_rounds, seed_chain
        )

    def sample_posterior(
        self, given: Tensors | None, num_samples: int, seed: int | tf.Tensor = 0
    ) -> tf.Tensor:
        """As `MultimodalVAE.sample_posterior`, with a chain of its own for every sample."""
        if not given or len(given) == len(self.modalities):
            return super().sample_posterior(given, num_samples, seed)
        tiled = {
            name: tf.tile(tensor, [num_samples] + [1] * (tensor.shape.rank - 1))
            for name, tensor in self._check(given).items()
        }
        seed_q, seed_z = split(as_seed(seed), 2)
        z = self.infer(tiled, seed_q).sample(seed=seed_z)
        return tf.reshape(z, (num_samples, -1, self.latent_dim))

    def get_config(self) -> dict[str, Any]:
        """The arguments, for Keras to save."""
        return {
            **super().get_config(),
            "joint_encoder": keras.saving.serialize_keras_object(self.joint_encoder_network),
            "missing": self.missing,
            "num_rounds": self.num_rounds,
        }
