"""Conditional distributions q(z|x), q(z|x,w) and p(x|z): a network body followed by a head."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.layers import default_networks, notation, observed_rows
from jmvae_tf.layers.distributions import GaussianHead, LikelihoodHead
from jmvae_tf.layers.notation import Network
from jmvae_tf.runtime import replicas


class ConditionalDistribution(keras.layers.Layer):
    """A conditional distribution, for example q(z|x) or p(x|z): a body followed by a head.

    Args:
      body: a layer from the inputs (a tensor, or a dictionary of them) to features.
      head: a layer from features to a distribution.
      **kwargs: passed to `keras.layers.Layer`.
    """

    def __init__(
        self, body: keras.layers.Layer, head: GaussianHead | LikelihoodHead, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.body = body
        self.head = head

    def build(self, input_shape: Any) -> None:
        """Leaves body and head to their first call; without this, Keras would trace one before."""

    def call(
        self,
        inputs: Any,
        training: bool = False,
        batch_shape: tf.Tensor | Sequence[int] = (-1,),
        rows: tf.Tensor | None = None,
        rows_of_branches: Mapping[str, tf.Tensor] | None = None,
    ) -> tfd.Distribution:
        """Returns the distribution given inputs with one batch axis.

        Args:
          inputs: a tensor [batch, ...], or a dictionary of them.
          training: whether batch normalisation uses the batch's statistics.
          batch_shape: the shape to which the distribution's batch axis is unfolded.
          rows: the examples that these statistics are of, bool, [batch]; None for all. Keras's own
            batch normalisation, in a body that is a Keras layer, takes all.
          rows_of_branches: in a joint network, the examples of each modality's branch, by name;
            all for those left out.

        Raises:
          ValueError: if the body does not give one row of features per example.
        """
        with observed_rows.counting(rows, rows_of_branches):
            features = replicas.never_empty(lambda x: self.body(x, training=training), inputs)
        batches = {
            tensor.shape[0] for tensor in (*tf.nest.flatten(inputs), features) if tensor.shape.rank
        }
        if len(batches - {None}) > 1:
            raise ValueError(
                "The body of a network must give one row of features for each example. "
                f"Received: {tuple(features.shape)} of {self.name} for a batch of "
                f"{tf.nest.flatten(inputs)[0].shape[0]}"
            )
        return self.head(features, batch_shape=batch_shape)


def decoded(
    decoders: Mapping[str, ConditionalDistribution],
    inputs: Any,
    rows: Mapping[str, tf.Tensor | None],
    training: bool,
) -> dict[str, tfd.Distribution]:
    """Returns p(x|z) of each modality.

    Args:
      decoders: modality name to decoder.
      inputs: what all decoders take, with one batch axis.
      rows: modality name to the examples that train its decoder, bool, [batch]; all of those left
        out.
      training: whether batch normalisation uses the batch's statistics.
    """
    return {name: p(inputs, training=training, rows=rows.get(name)) for name, p in decoders.items()}


def decoded_samples(
    decoders: Mapping[str, ConditionalDistribution],
    z: tf.Tensor,
    rows: Mapping[str, tf.Tensor],
    training: bool,
) -> dict[str, tfd.Distribution]:
    """Returns p(x|z) of each modality at K samples for each example, of batch shape [K, batch].

    Args:
      decoders: modality name to decoder.
      z: [K, batch, latent_dim], with a K that is known.
      rows: modality name to the examples that train its decoder, bool, [batch]; all of those left
        out.
      training: whether batch normalisation uses the batch's statistics.
    """
    inputs, shape = tf.reshape(z, (-1, z.shape[-1])), tf.shape(z)[:-1]
    tiled = {name: tf.tile(x, [z.shape[0]]) for name, x in rows.items()}
    return {
        name: p(inputs, training=training, batch_shape=shape, rows=tiled.get(name))
        for name, p in decoders.items()
    }


def chosen_networks(
    argument: str, chosen: Mapping[str, Network] | None, names: Sequence[str]
) -> dict[str, Network]:
    """Returns the networks that a user chose, by modality.

    Args:
      argument: the name of the constructor's argument, for the message.
      chosen: modality name to network; None if the user chose none.
      names: the modalities that have such a network.

    Raises:
      ValueError: if a network is for another modality.
    """
    unknown = [name for name in chosen or {} if name not in names]
    if unknown:
        raise ValueError(
            f"{argument} must be keyed by modalities that have one, {list(names)}. "
            f"Received: {unknown}"
        )
    return dict(chosen or {})


def encoders(
    chosen: Mapping[str, Network],
    event_shapes: Mapping[str, Sequence[int]],
    latent_dim: int,
    head: type[GaussianHead] = GaussianHead,
) -> dict[str, ConditionalDistribution]:
    """Makes q(z|x) of each modality.

    Args:
      chosen: modality name to body; the 2018 paper's body is used for those left out.
      event_shapes: modality name to the shape of one example.
      latent_dim: the number of values of z.
      head: what makes a distribution of features.
    """
    return {
        name: ConditionalDistribution(
            encoder_body(chosen.get(name), shape), head(latent_dim), name=f"{name}_encoder"
        )
        for name, shape in event_shapes.items()
    }


def encoder_body(network: Network | None, event_shape: Sequence[int]) -> keras.layers.Layer:
    """Makes the body of an encoder of one modality, the 2018 paper's if `network` is None."""
    network = network or default_networks.default_encoder(event_shape)
    return notation.body(network, event_shape) if isinstance(network, str) else network


def joint_encoder(
    network: Network | None, event_shapes: Mapping[str, Sequence[int]], latent_dim: int
) -> ConditionalDistribution:
    """Makes q(z|x,w), which takes a dictionary of all modalities.

    Args:
      network: the encoder's body; None for the 2018 paper's.
      event_shapes: modality name to the shape of one example.
      latent_dim: the number of values of z.
    """
    network = network or default_networks.default_joint_encoder(list(event_shapes.values()))
    body = notation.joint_body(network, event_shapes) if isinstance(network, str) else network
    return ConditionalDistribution(body, GaussianHead(latent_dim), name="joint_encoder")
