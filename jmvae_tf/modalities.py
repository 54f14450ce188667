"""A modality: one kind of data and what models need to know about it."""

import dataclasses
import functools
import math
import numbers
import operator
import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal, get_args

import keras
import numpy as np

from jmvae_tf.export_format import signature_names, value_names, value_ranges
from jmvae_tf.likelihoods import CategoricalSequence, Likelihood
from jmvae_tf.runtime.errors import one_line

Kind = Literal["image", "label", "attributes", "numbers", "text", "array", "vector"]

_KINDS = get_args(Kind)

_SHAPES = (
    "An image has the shape (height, width, 1, 3 or 4), a text (length, symbols), a label, "
    "attributes or numbers one axis, and an array or a vector any shape."
)

SAMPLE_WEIGHT = "sample_weight"
"""The key of the examples' weights in a batch, float32 [batch]; without it all count alike."""


def _accepting_shown_as(modality: type["Modality"]) -> type["Modality"]:
    """Makes the constructor also accept `kind` under its name of version 0.3, `shown_as`."""
    construct = modality.__init__

    @functools.wraps(construct)
    def __init__(self: "Modality", *args: Any, shown_as: Any = None, **kwargs: Any) -> None:
        if shown_as is not None:
            _warn_of_shown_as()
            kwargs["kind"] = shown_as
        construct(self, *args, **kwargs)

    modality.__init__ = __init__  # type: ignore[method-assign]
    return modality


def _warn_of_shown_as() -> None:
    warnings.warn("shown_as is called kind", DeprecationWarning, stacklevel=3)


@keras.saving.register_keras_serializable(package="jmvae_tf")
@_accepting_shown_as
@dataclasses.dataclass(frozen=True)
class Modality(value_ranges.YesOrNo):
    """One of the kinds of data that a model learns jointly.

    Attributes:
      name: its name in dictionaries, terms, signatures and flags.
      event_shape: the shape of one example, without the batch axis.
      likelihood: the distribution p(x|z) of an example given the latent variable.
      likelihood_weight: the factor of log p(x|z) in the objectives. With a weight other than 1 the
        term is no longer the logarithm of a density. It is the same for all examples; for weights
        per example, such as 0 for a missing modality, see `objectives`.
      kind: what its values are, an "image" (height, width, 1, 3 or 4 channels), a "label"
        (probabilities of classes), "attributes" (named values, each yes or no: -1 or 1 in data, 0
        or 1 if Bernoulli), "numbers" (columns of a table, each with a unit of its own), a "text"
        (places, symbols; one-hot at each place, with the end mark from the text's end on), an
        "array" (values of one unit, any shape) or a "vector" (anything else, any shape). It decides
        on flips, clipping, discriminators, files in signatures, metrics and figures. Until version
        0.3 it was called `shown_as`, which still works.
      value_names: the names of the values in order, for example the classes of a label or the
        columns of numbers; empty if they have no names. A text has names for its symbols, single
        characters and at last the end mark, "<end>".
      standardised: whether models work on (x - mean) / stddev, value by value, with the statistics
        of the training set. The likelihood then applies to standardised values.
      value_range: the lowest and the highest value that a trained model accepts. Generated images
        are clipped to it. None for the range of the likelihood.
      nan_is_missing: whether NaN in data means that a value is missing. An example of NaN alone
        lacks the modality.
      partly_observed: whether examples may lack some of the modality's values and have others.
        Encoders then also take which values are observed. Only for attributes, numbers and vectors
        of one axis.
      log_values: the names of those numbers whose logarithm is modelled; they must be positive. In
        data and exports they stay as they are.
    """

    name: str
    event_shape: tuple[int, ...]
    likelihood: Likelihood
    likelihood_weight: float = 1.0
    kind: Kind = "vector"
    value_names: tuple[str, ...] = ()
    standardised: bool = False
    value_range: tuple[float, float] | None = None
    nan_is_missing: bool = False
    partly_observed: bool = False
    log_values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Checks the fields against each other.

        Raises:
          ValueError: if a field has the wrong type, the name cannot be part of other names, the
            event is empty, the weight is not positive, the kind is unknown or does not fit the
            shape, value names are too few, repeat or cannot be printed, the range is empty or
            exceeds the likelihood's, the range of attributes has no middle, the likelihood does not
            suit standardised values, values that are observed together are partly observed, or
            logarithms are of values that are no standardised numbers.
        """
        object.__setattr__(self, "event_shape", _shape_of(self.event_shape))
        object.__setattr__(self, "value_names", value_names.checked_names(self.value_names))
        object.__setattr__(self, "log_values", value_names.checked_names(self.log_values))
        if not signature_names.can_name_modality(self.name):
            raise ValueError(
                f"A modality's name must be {signature_names.MODALITY_NAMES}. "
                f"Received: {one_line(repr(self.name))}"
            )
        if not self.event_shape or min(self.event_shape) < 1:
            raise ValueError(
                "An event must have at least one axis and every axis at least one value. "
                f"Received: event_shape={self.event_shape}"
            )
        if not isinstance(self.likelihood, Likelihood):
            raise ValueError(
                "A likelihood is an object such as Gaussian(): write the parentheses. "
                f"Received: {one_line(repr(self.likelihood))} for {self.name!r}"
            )
        if not (_is_finite(self.likelihood_weight) and self.likelihood_weight > 0):
            raise ValueError(
                "A likelihood weight must be positive and finite. "
                f"Received: likelihood_weight={one_line(repr(self.likelihood_weight))}"
            )
        if self.kind not in _KINDS:
            raise ValueError(
                f"A kind is one of {', '.join(map(repr, _KINDS))}. "
                f"Received: kind={one_line(repr(self.kind))} for {self.name!r}"
            )
        if not self._fits_kind():
            raise ValueError(
                f"{_SHAPES} Received: kind={self.kind!r} with event_shape={self.event_shape}"
            )
        if self.kind == "text":
            self._check_text()
        if self.kind == "attributes" and not self.value_names:
            raise ValueError(f"Attributes have names. Received: {self.name!r} without value_names")
        if self.value_range is not None:
            low, high = value_ranges.checked_range(self.value_range)
            object.__setattr__(self, "value_range", (low, high))
            if not low < high:
                raise ValueError(
                    "A range goes from a lower to a higher value. "
                    f"Received: value_range={self.value_range}"
                )
            lowest, highest = self.likelihood.support
            if low < lowest or high > highest:
                raise ValueError(
                    f"A range must lie within the likelihood's, {self.likelihood.support}. "
                    f"Received: value_range={self.value_range} of {self.likelihood}"
                )
        if self.kind == "attributes" and not value_ranges.has_middle(self.support):
            raise ValueError(
                "Attributes mean yes above the middle of their range, so it must have one. "
                f"Received: {self.support} for {self.name!r}"
            )
        if self.standardised and not self.likelihood.is_real:
            raise ValueError(
                "Standardised values are real numbers, which need a Gaussian likelihood. "
                f"Received: {self.likelihood} for {self.name!r}"
            )
        named = self.event_shape[-1:] if self.kind == "text" else self.event_shape
        if self.value_names and len(self.value_names) != math.prod(named):
            raise ValueError(
                "There must be a name for every value or none at all. Received: "
                f"{len(self.value_names)} names for event_shape={self.event_shape}"
            )
        repeated = [name for name, number in Counter(self.value_names).items() if number > 1]
        if repeated:
            raise ValueError(
                "Each value must have a name of its own. "
                f"Received: {repeated} more than once in value_names of {self.name!r}"
            )
        self._check_partly_observed()
        self._check_log_values()

    def _fits_kind(self) -> bool:
        rank = len(self.event_shape)
        if self.kind == "image":
            return rank == 3 and self.event_shape[-1] in (1, 3, 4)
        if self.kind == "text":
            return rank == 2
        return rank == 1 or self.kind in ("array", "vector")

    def _check_text(self) -> None:
        if not value_names.is_alphabet(self.value_names):
            raise ValueError(
                "A text has value_names, single characters and at last the end mark "
                f"{value_names.END_MARK!r}. Received: {one_line(repr(self.value_names))} of "
                f"{self.name!r}"
            )
        if not isinstance(self.likelihood, CategoricalSequence):
            raise ValueError(
                "A text has the likelihood CategoricalSequence(). "
                f"Received: {self.likelihood} for {self.name!r}"
            )
        if math.prod(self.event_shape) > value_names.MOST_IN_A_TEXT:
            raise ValueError(
                f"A text has at most {value_names.MOST_IN_A_TEXT:,} values, places times symbols; "
                "shorten it, or leave out rare symbols. "
                f"Received: event_shape={self.event_shape} of {self.name!r}"
            )

    def _check_partly_observed(self) -> None:
        by_value = self.kind in ("attributes", "numbers", "vector") and len(self.event_shape) == 1
        if self.partly_observed and not (by_value and self.likelihood.is_independent):
            raise ValueError(
                "Values of attributes, numbers and vectors of one axis can be partly observed; "
                "others are observed together or not at all. "
                f"Received: partly_observed=True for {self.name!r}, kind={self.kind!r}, "
                f"{self.likelihood}"
            )

    def _check_log_values(self) -> None:
        unknown = [name for name in self.log_values if name not in self.value_names]
        if self.log_values and (self.kind != "numbers" or not self.standardised or unknown):
            raise ValueError(
                "Logarithms are modelled of standardised numbers, by their value_names. "
                f"Received: log_values={one_line(repr(unknown or self.log_values))} for "
                f"{self.name!r}, kind={self.kind!r}, standardised={self.standardised}"
            )

    @property
    def shown_as(self) -> str:
        """The name of `kind` until version 0.3."""
        _warn_of_shown_as()
        return self.kind

    @property
    def support(self) -> tuple[float, float]:
        """The lowest and the highest value that a model accepts."""
        return self.value_range or self.likelihood.support

    def check_values(self, events: np.ndarray, observed: np.ndarray | None = None) -> None:
        """Refuses events that a model does not accept.

        Args:
          events: real numbers, [batch, *event_shape].
          observed: which of them count, bool, [batch] or [batch, *event_shape]; None for all, or
            for those that are not NaN if `nan_is_missing`.

        Raises:
          ValueError: if a value is not finite in float32, outside the support by more than rounding
            or noise, or not positive where its logarithm is modelled; or if an example is partly
            NaN, but `partly_observed` is not set.
        """
        observed = self.observed_in(events) if observed is None else observed
        values = events if observed is None else events[observed]
        if not values.size:
            return
        fault = value_ranges.fault_in(values, self.support, noisy=self.likelihood.is_real)
        if fault:
            raise ValueError(f"Values of {self.name!r} {fault}")
        for name in self.log_values:
            column = self.value_names.index(name)
            positive = events[:, column] > 0
            if observed is not None:
                positive |= ~(observed if observed.ndim == 1 else observed[:, column])
            if not positive.all():
                row = int(np.argmin(positive))
                raise ValueError(
                    f"{name!r} of {self.name!r} must be positive, as its logarithm is modelled; "
                    "leave it out of log_values otherwise. "
                    f"Received: {events[row, column]:g}, example {row} of a batch"
                )

    def observed_in(self, events: np.ndarray) -> np.ndarray | None:
        """Tells which values NaN leaves; None if NaN is no missing value.

        Args:
          events: real numbers, [batch, *event_shape].

        Returns:
          bool, [batch, *event_shape] if the modality is partly observed, else [batch].

        Raises:
          ValueError: if an example is partly NaN, but `partly_observed` is not set.
        """
        if not self.nan_is_missing:
            return None
        present = ~np.isnan(events)
        if self.partly_observed:
            return present
        axes = tuple(range(1, present.ndim))
        whole, some = present.all(axis=axes), present.any(axis=axes)
        if (whole != some).any():
            raise ValueError(
                f"An example of {self.name!r} is NaN as a whole or not at all, unless the modality "
                "has partly_observed=True. Received: NaN beside numbers in example "
                f"{int(np.argmax(whole != some))} of a batch"
            )
        return whole

    def check_examples(self, events: np.ndarray, observed: np.ndarray | None = None) -> None:
        """Refuses events that a model cannot be trained on.

        Args:
          events: real numbers, [batch, *event_shape].
          observed: see `check_values`.

        Raises:
          ValueError: as for `check_values`, or if they are not events of the likelihood.
        """
        observed = self.observed_in(events) if observed is None else observed
        self.check_values(events, observed)
        fault = self.likelihood.fault_of(events, observed)
        if fault:
            raise ValueError(f"Examples of {self.name!r} {fault}")

    def get_config(self) -> dict[str, Any]:
        """Returns the fields, for Keras to save."""
        config = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        config["likelihood"] = keras.saving.serialize_keras_object(self.likelihood)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Modality":
        """Makes the modality that `get_config` described, in this version or in version 0.3."""
        likelihood = keras.saving.deserialize_keras_object(config["likelihood"])
        fields = {**config, "likelihood": likelihood}
        if "shown_as" in fields:  # As version 0.3 wrote it.
            fields["kind"] = fields.pop("shown_as")
        if "value_names" in fields:  # Version 0.3 took any names, and let them repeat.
            fields["value_names"] = value_names.mended_names(fields["value_names"])
        return cls(**fields)


def _shape_of(event_shape: Any) -> tuple[int, ...]:
    try:
        return tuple(map(operator.index, event_shape))
    except TypeError:
        raise ValueError(
            "An event shape has a whole number for each axis, such as (28, 28, 1) or (10,). "
            f"Received: event_shape={one_line(repr(event_shape))}"
        ) from None


def _is_finite(value: Any) -> bool:
    return isinstance(value, numbers.Real) and math.isfinite(value)


def observed_key(name: str) -> str:
    """Names the entry of a batch that says which values of a modality are observed.

    It holds bool, [batch] or, where the modality is partly observed, [batch, *event_shape].
    """
    return f"{name}/observed"


def check_names(modalities: Mapping[str, Modality]) -> dict[str, Modality]:
    """Checks a mapping from name to modality and returns a copy.

    Raises:
      ValueError: if it is empty, a key is not its modality's name, or two terms of an objective
        would have one name.
    """
    if not modalities:
        raise ValueError("A model needs at least one modality. Received: none")
    for key, modality in modalities.items():
        if key != modality.name:
            raise ValueError(
                "Each modality must stand under its own name. "
                f"Received: {modality.name!r} under {key!r}"
            )
    for name in modalities:
        # Endings of terms of a modality by itself.
        for other in {f"{name}_alone", f"{name}_of_{name}"} & set(modalities):
            raise ValueError(
                "Names of modalities must lead to distinct names of terms, so rename one of them. "
                f"Received: {name!r} and {other!r}, since log_p_{other} may be of either"
            )
    return dict(modalities)
