"""HELVAE: a Gaussian that stands for a Hölder pool of the experts."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import hoelder_pool
from jmvae_tf.layers.conditional import decoded
from jmvae_tf.layers.distributions import reparameterised_sample
from jmvae_tf.modalities import Modality
from jmvae_tf.models.experts import Experts, ExpertsVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import Observed
from jmvae_tf.objectives import Bound, bound_where
from jmvae_tf.objectives.mixtures import helvae_bound


@keras.saving.register_keras_serializable(package="jmvae_tf")
class HELVAE(ExpertsVAE):
    """The VAE with a Hölder pool of order 1/2 of arXiv 2601.06572.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      **kwargs: passed to `ExpertsVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

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
        """L_HELVAE(X); see `MultimodalVAE.bound`."""
        experts, observed = self.experts_of(data, training)
        q_z_s = self.aggregate(experts, observed)
        z = reparameterised_sample(q_z_s, seed)  # z ~ q(z|x_S)
        p_x_z = decoded(self.decoders, z, observed.rows, training)
        beta, a, p_z = self.beta * kl_weight, self.likelihood_weights, self.prior(data)
        bound = helvae_bound(data, q_z_s, p_z, p_x_z, beta, a, observed.masks)
        return bound_where(observed.any_of(self.modalities), bound)

    def aggregate(self, experts: Experts, observed: Observed) -> tfd.Distribution:
        """The Gaussian with the moments of the experts' pool."""
        rows = [observed.rows.get(name) for name in experts]
        return hoelder_pool(list(experts.values()), rows)
