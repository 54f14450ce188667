"""MMVM: each modality has its own z, drawn to those of the others."""

import math
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import mixture_of_experts
from jmvae_tf.layers.distributions import standard_normal
from jmvae_tf.modalities import Modality
from jmvae_tf.models.experts import Experts, decoded_alone
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.mixtures import MixtureVAE
from jmvae_tf.models.observed import Observed, observed_of, values_in
from jmvae_tf.models.sampling import ImportanceSamples
from jmvae_tf.objectives import Bound, bound_where
from jmvae_tf.objectives.mixtures import mmvm_objective

_NO_PRIOR = "MMVM has no p(z)"


@keras.saving.register_keras_serializable(package="jmvae_tf")
class MMVM(MixtureVAE):
    """The VAE with a multimodal variational mixture prior of Sutter et al. 2024, arXiv 2403.05300.

    Given S, q(z|x_S) is the mixture of its experts. There is no p(z), so nothing is generated from
    nothing, and log p(x) is not defined. A mixture that is fitted to the latent values of training
    data gives samples of all modalities together.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      divergence: "experts" for the authors' upper bound, divergences between experts, or "mixture"
        for estimates of those from their mixture.
      **kwargs: passed to `ExpertsVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    objective_is_bound = False
    has_prior = False

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int = 64,
        divergence: str = "experts",
        **kwargs: Any,
    ) -> None:
        super().__init__(modalities, latent_dim, **kwargs)
        if divergence not in ("experts", "mixture"):
            raise ValueError(
                f"The divergence is from 'experts' or 'mixture'. Received: {divergence=}"
            )
        self.divergence = divergence
        self.build_networks()

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """L_MMVM(X); see `MultimodalVAE.bound`."""
        experts, observed = self.experts_of(data, training)
        z, p_x_z = decoded_alone(self.decoders, experts, observed.rows, seed, training)
        beta, a = self.beta * kl_weight, self.likelihood_weights
        estimated = z if self.divergence == "mixture" else None
        bound = mmvm_objective(data, experts, p_x_z, estimated, beta, a, observed.masks)
        return bound_where(observed.any_of(self.modalities), bound)

    def prior(self, given: Tensors) -> tfd.Distribution:
        """Raises ValueError, since there is none."""
        del given
        raise ValueError(
            f"{_NO_PRIOR}. Received: no modality; give one or more, or sample z from a mixture "
            "that is fitted to the latent space"
        )

    def aggregate(self, experts: Experts, observed: Observed) -> tfd.Distribution:
        """The mixture of the experts; NaN for examples without any."""
        some, filling = observed.any_of(experts), standard_normal(self.latent_dim)
        if some is not None:
            value = tf.where(some, 0.0, math.nan)[:, tf.newaxis]
            filling = tfd.MultivariateNormalDiag(filling.mean() + value, filling.stddev() + value)
        rows = [observed.rows.get(name) for name in experts]
        return mixture_of_experts(list(experts.values()), filling, rows)

    def infer(self, given: Tensors, seed: tf.Tensor) -> tfd.Distribution:
        """Returns q(z|x_S). In a graph it is not checked whether an example has any modality."""
        some = observed_of(given).any_of(values_in(given))
        if some is not None and hasattr(some, "numpy") and not some.numpy().all():
            raise ValueError(
                f"{_NO_PRIOR}. Received: example {int(some.numpy().argmin())} of a batch without "
                "any modality; leave it out"
            )
        return super().infer(given, seed)

    def importance_samples(
        self, given: Tensors, num_samples: int, seed: int | tf.Tensor = 0
    ) -> ImportanceSamples:
        """Raises ValueError, since there is no log p(x)."""
        del given, num_samples, seed
        raise ValueError(
            f"{_NO_PRIOR}, so no log p(x). Received: a call for importance samples; compare models "
            "by what they generate"
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {**super().get_config(), "divergence": self.divergence}
