"""MMVAE: a mixture of experts, trained on K samples of each of them."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import of_family, scale_of
from jmvae_tf.layers.conditional import decoded_samples
from jmvae_tf.layers.distributions import GaussianHead, LaplaceHead, noise_of_batch, shared_scale
from jmvae_tf.modalities import Modality
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.mixtures import MixtureVAE
from jmvae_tf.models.several_samples import check_num_samples, is_bound_of_samples
from jmvae_tf.objectives import Bound, bound_where
from jmvae_tf.objectives.multi_sample import (
    ImportanceWeights,
    MeanOfWeights,
    dreg_bound,
    importance_weights,
    mmvae_bound,
)
from jmvae_tf.runtime.randomness import fold_name

GradientOfWeights = Literal["plain", "dreg", "exact_dreg"]
_HEADS = {"laplace": LaplaceHead, "gaussian": GaussianHead}


@keras.saving.register_keras_serializable(package="jmvae_tf")
class MMVAE(MixtureVAE):
    """The mixture-of-experts multimodal VAE of Shi et al. 2019, arXiv 1911.03393.

    Its prior has a mean of 0 and learnable scales, whose mean is 1.

    Args:
      modalities: name to `Modality`.
      latent_dim: the number of values of z.
      num_samples: K, the number of samples of each expert in training.
      mean_of_weights: "looser", as in the paper, or "tighter"; see `mmvae_bound`.
      gradient: "plain", the authors' "dreg", which is biased for several modalities, or
        "exact_dreg"; see `dreg_bound`.
      posterior: "laplace", as in the paper, or "gaussian", of experts and prior.
      **kwargs: passed to `ExpertsVAE`.

    Raises:
      ValueError: if an argument is out of its range or names an unknown modality.
    """

    def __init__(
        self,
        modalities: Mapping[str, Modality],
        latent_dim: int = 64,
        num_samples: int = 10,
        mean_of_weights: MeanOfWeights = "looser",
        gradient: GradientOfWeights = "plain",
        posterior: Literal["laplace", "gaussian"] = "laplace",
        **kwargs: Any,
    ) -> None:
        check_num_samples(num_samples)
        choices = {
            "mean_of_weights": (mean_of_weights, get_args(MeanOfWeights)),
            "gradient": (gradient, get_args(GradientOfWeights)),
            "posterior": (posterior, tuple(_HEADS)),
        }
        for name, (value, possible) in choices.items():
            if value not in possible:
                raise ValueError(f"{name} must be one of {possible}. Received: {value!r}")
        if gradient == "exact_dreg" and mean_of_weights != "looser":
            raise ValueError(
                "The gradient 'exact_dreg' is that of the looser bound. Received: "
                f"mean_of_weights={mean_of_weights!r}"
            )
        super().__init__(modalities, latent_dim, head=_HEADS[posterior], **kwargs)
        self.num_samples = num_samples
        self.mean_of_weights = mean_of_weights
        self.gradient = gradient
        self.posterior_family = posterior
        self.prior_scale = self.add_weight(
            name="prior_scale", shape=(latent_dim,), initializer="zeros", dtype="float32"
        )
        self.build_networks()

    def prior(self, given: Tensors) -> tfd.Distribution:
        """Returns p(z), whose scales are learned."""
        del given
        scale = shared_scale(tf.convert_to_tensor(self.prior_scale))
        if self.posterior_family == "laplace":
            return tfd.Independent(tfd.Laplace(tf.zeros_like(scale), scale), 1)
        return tfd.MultivariateNormalDiag(tf.zeros_like(scale), scale)

    def unchecked_bound(
        self,
        data: Tensors,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor = 1.0,
        training: bool = False,
    ) -> Bound:
        """L_MMVAE(X); see `MultimodalVAE.bound`."""
        experts, observed = self.experts_of(data, training)
        is_plain = self.gradient == "plain" or not training
        stop = tf.identity if is_plain else tf.stop_gradient
        q_z_x = {m: of_family(q, stop(q.mean()), stop(scale_of(q))) for m, q in experts.items()}
        beta, a, p_z = self.beta * kl_weight, self.likelihood_weights, self.prior(data)

        def weights_at(z: Mapping[str, tf.Tensor]) -> ImportanceWeights:
            p_x_z = {
                m: decoded_samples(self.decoders, z_m, observed.rows, training)
                for m, z_m in z.items()
            }
            return importance_weights(data, q_z_x, z, p_z, p_x_z, beta, a, observed.masks)

        z = {  # z_mk ~ q(z|x_m)
            m: q.mean() + scale_of(q) * noise_of_batch(q, fold_name(seed, m), self.num_samples)
            for m, q in experts.items()
        }
        if is_plain:
            bound = mmvae_bound(weights_at(z), self.mean_of_weights)
        else:
            is_exact = self.gradient == "exact_dreg"
            bound = dreg_bound(weights_at, z, self.mean_of_weights, is_exact)
        return bound_where(observed.any_of(self.modalities), bound)

    @property
    def objective_is_bound(self) -> bool:
        """See `several_samples.is_bound_of_samples`."""
        of_all = self.mean_of_weights == "tighter"
        return is_bound_of_samples(
            self.beta, self.num_samples * (len(self.modalities) if of_all else 1)
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "num_samples": self.num_samples,
            "mean_of_weights": self.mean_of_weights,
            "gradient": self.gradient,
            "posterior": self.posterior_family,
        }
