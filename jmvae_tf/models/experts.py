"""The base of models without a joint encoder: q(z|x_S) is made of one expert per modality."""

import abc
from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.layers import conditional
from jmvae_tf.layers.conditional import ConditionalDistribution
from jmvae_tf.layers.distributions import GaussianHead, reparameterised_sample
from jmvae_tf.layers.notation import Network
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import Observed, network_inputs, network_shapes, observed_of
from jmvae_tf.runtime.randomness import fold_name

Experts = Mapping[str, tfd.Distribution]
"""Modality name to q(z|x_m), of batch shape [batch]."""


def decoded_alone(
    decoders: Mapping[str, Callable[..., tfd.Distribution]],
    experts: Experts,
    rows: Mapping[str, tf.Tensor],
    seed: tf.Tensor,
    training: bool,
) -> tuple[dict[str, tf.Tensor], dict[str, tfd.Distribution]]:
    """Samples each expert and decodes its sample to the same modality.

    Args:
      decoders: modality name to p(x|z).
      experts: modality name to q(z|x_m).
      rows: the examples that have a modality, bool, [batch]; all of those left out.
      seed: int32, [2].
      training: whether batch normalisation uses the batch's statistics.

    Returns:
      Modality name to z ~ q(z|x_m), and to p(x_m|z).
    """
    z = {m: reparameterised_sample(q, fold_name(seed, m)) for m, q in experts.items()}
    p_x_z = {m: decoders[m](z_m, training=training, rows=rows.get(m)) for m, z_m in z.items()}
    return z, p_x_z


def frozen(decoder: ConditionalDistribution) -> Callable[..., tfd.Distribution]:
    """Returns a decoder whose weights get no gradient and whose statistics stay, but z does."""

    def decode(z: tf.Tensor, training: bool, rows: tf.Tensor | None) -> tfd.Distribution:
        weights = [tf.stop_gradient(tf.convert_to_tensor(x)) for x in decoder.trainable_variables]
        others = [tf.convert_to_tensor(x) for x in decoder.non_trainable_variables]
        return decoder.stateless_call(weights, others, z, training=training, rows=rows)[0]

    return decode


class ExpertsVAE(MultimodalVAE):
    """A model with an encoder per modality, its expert; q(z|x_S) is made of the experts of S.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      encoders: modality name to the body of q(z|x), written in the `notation` or a Keras layer;
        chosen by event shape if none is given.
      decoders: modality name to the body of p(x|z); see `MultimodalVAE`.
      seed: seed of the latent samples drawn in training and testing.
      head: what makes a distribution of an encoder's features.
      **kwargs: passed to `MultimodalVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int = 64,
        encoders: Mapping[str, Network] | None = None,
        decoders: Mapping[str, Network] | None = None,
        seed: int = 0,
        head: type[GaussianHead] = GaussianHead,
        **kwargs: Any,
    ) -> None:
        super().__init__(modalities, latent_dim, decoders, seed, **kwargs)
        self.encoder_networks = conditional.chosen_networks(
            "encoders", encoders, list(self.modalities)
        )
        shapes = network_shapes(self.modalities)
        self.encoders = conditional.encoders(self.encoder_networks, shapes, latent_dim, head)

    @abc.abstractmethod
    def aggregate(self, experts: Experts, observed: Observed) -> tfd.Distribution:
        """Makes q(z|x_S) of the experts of the modalities that are given.

        Args:
          experts: at least one.
          observed: which examples lack which of them.
        """

    def experts_of(self, data: Tensors, training: bool = False) -> tuple[Experts, Observed]:
        """Returns the expert of each modality in a batch, and which examples lack which."""
        x, observed = network_inputs(self.modalities, data), observed_of(data)
        experts = {
            name: q(x[name], training=training, rows=observed.rows.get(name))
            for name, q in self.encoders.items()
            if name in x
        }
        return experts, observed

    def infer(self, given: Tensors, seed: tf.Tensor) -> tfd.Distribution:
        """Returns q(z|x_S), without sampling; the prior for examples with nothing observed."""
        del seed
        return self.aggregate(*self.experts_of(given))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        encoders = keras.saving.serialize_keras_object(dict(self.encoder_networks))
        return {**super().get_config(), "encoders": encoders}
