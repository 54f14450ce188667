"""TELBO: a joint ELBO, and one per modality that trains its encoder alone."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.layers.conditional import decoded
from jmvae_tf.layers.distributions import reparameterised_sample
from jmvae_tf.modalities import Modality
from jmvae_tf.models.experts import decoded_alone, frozen
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.joint_and_single import JointAndSingleVAE
from jmvae_tf.models.observed import Observed
from jmvae_tf.objectives import Bound, bound_where
from jmvae_tf.objectives.joint import telbo_bound


@keras.saving.register_keras_serializable(package="jmvae_tf")
class TELBO(JointAndSingleVAE):
    """The model of Vedantam et al. 2018, arXiv 1705.10762, trained on the triple ELBO.

    Decoders and the joint encoder are trained on the joint ELBO of complete examples, and each
    modality's encoder on the ELBO of that modality.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      **kwargs: passed to `JointAndSingleVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    reconstructs_incomplete = False

    def __init__(
        self, modalities: Mapping[str, Modality], latent_dim: int = 64, **kwargs: Any
    ) -> None:
        super().__init__(modalities, latent_dim, **kwargs)
        self.build_networks()

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """L_TELBO(X); see `MultimodalVAE.bound`."""
        q_z_xw, q_z_x, complete, observed = self.encoded(data, training)
        z = reparameterised_sample(q_z_xw, seed)  # z ~ q(z|x,w)
        rows = {} if complete is None else dict.fromkeys(self.decoders, complete)
        p_x_z = decoded(self.decoders, z, rows, training)
        decoders = {name: frozen(decoder) for name, decoder in self.decoders.items()}
        _, alone = decoded_alone(decoders, q_z_x, observed.rows, seed, training)
        beta, a, p_z = self.beta * kl_weight, self.likelihood_weights, self.prior(data)
        bound = telbo_bound(
            data, q_z_xw, q_z_x, p_z, p_x_z, alone, complete, beta, a, observed.masks
        )
        return bound_where(observed.any_of(self.modalities), bound)

    def rows_of_term(self, term: str, found: Observed) -> tf.Tensor | None:
        """See `MultimodalVAE.rows_of_term`; terms of the joint bound are of complete rows."""
        if term in ("kl_prior", *(f"log_p_{name}" for name in self.modalities)):
            return found.all_of(self.modalities)
        return super().rows_of_term(term, found)
