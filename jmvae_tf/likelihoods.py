"""Likelihoods p(x|z) of a modality: they turn a decoder's output into a distribution of events.

To add one, write a class like those below. Its fields are its settings; registering it lets Keras
save it.
"""

import abc
import dataclasses
import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

_SHOWN = 12  # Values of an event shown in a message.


@dataclasses.dataclass(frozen=True)
class Likelihood(abc.ABC):
    """The interface that models use; a subclass is a frozen dataclass of settings."""

    @property
    @abc.abstractmethod
    def support(self) -> tuple[float, float]:
        """The lowest and the highest value that an event may hold."""

    @property
    def is_discrete(self) -> bool:
        """Whether events have probabilities, not densities: no log-probability is above 0."""
        return False

    @property
    def density(self) -> str:
        """Formula of an event's density, for example "N(μ, I)"; "" if events have no density."""
        return ""

    @property
    def is_real(self) -> bool:
        """Whether events may be any real numbers, so that they can be standardised."""
        return self.support == (-math.inf, math.inf)

    @property
    def is_binarised(self) -> bool:
        """Whether values between 0 and 1 are probabilities, from which training draws 0 or 1."""
        return False

    @property
    def is_independent(self) -> bool:
        """Whether the values of an event are independent given z, so that some may be missing."""
        return True

    @abc.abstractmethod
    def distribution(self, parameters: tf.Tensor, event_ndims: int) -> tfd.Distribution:
        """Makes the distribution of an event from a decoder's unconstrained output.

        Args:
          parameters: float32, [..., *event_shape].
          event_ndims: the number of trailing axes that make up one event; `log_prob` sums over
            them.

        Returns:
          A distribution of batch shape [...] whose mean and samples have the shape of
          `parameters`.
        """

    @abc.abstractmethod
    def noise(self, shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draws a stand-in for a missing modality before iterative sampling; float32 of `shape`."""

    def log_prob(
        self, distribution: tfd.Distribution, event: tf.Tensor, mask: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Computes `observed_log_prob`; a subclass may override it with a faster way.

        Args:
          distribution: a distribution that `distribution` returned.
          event: events, broadcast against the batch shape of the distribution.
          mask: see `observed_log_prob`.

        Returns:
          Nats, [...], of the batch shape.
        """
        return observed_log_prob(distribution, event, mask)

    def fault_of(self, events: np.ndarray, observed: np.ndarray | None = None) -> str | None:
        """Says why events cannot be trained on although their values are in the support.

        Args:
          events: [batch, *event_shape].
          observed: which of them count, bool, [batch] or [batch, *event_shape]; None for all.

        Returns:
          The rule and what was received; None if the events can be used.
        """
        del events, observed
        return None

    def get_config(self) -> dict[str, Any]:
        """Returns the settings, for Keras to save."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Likelihood":
        """Makes the likelihood that `get_config` described."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="jmvae_tf")
@dataclasses.dataclass(frozen=True)
class Bernoulli(Likelihood):
    """Independent binary values with probabilities sigmoid(parameters), as for MNIST's images."""

    @property
    def support(self) -> tuple[float, float]:
        """0 to 1; a value in between is the probability of a 1."""
        return 0.0, 1.0

    @property
    def is_discrete(self) -> bool:
        """True."""
        return True

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


@keras.saving.register_keras_serializable(package="jmvae_tf")
@dataclasses.dataclass(frozen=True)
class Categorical(Likelihood):
    """One of K classes, one-hot, with probabilities softmax(parameters)."""

    @property
    def support(self) -> tuple[float, float]:
        """0 to 1: one-hot vectors, or probabilities when a trained model is given them."""
        return 0.0, 1.0

    @property
    def is_discrete(self) -> bool:
        """True."""
        return True

    @property
    def is_independent(self) -> bool:
        """False: one class excludes the others."""
        return False

    def fault_of(self, events: np.ndarray, observed: np.ndarray | None = None) -> str | None:
        """Checks that each event is one-hot."""
        ones = (events == 1).sum(axis=-1) == 1
        wrong = ~(ones & ((events != 0).sum(axis=-1) == 1))
        if observed is not None:
            wrong &= observed
        if not wrong.any():
            return None
        event = ", ".join(f"{float(x):g}" for x in events[wrong][0][:_SHOWN])
        more = ", …" if events.shape[-1] > _SHOWN else ""
        return (
            "must be one-hot, as keras.utils.to_categorical makes them. "
            f"Received: [{event}{more}], example {int(np.argmax(wrong))} of a batch"
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

    def noise(self, shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Gives each class the probability 1 / K, since nothing is known; not random."""
        del seed
        return tf.fill(shape, 1.0 / tf.cast(shape[-1], tf.float32))


@keras.saving.register_keras_serializable(package="jmvae_tf")
@dataclasses.dataclass(frozen=True)
class Gaussian(Likelihood):
    """Independent real values with means `parameters` and one fixed variance.

    Attributes:
      variance: the variance of every value; the constant -1/2 log(2 pi variance) is part of
        `log_prob`.
    """

    variance: float = 1.0

    def __post_init__(self) -> None:
        """Raises ValueError if the variance is not positive and finite."""
        if not (math.isfinite(self.variance) and self.variance > 0):
            raise ValueError(
                f"A variance must be positive and finite. Received: variance={self.variance}"
            )

    @property
    def density(self) -> str:
        """The normal density with the decoder's mean and the fixed variance."""
        return f"N(μ, {'' if self.variance == 1 else f'{self.variance:g} '}I)"

    @property
    def support(self) -> tuple[float, float]:
        """The real line."""
        return -math.inf, math.inf

    def distribution(self, parameters: tf.Tensor, event_ndims: int) -> tfd.Distribution:
        """N(x; parameters, variance I), independent over the event."""
        return tfd.Independent(tfd.Normal(parameters, math.sqrt(self.variance)), event_ndims)

    def noise(self, shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draws from N(0, I), the spread of standardised data."""
        return tf.random.stateless_normal(shape, seed)


def observed_log_prob(
    distribution: tfd.Distribution, event: tf.Tensor, mask: tf.Tensor | None = None
) -> tf.Tensor:
    """Computes the log-probability of the observed parts of events; 0 if nothing is observed.

    Unobserved values may be anything, even NaN. They change neither the result nor its gradients.

    Args:
      distribution: distribution over events, with batch shape [..., batch].
      event: events, [..., batch, *event_shape], broadcast against the batch shape.
      mask: bool, True where observed: [..., batch] for whole events, or [..., batch, *event_shape]
        for single values, which must be independent. None if everything is observed.

    Returns:
      Nats, [..., batch].

    Raises:
      ValueError: if the mask is not bool or has another shape, or masks single values that are not
        independent.
    """
    if mask is None:
        return distribution.log_prob(event)
    event, mask = tf.convert_to_tensor(event), as_mask(mask)
    axes = list(range(-len(distribution.event_shape), 0))
    by_value = mask.shape.rank == event.shape.rank
    if not mask.shape.is_compatible_with(event.shape if by_value else event.shape[: -len(axes)]):
        raise ValueError(
            "A mask has the shape of the events, or that of the batch. "
            f"Received: {mask.shape} for {event.shape}"
        )
    if by_value and not isinstance(distribution, tfd.Independent):
        raise ValueError(
            "Values that are not independent are observed together, by a mask of the shape "
            f"[batch]. Received: {mask.shape} for a {type(distribution).__name__}"
        )
    by_event = mask if by_value else mask[(..., *[tf.newaxis] * len(axes))]
    # Mask before and after: if only the result were masked, its gradient would be NaN.
    event = tf.where(by_event, event, tf.stop_gradient(distribution.mean()))
    if by_value:
        log_probs = distribution.distribution.log_prob(event)
        return tf.reduce_sum(tf.where(mask, log_probs, 0.0), axis=axes)
    return tf.where(mask, distribution.log_prob(event), 0.0)


def as_mask(mask: Any) -> tf.Tensor:
    """Converts a mask to a tensor.

    Raises:
      ValueError: if the mask is not bool.
    """
    mask = tf.convert_to_tensor(mask)
    if mask.dtype != tf.bool:
        raise ValueError(
            "A mask is bool, True where observed; compare numbers first, as with mask > 0. "
            f"Received: {mask.dtype.name}"
        )
    return mask
