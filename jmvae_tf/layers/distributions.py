"""Distributions of the latent variable and the modalities, and the heads that make them.

A head is the Keras layer at the end of a network that returns a distribution. Heads compute in
float32 whatever the precision of the network before them, so that likelihoods and divergences do
not lose digits.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.inference import of_family, scale_of
from jmvae_tf.likelihoods import Likelihood
from jmvae_tf.runtime import replicas

VARIANCE_FLOOR = 1e-6
"""Added to softplus(a): softplus(-90) is 0 in float32, and the gradient of its root is NaN."""


def standard_normal(latent_dim: int) -> tfd.MultivariateNormalDiag:
    """Returns the prior p(z) = N(0, I); batch shape [], event shape [latent_dim]."""
    return tfd.MultivariateNormalDiag(tf.zeros(latent_dim), tf.ones(latent_dim))


def reparameterised_sample(q: tfd.Distribution, seed: tf.Tensor) -> tf.Tensor:
    """Samples z ~ q for each example by the reparameterisation trick (Kingma and Welling 2014).

        z = mu + sigma * epsilon, epsilon ~ N(0, I)

    Equals `q.sample(seed=seed)`, however many replicas share the batch.

    Args:
      q: a Gaussian or Laplace distribution of independent values, of batch shape [batch].
      seed: int32, [2].

    Returns:
      float32, [batch, latent_dim].
    """
    mu, sigma = q.mean(), scale_of(q)
    return mu + sigma * noise_of_batch(q, seed)


def noise_of_batch(
    q: tfd.Distribution, seed: tf.Tensor, num_samples: int | None = None
) -> tf.Tensor:
    """Samples epsilon, of mean 0 and scale 1, for each example, of the family of q.

    Args:
      q: a Gaussian or Laplace distribution of independent values, of batch shape [batch].
      seed: int32, [2].
      num_samples: the number of samples per example; None for one, without an axis.

    Returns:
      float32, [num_samples, batch, latent_dim].
    """
    mu, samples = q.mean(), () if num_samples is None else (num_samples,)

    def noise(examples: tf.Tensor) -> tf.Tensor:
        shape = (examples, *samples, mu.shape[-1])
        return of_family(q, tf.zeros(shape), tf.ones(shape)).sample(seed=seed)

    epsilon = replicas.current().part_of_batch(noise, tf.shape(mu)[0])
    return tf.transpose(epsilon, [1, 0, 2]) if samples else epsilon


@keras.saving.register_keras_serializable(package="jmvae_tf")
class GaussianHead(keras.layers.Layer):
    """Turns features into N(z; mu, diag(sigma^2)); mu and a are linear, sigma^2 = softplus(a).

    Source: 2018 paper, appendix "Parameterization of distributions": softplus gives the variance,
    not the standard deviation.

    Args:
      latent_dim: the number of values of z.
      **kwargs: passed to `keras.layers.Layer`.
    """

    def __init__(self, latent_dim: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.latent_dim = latent_dim
        self.mean = keras.layers.Dense(latent_dim, name="mean", dtype="float32")
        self.variance = keras.layers.Dense(latent_dim, name="variance", dtype="float32")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Builds both linear layers for features of shape [batch, size].

        Raises:
          ValueError: if the features have another shape.
        """
        if len(input_shape) != 2:
            raise ValueError(
                "An encoder must end in features of the shape [batch, size]; flatten them "
                f"(F in the notation). Received: features of {_without_batch(input_shape)}"
            )
        self.mean.build(input_shape)
        self.variance.build(input_shape)

    def call(
        self, features: tf.Tensor, batch_shape: tf.Tensor | Sequence[int] = (-1,)
    ) -> tfd.Distribution:
        """Maps [batch, size] to a distribution of batch shape `batch_shape`, event [latent_dim]."""
        shape = tf.concat([batch_shape, [self.latent_dim]], axis=0)
        mean = tf.reshape(self.mean(features), shape)
        return self.distribution(mean, tf.reshape(self.variance(features), shape))

    def distribution(self, mean: tf.Tensor, a: tf.Tensor) -> tfd.Distribution:
        """Makes the distribution of z."""
        variance = tf.math.softplus(a) + VARIANCE_FLOOR
        return tfd.MultivariateNormalDiag(mean, tf.sqrt(variance))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {**super().get_config(), "latent_dim": self.latent_dim}


@keras.saving.register_keras_serializable(package="jmvae_tf")
class LaplaceHead(GaussianHead):
    """Turns features into Laplace(z; mu, b), with mu and a linear and b = D softmax(a) + 1e-6.

    D is the number of values of z, so the mean of their scales is 1. Source: Shi et al. 2019, the
    authors' code. Files name the layer of a `variance`, as in `GaussianHead`.
    """

    def distribution(self, mean: tf.Tensor, a: tf.Tensor) -> tfd.Distribution:
        """Makes the distribution of z."""
        return tfd.Independent(tfd.Laplace(mean, shared_scale(a)), 1)


def shared_scale(a: tf.Tensor) -> tf.Tensor:
    """Returns D softmax(a) + 1e-6 for a of shape [..., D], positive scales whose mean is 1."""
    return a.shape[-1] * tf.nn.softmax(a) + VARIANCE_FLOOR


@keras.saving.register_keras_serializable(package="jmvae_tf")
class LikelihoodHead(keras.layers.Layer):
    """Turns features into p(x|z): one linear layer, then the likelihood.

    The layer is dense for features without spatial axes ("D784" on MNIST). For features of half the
    height and width of an image it is a transposed convolution, 4x4 with stride 2 ("DC3" on
    CelebA), for those of its full size a convolution, 3x3 with stride 1. A parameter that all
    examples share, such as a learned variance, is a weight of its own.

    Args:
      likelihood: the likelihood of the modality.
      event_shape: the shape of one event.
      **kwargs: passed to `keras.layers.Layer`.
    """

    def __init__(self, likelihood: Likelihood, event_shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.likelihood = likelihood
        self.event_shape = tuple(event_shape)
        self.shared: keras.Variable | None = None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Chooses the linear layer by the shape of the features.

        Raises:
          ValueError: if the linear layer cannot turn them into an event.
        """
        layer: keras.layers.Layer
        given = self.likelihood.parameters_per_value - (self._shared_shape is not None)
        if len(input_shape) not in (2, 4):
            raise ValueError(
                "A decoder must end in features of the shape [batch, size], or of an image's "
                f"(height, width, channels). Received: features of {_without_batch(input_shape)}"
            )
        if len(input_shape) == 4:
            size, event_size = tuple(input_shape[1:3]), self.event_shape[:-1]
            if event_size not in (size, tuple(2 * (side or 0) for side in size)):
                raise ValueError(
                    "A decoder must end in features of the height and width of the image, or of "
                    "half the height and width, which the last transposed convolution doubles (or "
                    "in features of the shape [batch, size]). Received: features of "
                    f"{_without_batch(input_shape)} for an event of {self.event_shape}"
                )
            keeps_size = event_size == size
            convolution = keras.layers.Conv2D if keeps_size else keras.layers.Conv2DTranspose
            layer = convolution(
                self.event_shape[-1] * given,
                3 if keeps_size else 4,
                1 if keeps_size else 2,
                "same",
                data_format="channels_last",
                name="parameters",
                dtype="float32",
            )
        else:
            units = math.prod(self.event_shape) * given
            layer = keras.layers.Dense(units, name="parameters", dtype="float32")
        layer.build(input_shape)
        self.parameters = layer
        if self._shared_shape is not None:
            self.shared = self.add_weight(
                name="shared", shape=self._shared_shape, initializer="zeros", dtype="float32"
            )

    def call(
        self, features: tf.Tensor, batch_shape: tf.Tensor | Sequence[int] = (-1,)
    ) -> tfd.Distribution:
        """Maps [batch, ...] to a distribution over events, of batch shape `batch_shape`."""
        shape = tf.concat([batch_shape, self.event_shape], axis=0)
        parameters = replicas.never_empty(self.parameters, features)
        number = self.likelihood.parameters_per_value
        if self.shared is not None:
            given = tf.reshape(parameters, tf.concat([shape, [number - 1]], axis=0))
            shared = tf.broadcast_to(self.shared, tf.shape(given)[:-1])
            parameters = tf.concat([given, shared[..., tf.newaxis]], axis=-1)
        elif number > 1:
            parameters = tf.reshape(parameters, tf.concat([shape, [number]], axis=0))
        else:
            parameters = tf.reshape(parameters, shape)
        return self.likelihood.distribution(parameters, len(self.event_shape))

    @property
    def _shared_shape(self) -> tuple[int, ...] | None:
        shapes = {"one": (), "each": self.event_shape, None: None}
        return shapes[self.likelihood.shared_parameter]

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        return {
            **super().get_config(),
            "likelihood": keras.saving.serialize_keras_object(self.likelihood),
            "event_shape": self.event_shape,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LikelihoodHead":
        """Makes the layer that `get_config` described."""
        likelihood = keras.saving.deserialize_keras_object(config.pop("likelihood"))
        return cls(likelihood, **config)


def _without_batch(shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    return tuple(shape[1:])
