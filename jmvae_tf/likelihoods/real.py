"""Likelihoods of real numbers."""

import dataclasses
import math
from typing import Literal

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.likelihoods.base import Likelihood


class _RealValues(Likelihood):
    """What likelihoods of real numbers share."""

    @property
    def support(self) -> tuple[float, float]:
        """The real line."""
        return -math.inf, math.inf

    def noise(self, shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draws from N(0, I), the spread of standardised data."""
        return tf.random.stateless_normal(shape, seed)


@keras.saving.register_keras_serializable(package="jmvae_tf")
@dataclasses.dataclass(frozen=True)
class Gaussian(_RealValues):
    """Independent real values with means `parameters` and one fixed variance.

    Attributes:
      variance: the variance of every value; the constant -1/2 log(2 pi variance) is part of
        `log_prob`.
    """

    variance: float = 1.0

    def __post_init__(self) -> None:
        """Raises ValueError if the variance is not positive and finite."""
        _check_positive("variance", self.variance)

    @property
    def density(self) -> str:
        """The normal density with the decoder's mean and the fixed variance."""
        return f"N(μ, {'' if self.variance == 1 else f'{self.variance:g} '}I)"

    def distribution(self, parameters: tf.Tensor, event_ndims: int) -> tfd.Distribution:
        """N(x; parameters, variance I), independent over the event."""
        return tfd.Independent(tfd.Normal(parameters, math.sqrt(self.variance)), event_ndims)


@keras.saving.register_keras_serializable(package="jmvae_tf")
@dataclasses.dataclass(frozen=True)
class LearnedGaussian(_RealValues):
    """Independent real values with means from the decoder, and variances that are learned.

        sigma^2 = floor + softplus(10 a + log(e - 1))

    Each `a` is a weight of the decoder's head, the same for all examples. It starts at 0, where the
    variance is that of standardised values, 1. The factor 10 lets optimisers that take steps of
    one size, such as Adam, change the variance by about 1 % in a step of 0.001.

    Attributes:
      variances: "one" for all values of an event, or one for "each" value.
      floor: the smallest variance. It keeps a density finite where values are predicted exactly.
    """

    variances: Literal["one", "each"] = "each"
    floor: float = 1e-4

    def __post_init__(self) -> None:
        """Raises ValueError if the floor is not positive and finite, or variances are others."""
        _check_positive("floor", self.floor)
        if self.variances not in ("one", "each"):
            raise ValueError(
                "There is 'one' variance of all values, or one for 'each'. "
                f"Received: variances={self.variances!r}"
            )

    @property
    def density(self) -> str:
        """The normal density with the decoder's mean and the learned variances."""
        return "N(μ, σ² I)" if self.variances == "one" else "N(μ, diag(σ²))"

    @property
    def parameters_per_value(self) -> int:
        """Two: the mean, and the weight that gives the variance."""
        return 2

    @property
    def shared_parameter(self) -> Literal["one", "each"] | None:
        """As `variances`."""
        return self.variances

    def distribution(self, parameters: tf.Tensor, event_ndims: int) -> tfd.Distribution:
        """N(x; mean, diag(variance)), independent over the event."""
        mean, a = tf.unstack(parameters, axis=-1)
        variance = self.floor + tf.math.softplus(_SPEED * a + _SOFTPLUS_OF_1)
        return tfd.Independent(tfd.Normal(mean, tf.sqrt(variance)), event_ndims)


_SPEED = 10.0
_SOFTPLUS_OF_1 = math.log(math.expm1(1.0))  # Its softplus is 1.


@keras.saving.register_keras_serializable(package="jmvae_tf")
@dataclasses.dataclass(frozen=True)
class Laplace(_RealValues):
    """Independent real values around `parameters`, with tails that forgive outliers.

    Attributes:
      scale: b of the density exp(-|x - parameters| / b) / 2b; the variance is 2 b^2.
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        """Raises ValueError if the scale is not positive and finite."""
        _check_positive("scale", self.scale)

    @property
    def density(self) -> str:
        """The Laplace density with the decoder's location and the fixed scale."""
        return f"Laplace(μ, {self.scale:g})"

    def distribution(self, parameters: tf.Tensor, event_ndims: int) -> tfd.Distribution:
        """Laplace(x; parameters, scale), independent over the event."""
        return tfd.Independent(tfd.Laplace(parameters, self.scale), event_ndims)


def _check_positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"A {name} must be positive and finite. Received: {name}={value}")
