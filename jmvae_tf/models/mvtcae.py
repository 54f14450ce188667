"""MVTCAE: a product of experts, held to each of them."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.layers.conditional import decoded
from jmvae_tf.layers.distributions import reparameterised_sample
from jmvae_tf.modalities import Modality
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.products import ProductVAE
from jmvae_tf.objectives import Bound, bound_where
from jmvae_tf.objectives.products import mvtcae_objective


@keras.saving.register_keras_serializable(package="jmvae_tf")
class MVTCAE(ProductVAE):
    """The multi-view total correlation autoencoder of Hwang et al. 2021.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      alpha: how much of the divergence from the prior is one from the experts instead, in [0, 1];
        5/6 in the paper. The paper's `beta` is 2.5.
      **kwargs: passed to `ExpertsVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int = 64,
        alpha: float = 5 / 6,
        **kwargs: Any,
    ) -> None:
        super().__init__(modalities, latent_dim, **kwargs)
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha of MVTCAE must be in [0, 1]. Received: alpha={alpha}")
        self.alpha = alpha
        self.build_networks()

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """L_MVTCAE(X); see `MultimodalVAE.bound`."""
        experts, observed = self.experts_of(data, training)
        q_z_s = self.aggregate(experts, observed)
        z = reparameterised_sample(q_z_s, seed)  # z ~ q(z|x_S)
        p_x_z = decoded(self.decoders, z, observed.rows, training)
        beta, a, p_z = self.beta * kl_weight, self.likelihood_weights, self.prior(data)
        bound = mvtcae_objective(
            data, q_z_s, experts, p_z, p_x_z, self.alpha, beta, a, observed.masks
        )
        return bound_where(observed.any_of(self.modalities), bound)

    @property
    def objective_is_bound(self) -> bool:
        """Whether no divergence from experts is in it; see `BoundMaximiser.objective_is_bound`."""
        return self.alpha == 0 and super().objective_is_bound

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {**super().get_config(), "alpha": self.alpha}
