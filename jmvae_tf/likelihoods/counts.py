"""Likelihoods of counts: 0, 1, 2 and so on."""

import dataclasses
import math

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.likelihoods.base import Likelihood

_STEEPEST = 20.0
"""Logarithm of the rate above which rates grow linearly, so that their gradients stay finite."""

_FLOOR = 1e-3  # Of a dispersion; the variance is then at most 1 + 1000 m times the mean m.


class _Counts(Likelihood):
    """What likelihoods of counts share."""

    @property
    def support(self) -> tuple[float, float]:
        """0 and up."""
        return 0.0, math.inf

    @property
    def is_discrete(self) -> bool:
        """True."""
        return True

    def fault_of(self, events: np.ndarray, observed: np.ndarray | None = None) -> str | None:
        """Checks that events are whole numbers."""
        wrong = events != np.floor(events)
        if observed is not None:
            axes = (1,) * (events.ndim - observed.ndim)
            wrong &= observed.reshape(observed.shape + axes)
        if not wrong.any():
            return None
        [place] = np.argwhere(wrong)[:1]
        return (
            "must be counts, whole numbers from 0. "
            f"Received: {events[tuple(place)]:g}, example {place[0]} of a batch"
        )

    def network_input(self, events: tf.Tensor) -> tf.Tensor:
        """Takes log(1 + x), as counts may differ by orders of magnitude."""
        return tf.math.log1p(events)

    def noise(self, shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draws 0, 1, 2 and so on with the probabilities 1/2, 1/4, 1/8 and so on."""
        u = 1.0 - tf.random.stateless_uniform(shape, seed)  # In (0, 1].
        return tf.floor(-tf.math.log(u) / math.log(2))


@keras.saving.register_keras_serializable(package="jmvae_tf")
@dataclasses.dataclass(frozen=True)
class Poisson(_Counts):
    """Independent counts whose rates are exp(parameters); their variances equal their means.

    Log-probabilities are float32's: off by 0.01 nats for counts around 10,000, by more above.
    """

    def distribution(self, parameters: tf.Tensor, event_ndims: int) -> tfd.Distribution:
        """Poisson(x; exp(parameters)), independent over the event."""
        return tfd.Independent(tfd.Poisson(log_rate=_log_rate(parameters)), event_ndims)


@keras.saving.register_keras_serializable(package="jmvae_tf")
@dataclasses.dataclass(frozen=True)
class NegativeBinomial(_Counts):
    """Independent counts that vary more than Poisson's: their variance is m + m^2 / r.

    The decoder gives two parameters for each value: a, of the mean m = exp(a), and b, of the
    dispersion r = softplus(b) + 0.001. For a large r it is Poisson's distribution.
    """

    @property
    def parameters_per_value(self) -> int:
        """Two, of the mean and of the dispersion."""
        return 2

    def distribution(self, parameters: tf.Tensor, event_ndims: int) -> tfd.Distribution:
        """NB(x; r, m / (m + r)), independent over the event."""
        a, b = tf.unstack(parameters, axis=-1)
        dispersion = tf.math.softplus(b) + _FLOOR
        logits = _log_rate(a) - tf.math.log(dispersion)
        return tfd.Independent(tfd.NegativeBinomial(dispersion, logits=logits), event_ndims)


def _log_rate(a: tf.Tensor) -> tf.Tensor:
    """Returns a, or log(exp(20) (1 + a - 20)) above 20."""
    above = tf.nn.relu(a - _STEEPEST)
    return tf.minimum(a, _STEEPEST) + tf.math.log1p(above)
