"""CVAE: a conditional VAE whose decoder depends on the given modalities."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.layers import notation
from jmvae_tf.layers.conditional import decoded
from jmvae_tf.layers.distributions import reparameterised_sample
from jmvae_tf.modalities import Modality
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import network_inputs, network_shapes, observed_of
from jmvae_tf.models.one_way import OneWayVAE
from jmvae_tf.objectives import Bound, bound_where, cvae_bound


@keras.saving.register_keras_serializable(package="jmvae_tf")
class CVAE(OneWayVAE):
    """The conditional VAE (Kingma et al. 2014, Sohn et al. 2015) that the 2018 paper compares with.

    The prior is N(0, I) whatever is given. The decoder is p(x|z,w): its body takes the concatenated
    values of z and of all given modalities. A decoder that is a Keras layer takes a dictionary of
    them, with z under "z".

    Args:
      modalities: name to `Modality`, at least two.
      target: the name of the modality to generate.
      latent_dim: the number of values of z.
      **kwargs: passed to `OneWayVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    def __init__(
        self, modalities: Mapping[str, Modality], target: str, latent_dim: int = 64, **kwargs: Any
    ) -> None:
        super().__init__(modalities, target, latent_dim, **kwargs)
        self.build_networks()

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """The CVAE's bound; see `MultimodalVAE.bound`."""
        observed = observed_of(data)
        complete = observed.all_of(self.modalities)
        q_z_xw = self.encode_jointly(data, training)
        z = reparameterised_sample(q_z_xw, seed)  # z ~ q(z|x,w)
        p_x_zw = decoded(
            self.decoders, self.decoder_inputs(z, data), {self.target: complete}, training
        )
        beta, a = self.beta * kl_weight, self.likelihood_weights
        bound = cvae_bound(data, q_z_xw, self.prior(data), p_x_zw, beta, a, observed.masks)
        return bound_where(complete, bound)

    def decoder_inputs(self, z: tf.Tensor, given: Tensors) -> dict[str, tf.Tensor]:
        """Returns z and the conditions, repeated for every z of an example, with one batch axis."""
        inputs = {"z": tf.reshape(z, (-1, self.latent_dim))}
        repeats = tf.reduce_prod(tf.shape(z)[:-2])
        self.check_conditions(given)
        for name, w in network_inputs(self.modalities, given).items():
            if name in self.conditions:
                inputs[name] = tf.tile(w, [repeats] + [1] * (w.shape.rank - 1))
        return inputs

    def decoder_of(self, text: str, event_shape: Sequence[int]) -> keras.layers.Layer:
        """Makes the body of p(x|z,w), which takes z and the conditions concatenated."""
        shapes = network_shapes(self.modalities)
        inputs = {"z": (self.latent_dim,)} | {name: shapes[name] for name in self.conditions}
        return notation.concatenated_body(text, inputs, event_shape)
