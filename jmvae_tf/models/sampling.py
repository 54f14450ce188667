"""Samples the latent variable given modalities, for generation and for the papers' metrics."""

import abc
import warnings
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.models.inputs import ModalityInputs, Tensors
from jmvae_tf.runtime.randomness import as_seed, sample, split


class ImportanceSamples(NamedTuple):
    """Samples of all latent variables from a proposal, with the parts of their weights.

    The weight of a sample for modalities x is p(x|z) p(z) / q(z).

    Attributes:
      z: the samples that decoders take, float32 [num_samples, batch, latent_dim].
      log_p_z: log p of all sampled latent variables, [num_samples, batch].
      log_q_z: log q of the same variables, [num_samples, batch].
    """

    z: tf.Tensor
    log_p_z: tf.Tensor
    log_q_z: tf.Tensor


def check_given(given: Tensors) -> None:
    """Raises ValueError if nothing is given to start importance samples from."""
    if not given:
        raise ValueError(
            "Importance samples of this model start from one modality or more; give one, or sample "
            "p(z) with sample_posterior. Received: none"
        )


class LatentSamples(ModalityInputs, abc.ABC):
    """Samples z ~ q(z|given), from the `posterior` and the `prior` that a model defines."""

    decodes_posterior = True
    """Whether decoders take samples of `posterior` itself."""

    reconstructs_incomplete = True
    """Whether training reconstructs what there is of examples that lack a modality."""

    has_prior = True
    """Whether training draws z to a p(z).

    Without one there is no log p(x), and samples from nothing are those of a `LatentMixture`.
    """

    conditional_equation = 5
    """The equation of the 2018 paper that `conditional_samples` implements."""

    @property
    def samples_to_infer(self) -> bool:
        """Whether q(z|given) is random if modalities are missing."""
        return False

    @property
    def draws_to_infer(self) -> bool:
        """The name of `samples_to_infer` until version 0.3."""
        warnings.warn("draws_to_infer is samples_to_infer now", DeprecationWarning, stacklevel=2)
        return self.samples_to_infer

    @abc.abstractmethod
    def posterior(self, given: Tensors | None = None, seed: int | tf.Tensor = 0) -> Any:
        """Returns q(z|given); see `MultimodalVAE.posterior`."""

    def posterior_moments(
        self, given: Tensors | None, seed: int | tf.Tensor = 0
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the mean and the standard deviation of q(z|given), as `posterior` has them."""
        q = self.posterior(given, seed)
        return q.mean(), q.stddev()

    @abc.abstractmethod
    def prior(self, given: Tensors) -> tfd.Distribution:
        """Returns p(z) or p(z|w); see `MultimodalVAE.prior`."""

    def posterior_and_samples(
        self, given: Tensors | None, num_samples: int, seed: int | tf.Tensor = 0
    ) -> tuple[tfd.Distribution, tf.Tensor]:
        """Samples z ~ q(z|given), and returns q too.

        Args:
          given: see `posterior`.
          num_samples: the number of samples per example.
          seed: see `sample_posterior`.

        Returns:
          q, whose batch shape is [num_samples, batch] or can be broadcast to it, and z, float32
          [num_samples, batch, latent_dim].
        """
        seed_q, seed_z = split(as_seed(seed), 2)
        q = self.posterior(given, seed_q)
        return q, sample(q, seed_z, num_samples)

    def draw_posterior(
        self, given: Tensors | None, num_samples: int, seed: int | tf.Tensor = 0
    ) -> tuple[tfd.Distribution, tf.Tensor]:
        """The name of `posterior_and_samples` until version 0.3."""
        message = "draw_posterior is posterior_and_samples now"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return self.posterior_and_samples(given, num_samples, seed)

    def sample_posterior(
        self, given: Tensors | None, num_samples: int, seed: int | tf.Tensor = 0
    ) -> tf.Tensor:
        """Samples z ~ q(z|given), independently for each sample and example.

        Args:
          given: see `posterior`.
          num_samples: the number of samples per example.
          seed: an integer, or int32 of shape [2]; the same seed gives the same samples.

        Returns:
          float32, [num_samples, batch, latent_dim]; from the prior [num_samples, latent_dim]. For
          JMVAE-h these are samples of z_1, which decoders take.
        """
        return self.posterior_and_samples(given, num_samples, seed)[1]

    def posterior_mean(self, given: Tensors | None, seed: int | tf.Tensor = 0) -> tf.Tensor:
        """Returns the mean of q(z|given), [batch, latent_dim].

        For JMVAE-h, this is the top layer's mean passed down to z_1 through the priors' means.
        """
        return self.posterior(given, seed).mean()

    def decoders_latent(self, z: tf.Tensor) -> tf.Tensor:
        """Returns what decoders take for values of the variable that `posterior` is of.

        Args:
          z: float32, [batch, latent_dim], such as the mean of `posterior`.
        """
        return z

    def layer_means(self, given: Tensors, seed: int | tf.Tensor = 0) -> dict[str, tf.Tensor]:
        """Returns the means of all latent variables by name, [batch, size] each."""
        return {"z": self.posterior(given, seed).mean()}

    def conditional_samples(
        self, given: Tensors, num_samples: int, seed: int | tf.Tensor = 0
    ) -> tf.Tensor:
        """Samples the z that the papers' test bound averages: N of them in Eq. 5, N x N in Eq. 6.

        Args:
          given: see `posterior`.
          num_samples: N.
          seed: see `sample_posterior`.

        Returns:
          float32, [samples, batch, latent_dim].
        """
        return self.sample_posterior(given, num_samples, seed)

    def importance_samples(
        self, given: Tensors, num_samples: int, seed: int | tf.Tensor = 0
    ) -> ImportanceSamples:
        """Samples from q(z|given) as a proposal for importance weights.

        Args:
          given: all modalities (the papers' "multiple" proposal), or some ("single").
          num_samples: k.
          seed: see `sample_posterior`.

        Returns:
          The samples; `log_p_z` uses the prior, which is p(z|w) in CMMA.

        Raises:
          ValueError: if nothing is given, in models whose proposal is made of encoders.
        """
        q, z = self.posterior_and_samples(given, num_samples, seed)
        p_z = self.prior(self.checked_inputs(given))
        return ImportanceSamples(z, p_z.log_prob(z), q.log_prob(z))
