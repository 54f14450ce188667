"""mmJSD: a mixture of experts, held together by a Jensen-Shannon divergence."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.inference import geometric_mean
from jmvae_tf.layers.conditional import decoded
from jmvae_tf.modalities import Modality
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.mixtures import MixtureVAE
from jmvae_tf.models.subsets import has_of, sample_of_one
from jmvae_tf.objectives import Bound, bound_where
from jmvae_tf.objectives.mixtures import mmjsd_objective


@keras.saving.register_keras_serializable(package="jmvae_tf")
class MMJSD(MixtureVAE):
    """The multimodal Jensen-Shannon VAE of Sutter et al. 2020, arXiv 2006.08242.

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
        """L_mmJSD(X); see `MultimodalVAE.bound`."""
        experts, observed = self.experts_of(data, training)
        batch = tf.shape(next(iter(experts.values())).mean())[0]
        has = has_of(list(experts), observed.rows, batch)
        shares = {m: has[m] / (1 + tf.add_n([*has.values()])) for m in has}  # pi_m
        dynamic_prior = geometric_mean([*experts.values()], [*shares.values()])
        z = sample_of_one([*experts.values()], [*shares.values()], seed)  # z ~ q(z|x_m), m drawn
        p_x_z = decoded(self.decoders, z, observed.rows, training)
        beta, a, p_z = self.beta * kl_weight, self.likelihood_weights, self.prior(data)
        bound = mmjsd_objective(
            data, experts, shares, p_z, dynamic_prior, p_x_z, beta, a, observed.masks
        )
        return bound_where(observed.any_of(self.modalities), bound)
