"""Training on K samples of one encoder: the importance-weighted bound and its gradients."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import of_family, scale_of
from jmvae_tf.layers.conditional import decoded_samples
from jmvae_tf.layers.distributions import noise_of_batch
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.observed import Observed
from jmvae_tf.objectives import Bound
from jmvae_tf.objectives.multi_sample import (
    ImportanceWeights,
    dreg_bound,
    iwae_bound,
    joint_importance_weights,
)

GradientOfSamples = Literal["plain", "dreg"]


def check_num_samples(num_samples: int) -> None:
    """Raises ValueError if there is no sample."""
    if num_samples < 1:
        raise ValueError(f"K must be at least 1. Received: num_samples={num_samples}")


def is_bound_of_samples(beta: float, num_weights: int) -> bool:
    """Tells whether the logarithm of a mean of weights is a lower bound on a log-likelihood.

    A mean of weights with (p(z) / q(z|x))^beta can be above p(x) unless beta is 1. Of a single
    weight a beta above 1 only lowers the bound.

    Args:
      beta: the weight of the divergence.
      num_weights: the number of weights under one logarithm.
    """
    return beta == 1 or (beta > 1 and num_weights == 1)


class SeveralSamples(MultimodalVAE):
    """A model of one q(z|x) or q(z|x,w) that can be trained on K samples of it.

    With K = 1 it has the objective of its paper, whose divergence from the prior is exact. With
    more it has the importance-weighted bound of Burda et al. 2016; see `objectives.multi_sample`.
    Encoders, decoders, and what is computed after training are the same.

    Args:
      *args: passed to the next base.
      num_samples: K, the number of samples in training; 1 in the papers.
      gradient: of K > 1 samples, "plain", or "dreg", doubly reparameterised (Tucker et al. 2019).
      **kwargs: passed to the next base.

    Raises:
      ValueError: if an argument is out of its range.
    """

    def __init__(
        self,
        *args: Any,
        num_samples: int = 1,
        gradient: GradientOfSamples = "plain",
        **kwargs: Any,
    ) -> None:
        check_num_samples(num_samples)
        if gradient not in get_args(GradientOfSamples):
            raise ValueError(
                f"gradient must be one of {get_args(GradientOfSamples)}. Received: {gradient!r}"
            )
        super().__init__(*args, **kwargs)
        self.num_samples = num_samples
        self.gradient = gradient

    def bound_of_samples(
        self,
        data: Tensors,
        q: tfd.Distribution,
        observed: Observed,
        seed: tf.Tensor,
        kl_weight: float | tf.Tensor,
        training: bool,
    ) -> Bound:
        """Computes the importance-weighted bound of K samples.

        Args:
          data: see `MultimodalVAE.bound`.
          q: what the encoder says of the batch.
          observed: which examples lack which modalities.
          seed: int32, [2].
          kl_weight: the warm-up's weight.
          training: see `MultimodalVAE.bound`.
        """
        is_plain = self.gradient == "plain" or not training
        stop = tf.identity if is_plain else tf.stop_gradient
        at_sample = of_family(q, stop(q.mean()), stop(scale_of(q)))
        beta, a, p_z = self.beta * kl_weight, self.likelihood_weights, self.prior(data)

        def weights_at(z: Mapping[str, tf.Tensor]) -> ImportanceWeights:
            p_x_z = decoded_samples(self.decoders, z["z"], observed.rows, training)
            return joint_importance_weights(
                data, at_sample, z["z"], p_z, p_x_z, beta, a, observed.masks
            )

        # z_k ~ q(z|x,w)
        z = {"z": q.mean() + scale_of(q) * noise_of_batch(q, seed, self.num_samples)}
        return iwae_bound(weights_at(z)) if is_plain else dreg_bound(weights_at, z)

    @property
    def objective_is_bound(self) -> bool:
        """See `is_bound_of_samples`."""
        return is_bound_of_samples(self.beta, self.num_samples)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "num_samples": self.num_samples,
            "gradient": self.gradient,
        }
