"""A modality: one kind of data and what models need to know about it."""

import dataclasses
import functools
import keyword
import math
import numbers
import operator
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import keras
import numpy as np

from jmvae_tf.export_format import signature_names, value_names, value_ranges
from jmvae_tf.likelihoods import Likelihood
from jmvae_tf.runtime.errors import one_line

Kind = Literal["image", "label", "attributes", "vector"]

_KINDS = get_args(Kind)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")

_REALS = (-math.inf, math.inf)

_LARGEST = float(np.finfo(np.float32).max)  # Models compute in float32.

_ROUNDING, _NOISE = 1e-5, 5.0
"""How far a value may lie outside its range, as a multiple of the range's width.

`_ROUNDING` holds if the likelihood itself has that range, `_NOISE` if it covers all real numbers:
noisy values are accepted, values in a wrong unit are not.
"""


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
      kind: what its values are, an "image" (height, width, 1 or 3 channels), a "label"
        (probabilities of classes), "attributes" (named values, each yes or no: -1 or 1 in data, 0
        or 1 if Bernoulli) or a "vector". It decides on flips, clipping, discriminators, files in
        signatures, metrics and figures. Until version 0.3 it was called `shown_as`, which still
        works.
      value_names: the names of a vector's values in order, for example the classes of a label;
        empty if they have no names.
      standardised: whether models work on (x - mean) / stddev, value by value, with the statistics
        of the training set. The likelihood then applies to standardised values.
      value_range: the lowest and the highest value that a trained model accepts. Generated images
        are clipped to it. None for the range of the likelihood.
    """

    name: str
    event_shape: tuple[int, ...]
    likelihood: Likelihood
    likelihood_weight: float = 1.0
    kind: Kind = "vector"
    value_names: tuple[str, ...] = ()
    standardised: bool = False
    value_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Checks the fields against each other.

        Raises:
          ValueError: if a field has the wrong type, the name cannot be part of other names, the
            event is empty, the weight is not positive, the kind is unknown or does not fit the
            shape, value names are too few, repeat or cannot be printed, the range is empty or
            exceeds the likelihood's, the range of attributes has no middle, or the likelihood does
            not suit standardised values.
        """
        object.__setattr__(self, "event_shape", _shape_of(self.event_shape))
        object.__setattr__(self, "value_names", _names_of(self.value_names))
        if (
            not isinstance(self.name, str)
            or not _NAME.fullmatch(self.name)
            or keyword.iskeyword(self.name)
            or self.name in signature_names.RESERVED
            or signature_names.holds_files(self.name)
        ):
            raise ValueError(
                "A modality's name must be an identifier other than "
                f"{', '.join(map(repr, signature_names.RESERVED))}, for it becomes part of the "
                "names of terms, inputs and signatures: at most 64 of a to z, digits and "
                "underscores, a letter first, no word of Python's such as 'class', and not ending "
                f"in '_bytes'. Received: {one_line(repr(self.name))}"
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
        rank = len(self.event_shape)
        if self.kind == "image":
            fits = rank == 3 and self.event_shape[-1] in (1, 3)
        else:
            fits = self.kind == "vector" or (self.kind in ("label", "attributes") and rank == 1)
        if not fits:
            raise ValueError(
                "An image has the shape (height, width, 1 or 3), a label or "
                "attributes one axis, and a vector any shape. "
                f"Received: kind={self.kind!r} with event_shape={self.event_shape}"
            )
        if self.kind == "attributes" and not self.value_names:
            raise ValueError(f"Attributes have names. Received: {self.name!r} without value_names")
        if self.value_range is not None:
            low, high = _range_of(self.value_range)
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
        if self.value_names and len(self.value_names) != math.prod(self.event_shape):
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

    @property
    def shown_as(self) -> str:
        """The name of `kind` until version 0.3."""
        _warn_of_shown_as()
        return self.kind

    @property
    def support(self) -> tuple[float, float]:
        """The lowest and the highest value that a model accepts."""
        return self.value_range or self.likelihood.support

    def check_values(self, events: np.ndarray) -> None:
        """Refuses events that a model does not accept.

        Args:
          events: real numbers, [batch, *event_shape].

        Raises:
          ValueError: if a value is not finite in float32, or outside the support by more than
            rounding or noise.
        """
        if not events.size:
            return
        lowest, highest = float(np.min(events)), float(np.max(events))
        low, high = self.support
        bounded = math.isfinite(low) and math.isfinite(high)
        share = _NOISE if self.likelihood.is_real else _ROUNDING
        slack = share * (high - low) if bounded else 0.0
        # With NaN among them, min and max are NaN, which is within no range.
        holds = low - slack <= lowest and highest <= high + slack
        if not (holds and max(-lowest, highest) <= _LARGEST):
            rule = f"from {low:g} to {high:g}" if (low, high) != _REALS else "finite"
            remedy = ", scaled if need be" if math.isfinite(highest - lowest) else ""
            raise ValueError(
                f"Values of {self.name!r} must be {rule}{remedy}. "
                f"Received: values from {lowest:g} to {highest:g}"
            )

    def check_examples(self, events: np.ndarray) -> None:
        """Refuses events that a model cannot be trained on.

        Args:
          events: real numbers, [batch, *event_shape].

        Raises:
          ValueError: as for `check_values`, or if they are not events of the likelihood.
        """
        self.check_values(events)
        fault = self.likelihood.fault_of(events)
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
            fields["value_names"] = _distinct(list(map(_as_name, fields["value_names"])))
        return cls(**fields)


def _shape_of(event_shape: Any) -> tuple[int, ...]:
    try:
        return tuple(map(operator.index, event_shape))
    except TypeError:
        raise ValueError(
            "An event shape has a whole number for each axis, such as (28, 28, 1) or (10,). "
            f"Received: event_shape={one_line(repr(event_shape))}"
        ) from None


def _names_of(names: Any) -> tuple[str, ...]:
    """Returns the names as a tuple; refuses sets, which have no order, and single strings."""
    is_ordered = isinstance(names, Sequence | np.ndarray) and not isinstance(names, str)
    bad = [name for name in names if not value_names.is_name(name)] if is_ordered else [names]
    if bad:
        raise ValueError(
            "Value names are a tuple of strings, each of 1 to "
            f"{value_names.LONGEST} printable characters. "
            f"Received: {one_line(repr(bad[0]))}"
        )
    return tuple(map(str, names))


def _range_of(value_range: Any) -> tuple[float, float]:
    try:
        low, high = map(float, value_range)
    except (TypeError, ValueError):
        raise ValueError(
            "A range is two numbers, the lowest and the highest value. "
            f"Received: value_range={one_line(repr(value_range))}"
        ) from None
    return low, high


def _is_finite(value: Any) -> bool:
    return isinstance(value, numbers.Real) and math.isfinite(value)


def _as_name(name: Any) -> str:
    """Returns a printable name for what version 0.3 accepted as one."""
    if value_names.is_name(name):
        return name
    return one_line(name)[: value_names.LONGEST] or "?"


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Numbers repeated names: "Bald", "Bald" become "Bald", "Bald (2)"."""
    distinct: dict[str, None] = {}
    for name in names:
        number, numbered = 1, name
        while numbered in distinct or (number > 1 and numbered in names):
            number += 1
            numbered = f"{name} ({number})"
        distinct[numbered] = None
    return tuple(distinct)


def check_names(modalities: Mapping[str, Modality]) -> dict[str, Modality]:
    """Checks a mapping from name to modality and returns a copy.

    Raises:
      ValueError: if it is empty or a key is not its modality's name.
    """
    if not modalities:
        raise ValueError("A model needs at least one modality. Received: none")
    for key, modality in modalities.items():
        if key != modality.name:
            raise ValueError(
                "Each modality must stand under its own name. "
                f"Received: {modality.name!r} under {key!r}"
            )
    return dict(modalities)
