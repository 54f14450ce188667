"""A mixture of Gaussians in the latent space, to sample from when nothing is given."""

import dataclasses

import numpy as np
import tensorflow as tf

from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.runtime.randomness import as_seed, noise_for_batch, split

_SUM_TOLERANCE = 1e-3


@dataclasses.dataclass(frozen=True, eq=False)
class LatentMixture:
    """A density of z that stands in for p(z): sum_k w_k N(mu_k, L_k L_k').

    The prior is where training wants z to be, the mixture where the model puts its training data.
    Where the two differ, samples of the prior decode to what no data look like, and modalities that
    are decoded from them disagree. `fit_latent_mixture` fits one.

    It is of the z that decoders take. In models of several layers that is z_1: the mixture replaces
    p(z_1|z_2) p(z_2) together, so it makes up for what either misses. A mixture of the top layer
    would leave the errors of the layers below, and their noise, in every sample.

    Attributes:
      weights: w, float32 [components], not negative, with the sum 1.
      means: mu, float32 [components, latent].
      factors: L, lower triangular, positive on the diagonal, float32 [components, latent, latent].
      num_examples: the number of training examples that it was fitted to.
      checkpoint: the name of the model's weights; empty if nobody said.

    Raises:
      ValueError: if the arrays do not fit together or are no mixture.
    """

    weights: np.ndarray
    means: np.ndarray
    factors: np.ndarray
    num_examples: int
    checkpoint: str = ""

    def __post_init__(self) -> None:
        """Checks the arrays."""
        components, size = len(self.weights), self.means.shape[-1]
        shapes = [x.shape for x in (self.weights, self.means, self.factors)]
        if shapes != [(components,), (components, size), (components, size, size)]:
            raise ValueError(
                "A mixture has weights [components], means [components, latent] and factors "
                f"[components, latent, latent]. Received: {', '.join(map(str, shapes))}"
            )
        if not all(np.isfinite(x).all() for x in (self.weights, self.means, self.factors)):
            raise ValueError("A mixture is of finite numbers. Received: NaN or infinite ones")
        total = float(self.weights.sum())
        if not components or self.weights.min() < 0 or abs(total - 1) > _SUM_TOLERANCE:
            raise ValueError(
                f"Weights of a mixture are not negative and sum to 1. Received: a sum of {total:g}"
            )
        diagonal = np.diagonal(self.factors, axis1=1, axis2=2)
        if np.triu(self.factors, 1).any() or not (diagonal > 0).all():
            raise ValueError(
                "Factors of covariances are lower triangular and positive on the diagonal. "
                "Received: others"
            )

    @property
    def latent_dim(self) -> int:
        """The number of values of z."""
        return int(self.means.shape[1])

    def sample(self, num_samples: int | tf.Tensor, seed: int | tf.Tensor = 0) -> tf.Tensor:
        """Samples z.

        Args:
          num_samples: the number of samples.
          seed: an integer, or int32 of shape [2]. With shape [num_samples, 2] each sample has its
            own seed, and is the same whatever the others are.

        Returns:
          float32, [num_samples, latent].
        """
        seed_component, seed_noise = split(as_seed(seed), 2)
        place = noise_for_batch(_uniform, num_samples, (1,), seed_component)[:, 0]
        noise = noise_for_batch(_normal, num_samples, (self.latent_dim,), seed_noise)
        # The edges between components; without the last, which rounding may put below 1.
        edges = tf.constant(np.cumsum(self.weights, dtype=np.float64)[:-1], tf.float32)
        component = tf.searchsorted(edges, place, side="right")
        # Each component's sample, and then the chosen one: factors are large, samples are not.
        deviations = tf.einsum("kij,nj->nki", tf.constant(self.factors), noise)
        return tf.gather(self.means, component) + tf.gather(deviations, component, batch_dims=1)

    def generate(
        self, model: MultimodalVAE, target: str, num_samples: int, seed: int | tf.Tensor = 0
    ) -> tf.Tensor:
        """Generates a modality from nothing: means of p(target|z), with z from the mixture.

        Args:
          model: the model that it was fitted to.
          target: the name of the modality.
          num_samples: see `sample`.
          seed: see `sample`; the same one gives samples of all modalities that belong together.

        Returns:
          float32, [num_samples, *event_shape], in the data's units.
        """
        return model.decoded_mean(target, self.sample(num_samples, seed))


def _uniform(shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    return tf.random.stateless_uniform(shape, seed)


def _normal(shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    return tf.random.stateless_normal(shape, seed)
