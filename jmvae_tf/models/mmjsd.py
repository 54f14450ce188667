"""mmJSD: a mixture of experts, held together by a Jensen-Shannon divergence."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import geometric_mean
from jmvae_tf.layers.conditional import decoded
from jmvae_tf.layers.distributions import noise_of_batch
from jmvae_tf.modalities import Modality
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.mixtures import MixtureVAE
from jmvae_tf.models.subsets import chosen_component, has_of
from jmvae_tf.objectives import Bound, bound_where
from jmvae_tf.objectives.mixtures import mmjsd_objective
from jmvae_tf.runtime.randomness import split


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
        first = next(iter(experts.values()))
        batch = tf.shape(first.mean())[0]
        has = has_of(list(experts), observed.rows, batch)
        shares = {m: has[m] / (1 + tf.add_n([*has.values()])) for m in has}  # pi_m
        dynamic_prior = geometric_mean([*experts.values()], [*shares.values()])
        seed_m, seed_z = split(seed, 2)
        chosen = chosen_component([*shares.values()], batch, seed_m)
        mean, scale = (
            tf.einsum("mb,mbd->bd", chosen, tf.stack([of(q) for q in experts.values()]))
            for of in (tfd.Distribution.mean, tfd.Distribution.stddev)
        )
        z = mean + scale * noise_of_batch(first, seed_z)  # z ~ q(z|x_m) of the drawn m
        p_x_z = decoded(self.decoders, z, observed.rows, training)
        beta, a, p_z = self.beta * kl_weight, self.likelihood_weights, self.prior(data)
        bound = mmjsd_objective(
            data, experts, shares, p_z, dynamic_prior, p_x_z, beta, a, observed.masks
        )
        return bound_where(observed.any_of(self.modalities), bound)
