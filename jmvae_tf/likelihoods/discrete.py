"""Likelihoods of values that are one of a few: yes or no, a class, a text's symbols."""

import dataclasses
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd
from tensorflow_probability.python.internal import parameter_properties

from jmvae_tf.likelihoods.base import Likelihood, observed_log_prob

_SHOWN = 12  # Values of an event shown in a message.


class _ZeroOrOne(Likelihood):
    """What likelihoods of values that are 0 or 1 share."""

    @property
    def support(self) -> tuple[float, float]:
        """0 to 1; a value in between is the probability of a 1."""
        return 0.0, 1.0

    @property
    def is_discrete(self) -> bool:
        """True."""
        return True


@keras.saving.register_keras_serializable(package="jmvae_tf")
@dataclasses.dataclass(frozen=True)
class Bernoulli(_ZeroOrOne):
    """Independent binary values with probabilities sigmoid(parameters), as for MNIST's images."""

    @property
    def is_binarised(self) -> bool:
        """True."""
        return True

    def distribution(self, parameters: tf.Tensor, event_ndims: int) -> tfd.Distribution:
        """B(x; sigmoid(parameters)), independent over the event."""
        return tfd.Independent(tfd.Bernoulli(logits=parameters, dtype=tf.float32), event_ndims)

    def log_prob(
        self, distribution: tfd.Distribution, event: tf.Tensor, mask: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Sums x a - softplus(a) over logits a, with half of TFP's passes over memory."""
        if mask is not None:
            return observed_log_prob(distribution, event, mask)
        logits = distribution.distribution.logits
        axes = range(-len(distribution.event_shape), 0)
        return tf.reduce_sum(event * logits - tf.math.softplus(logits), axis=list(axes))

    def noise(self, shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draws 0 or 1 with equal probability."""
        return tf.cast(tf.random.stateless_uniform(shape, seed) < 0.5, tf.float32)


class _OneHot(_ZeroOrOne):
    """What likelihoods of one-hot vectors share; a trained model may be given probabilities."""

    @property
    def is_independent(self) -> bool:
        """False: a class excludes the others, and the end of a text what follows."""
        return False

    def noise(self, shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Gives each class the probability 1 / K, since nothing is known; not random."""
        del seed
        return tf.fill(shape, 1.0 / tf.cast(shape[-1], tf.float32))


@keras.saving.register_keras_serializable(package="jmvae_tf")
@dataclasses.dataclass(frozen=True)
class Categorical(_OneHot):
    """One of K classes, one-hot, with probabilities softmax(parameters)."""

    def fault_of(self, events: np.ndarray, observed: np.ndarray | None = None) -> str | None:
        """Checks that each event is one-hot."""
        wrong = ~_is_one_hot(events)
        if observed is not None:
            wrong &= observed
        if not wrong.any():
            return None
        return (
            "must be one-hot, as keras.utils.to_categorical makes them. "
            f"Received: {_shown(events[wrong][0])}, example {int(np.argmax(wrong))} of a batch"
        )

    def distribution(self, parameters: tf.Tensor, event_ndims: int) -> tfd.Distribution:
        """C(w; softmax(parameters)); an event is a vector.

        Raises:
          ValueError: if an event is not a vector.
        """
        if event_ndims != 1:
            raise ValueError(
                "A categorical event must be a one-hot vector. "
                f"Received an event of {event_ndims} axes."
            )
        return tfd.OneHotCategorical(logits=parameters, dtype=tf.float32)


@keras.saving.register_keras_serializable(package="jmvae_tf")
@dataclasses.dataclass(frozen=True)
class CategoricalSequence(_OneHot):
    """A text: at each place one of K symbols, with probabilities softmax(parameters).

        log p(x|z) = sum over places t up to the end mark of log C(x_t; softmax(parameters_t))

    The last symbol is the end mark. It is scored once, where the text ends; the places after it
    hold it too, and count nothing. A text of all places needs no end mark.
    """

    def fault_of(self, events: np.ndarray, observed: np.ndarray | None = None) -> str | None:
        """Checks that each place is one-hot, and that the end mark stands from the end on."""
        one_hot = _is_one_hot(events)
        ends = events[..., -1] == 1
        goes_on = ends[:, :-1] & ~ends[:, 1:]
        wrong = ~one_hot.all(axis=1) | goes_on.any(axis=1)
        if observed is not None:
            wrong &= observed
        if not wrong.any():
            return None
        example = int(np.argmax(wrong))
        if one_hot[example].all():
            received = f"symbols after the end mark at place {int(np.argmax(goes_on[example]))}"
        else:
            place = int(np.argmin(one_hot[example]))
            received = f"{_shown(events[example, place])} at place {place}"
        return (
            "must be one-hot at each place, and hold the last symbol, the end mark, from the end "
            f"of the text on. Received: {received}, example {example} of a batch"
        )

    def distribution(self, parameters: tf.Tensor, event_ndims: int) -> tfd.Distribution:
        """The distribution of one-hot texts, [length, symbols]; its mean has each place's chances.

        Raises:
          ValueError: if an event does not have two axes.
        """
        if event_ndims != 2:
            raise ValueError(
                "A text must have two axes, places and symbols. "
                f"Received: an event of {event_ndims} axes"
            )
        return OneHotText(parameters)


class OneHotText(tfd.Distribution):
    """The distribution of `CategoricalSequence`.

    Args:
      logits: float32, [..., length, symbols].
    """

    def __init__(self, logits: tf.Tensor) -> None:
        self.logits = tf.convert_to_tensor(logits)
        super().__init__(
            dtype=self.logits.dtype,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters={"logits": logits},
            name="OneHotText",
        )

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: Any = None) -> dict[str, Any]:
        del dtype, num_classes
        return {"logits": parameter_properties.ParameterProperties(event_ndims=2)}

    def _event_shape(self) -> tf.TensorShape:
        return self.logits.shape[-2:]

    def _event_shape_tensor(self) -> tf.Tensor:
        return tf.shape(self.logits)[-2:]

    def _log_prob(self, value: tf.Tensor) -> tf.Tensor:
        by_place = tf.reduce_sum(value * tf.nn.log_softmax(self.logits), axis=-1)
        return tf.reduce_sum(tf.where(_counts(value), by_place, 0.0), axis=-1)

    def _sample_n(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        drawn = tfd.OneHotCategorical(logits=self.logits, dtype=self.dtype).sample(n, seed=seed)
        symbols = tf.shape(drawn)[-1]
        end = tf.one_hot(symbols - 1, symbols, dtype=self.dtype)
        return tf.where(_counts(drawn)[..., tf.newaxis], drawn, end)

    def _mean(self) -> tf.Tensor:
        log_p = tf.nn.log_softmax(self.logits)
        log_goes_on = tf.reduce_logsumexp(log_p[..., :-1], axis=-1)
        counts = tf.exp(tf.cumsum(log_goes_on, axis=-1, exclusive=True))[..., tf.newaxis]
        p = counts * tf.exp(log_p)
        return tf.concat([p[..., :-1], p[..., -1:] + (1.0 - counts)], axis=-1)


def _counts(texts: tf.Tensor) -> tf.Tensor:
    """Whether a place of one-hot texts is not after the end mark; bool, [..., length]."""
    return tf.cumsum(texts[..., -1], axis=-1, exclusive=True) < 0.5


def _is_one_hot(events: np.ndarray) -> np.ndarray:
    """Whether vectors are one-hot; bool, without the last axis."""
    ones = (events == 1).sum(axis=-1) == 1
    return ones & ((events != 0).sum(axis=-1) == 1)


def _shown(vector: np.ndarray) -> str:
    values = ", ".join(f"{float(x):g}" for x in vector[:_SHOWN])
    return f"[{values}{', …' if len(vector) > _SHOWN else ''}]"
