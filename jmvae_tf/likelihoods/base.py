"""The interface of likelihoods p(x|z), and log-probabilities of what is observed."""

import abc
import dataclasses
import math
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.runtime.errors import one_line


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

    @property
    def parameters_per_value(self) -> int:
        """The number of parameters of the distribution of each value of an event."""
        return 1

    @property
    def shared_parameter(self) -> Literal["one", "each"] | None:
        """Whether the last parameter of each value is the same for all examples.

        It is then a weight of the decoder's head instead of an output of the network: "one" for all
        values of an event, or "each" value has its own. It starts at 0.
        """
        return None

    @abc.abstractmethod
    def distribution(self, parameters: tf.Tensor, event_ndims: int) -> tfd.Distribution:
        """Makes the distribution of an event from a decoder's unconstrained output.

        Args:
          parameters: float32, [..., *event_shape]; with several parameters for each value,
            [..., *event_shape, parameters_per_value].
          event_ndims: the number of trailing axes that make up one event; `log_prob` sums over
            them.

        Returns:
          A distribution of batch shape [...] whose mean and samples have the shape
          [..., *event_shape].
        """

    @abc.abstractmethod
    def noise(self, shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draws a stand-in for a missing modality before iterative sampling; float32 of `shape`."""

    def network_input(self, events: tf.Tensor) -> tf.Tensor:
        """Returns events on the scale on which networks take them; as they are, by default."""
        return events

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


def is_weight_by_example(weight: Any, batch: tf.Tensor) -> bool:
    """Tells whether a weight has one value per example of a batch.

    Raises:
      ValueError: if it is malformed. In a graph, values are not checked.
    """
    shape = getattr(weight, "shape", None)
    if shape is None:
        fits = isinstance(weight, int | float) and math.isfinite(weight)
        received = repr(weight)
    elif len(shape) == 0:
        return False
    else:
        dtype = tf.as_dtype(weight.dtype)
        fits = dtype.is_floating and tf.TensorShape(batch.shape)[:1].is_compatible_with(shape)
        received = f"{dtype.name} of the shape {list(shape)}"
        if fits and tf.executing_eagerly() and not np.isfinite(weight).all():
            fits, received = False, "NaN or infinite ones"
    if not fits:
        raise ValueError(
            "A weight is a finite number, or floats of the shape [batch]. "
            f"Received: {one_line(received)}"
        )
    return shape is not None
