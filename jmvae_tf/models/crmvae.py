"""CRMVAE: a product of experts, held to each of them, and each expert's own reconstruction."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.layers.conditional import decoded
from jmvae_tf.layers.distributions import reparameterised_sample
from jmvae_tf.modalities import Modality
from jmvae_tf.models.experts import decoded_alone
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.products import ProductVAE
from jmvae_tf.objectives import Bound, bound_where
from jmvae_tf.objectives.products import crmvae_objective


@keras.saving.register_keras_serializable(package="jmvae_tf")
class CRMVAE(ProductVAE):
    """The coordinated robust multimodal VAE of Suzuki and Matsuo 2023.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      **kwargs: passed to `ExpertsVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    objective_is_bound = False

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
        """L_CRMVAE(X); see `MultimodalVAE.bound`."""
        experts, observed = self.experts_of(data, training)
        q_z_s = self.aggregate(experts, observed)
        z = reparameterised_sample(q_z_s, seed)  # z ~ q(z|x_S)
        p_x_z = decoded(self.decoders, z, observed.rows, training)
        _, alone = decoded_alone(self.decoders, experts, observed.rows, seed, training)
        beta, a, p_z = self.beta * kl_weight, self.likelihood_weights, self.prior(data)
        bound = crmvae_objective(data, q_z_s, experts, p_z, p_x_z, alone, beta, a, observed.masks)
        return bound_where(observed.any_of(self.modalities), bound)
