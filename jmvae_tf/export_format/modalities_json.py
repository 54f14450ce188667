"""Reads and writes `assets/modalities.json`, the description of an exported model's modalities.

The file may be untrusted. It is accepted only if it is consistent and matches the signatures of its
SavedModel.
"""

import dataclasses
import math
import pathlib
from collections.abc import Mapping
from typing import Any

from jmvae_tf.export_format import signature_names, value_ranges
from jmvae_tf.export_format.saved_model_pb import SignatureTensor, read_signatures
from jmvae_tf.export_format.value_names import is_alphabet, is_name
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json, write_json

_LARGEST_FILE = 2**23  # Bytes.
_MOST_MODALITIES = 100
_MOST_AXES = 8
_MOST_VALUES = 2**24  # In one example.
_MOST_NAMES = 2**16
_LONGEST_NAME = 200
_LARGEST_NUMBER = 3e38  # The limit of float32.
_FLOAT32 = 1  # The type's number in TensorFlow.
_OLD_KINDS = ("image", "label", "attributes", "vector")  # Those of "shown_as".
_KINDS = (*_OLD_KINDS, "numbers", "text", "array")
_FIELDS = ("shape", "range", "kind", "value_names", "means")


@dataclasses.dataclass(frozen=True)
class DescribedModality(value_ranges.YesOrNo):
    """A modality as described in `assets/modalities.json`.

    Attributes:
      name: its name in signatures.
      event_shape: the shape of one example.
      support: its lowest and highest possible value.
      kind: "image", "label", "attributes", "numbers", "text", "array" or "vector".
      value_names: the names of its values, or of the symbols of a text, in order; empty for none.
      means: means of attributes and of standardised numbers in the training set, in order; None for
        other kinds. Of numbers whose logarithm is modelled, the geometric means.
      usual: the range of most of a training set's numbers, for each: two standard deviations to
        both sides of the mean; None for other kinds.
      log_values: the names of the numbers whose logarithm is modelled.
      partly_observed: whether some of its values may be missing, and others not.
      columns: what of a user's data it was made of, as JSON; None if nobody said.
    """

    name: str
    event_shape: tuple[int, ...]
    support: tuple[float, float]
    kind: str
    value_names: tuple[str, ...]
    means: tuple[float, ...] | None
    usual: tuple[tuple[float, float], ...] | None = None
    log_values: tuple[str, ...] = ()
    partly_observed: bool = False
    columns: Mapping[str, Any] | None = None

    @property
    def fit(self) -> str | None:
        """How image files get the size of the model's images, in a manifest's word."""
        fit = (self.columns or {}).get("fit")
        return fit if isinstance(fit, str) else None


def write_modalities(version: pathlib.Path, modalities: Mapping[str, DescribedModality]) -> None:
    """Writes the description of an exported model's modalities.

    Each modality has "shape", the shape of one example; "range", its lowest and highest possible
    value, null for no limit; "kind"; "value_names" in order; and "means" of attributes in the
    training set, the best default for values that are not given, null for other kinds. "shown_as"
    is the kind for clients up to version 0.3, which know no others than those four, and images of 1
    or 3 channels.

    Some have more: numbers "centres", which are their means, "usual" and "log_values"; a text
    "symbols" instead of value names; "partly_observed"; and "columns".

    Args:
      version: the folder of the SavedModel.
      modalities: the modalities by name.

    Raises:
      OSError: if the file cannot be written.
    """
    write_description(version / "assets" / "modalities.json", modalities)


def write_description(path: pathlib.Path, modalities: Mapping[str, DescribedModality]) -> None:
    """Writes a file as `write_modalities` does."""
    write_json(path, {name: _description(modality) for name, modality in modalities.items()})


def _description(modality: DescribedModality) -> dict[str, Any]:
    is_text = modality.kind == "text"
    description = {
        "shape": list(modality.event_shape),
        "range": [x if math.isfinite(x) else None for x in modality.support],
        "kind": modality.kind,
        "shown_as": _shown_as(modality),
        "value_names": [] if is_text else list(modality.value_names),
        "means": modality.means if modality.kind == "attributes" else None,
    }
    more = {
        "symbols": modality.value_names if is_text else None,
        "centres": modality.means if modality.kind == "numbers" else None,
        "usual": modality.usual,
        "log_values": modality.log_values,
        "partly_observed": modality.partly_observed,
        "columns": modality.columns,
    }
    return description | {key: x for key, x in more.items() if x}


def _shown_as(modality: DescribedModality) -> str:
    """Returns the kind that clients up to version 0.3 treat such a modality as."""
    is_known = modality.kind in _OLD_KINDS and (
        modality.kind != "image" or modality.event_shape[-1] in (1, 3)
    )
    return modality.kind if is_known else "vector"


def read_modalities(version: pathlib.Path) -> dict[str, DescribedModality]:
    """Reads the modalities of an exported model by name.

    Args:
      version: the folder of the SavedModel.

    Raises:
      UserError: if the description is missing or damaged, exceeds its limits, or does not match the
        SavedModel's signatures.
    """
    path = version / "assets" / "modalities.json"
    try:
        modalities = read_description(path)
        _check_signatures(modalities, read_signatures(version))
    except (OSError, ValueError) as error:
        raise UserError(
            "A SavedModel of this package must describe its modalities",
            f"{path}: {error}",
            "export the model again with bin/export",
        ) from error
    return modalities


def read_description(path: pathlib.Path) -> dict[str, DescribedModality]:
    """Reads what `write_description` wrote.

    Raises:
      OSError: if the file cannot be read.
      ValueError: if it is damaged or exceeds its limits.
    """
    described = read_json(path, _LARGEST_FILE)
    if not 1 <= len(described) <= _MOST_MODALITIES:
        raise ValueError(f"{len(described)} modalities")
    return {name: _described(name, fields) for name, fields in described.items()}


def _described(name: str, fields: Any) -> DescribedModality:
    """Makes a modality from its entry in the file; raises ValueError if the entry is invalid."""
    fits = name.isidentifier() and len(name) <= _LONGEST_NAME
    if not fits or name in signature_names.RESERVED:
        raise ValueError(f"a modality with the name {name[:_LONGEST_NAME]!r}")
    fields = _with_kind(fields)
    required = (*_FIELDS, "symbols") if fields.get("kind") == "text" else _FIELDS
    if not all(field in fields for field in required):
        raise ValueError(f"{name} without {', '.join(required)}")
    shape, kind = _shape(name, fields["shape"]), fields["kind"]
    if kind not in _KINDS:
        raise ValueError(f"{name} of the kind {kind!r}")
    if kind == "image" and not (len(shape) == 3 and shape[-1] in (1, 3, 4)):
        raise ValueError(f"{name}, an image of the shape {list(shape)}")
    if kind == "text" and len(shape) != 2:
        raise ValueError(f"{name}, a text of the shape {list(shape)}")
    if kind in ("label", "attributes", "numbers") and len(shape) != 1:
        raise ValueError(f"{name}, {kind} of the shape {list(shape)}")
    value_names = _value_names(name, fields["symbols" if kind == "text" else "value_names"])
    number = shape[-1] if kind == "text" else math.prod(shape)
    if len(value_names) not in ((number,) if kind in ("attributes", "text") else (0, number)):
        raise ValueError(f"{name} with {len(value_names)} names for {number} values")
    if kind == "text" and not is_alphabet(value_names):
        raise ValueError(f"{name}, a text without single characters and an end mark")
    support = _support(name, fields["range"])
    if kind == "attributes" and not value_ranges.has_middle(support):
        raise ValueError(f"{name}, attributes of the range {fields['range']}, without a middle")
    means = _means(name, fields["means"], kind == "attributes", number)
    if means is not None and not support[0] <= min(means) <= max(means) <= support[1]:
        raise ValueError(f"{name} with means from {min(means):g} to {max(means):g}")
    return DescribedModality(
        name,
        shape,
        support,
        kind,
        value_names,
        _means(name, fields.get("centres"), kind == "numbers", number) if means is None else means,
        _usual(name, fields.get("usual"), kind, number),
        _log_values(name, fields.get("log_values", []), kind, value_names),
        _partly_observed(name, fields.get("partly_observed", False)),
        _columns(name, fields.get("columns")),
    )


def _with_kind(fields: Any) -> dict[str, Any]:
    """Fills in the kind from "shown_as" if it is missing or of a later version."""
    if not isinstance(fields, dict):
        return {}
    if "shown_as" in fields and fields.get("kind") not in _KINDS:
        kind = fields["shown_as"]
        return {**fields, "kind": kind if kind in _OLD_KINDS else None}
    return fields


def _means(name: str, means: Any, allowed: bool, number: int) -> tuple[float, ...] | None:
    if means is None:
        return None
    if not (allowed and isinstance(means, list) and len(means) == number):
        raise ValueError(f"{name} without exactly one mean for each value")
    return tuple(_number(f"{name}'s mean", x) for x in means)


def _usual(
    name: str, ranges: Any, kind: str, number: int
) -> tuple[tuple[float, float], ...] | None:
    if ranges is None:
        return None
    if not (kind == "numbers" and isinstance(ranges, list) and len(ranges) == number):
        raise ValueError(f"{name} without exactly one usual range for each number")
    usual = tuple(_support(name, limits) for limits in ranges)
    if not all(math.isfinite(x) for limits in usual for x in limits):
        raise ValueError(f"{name} with a usual range that has no limits")
    return usual


def _log_values(name: str, names: Any, kind: str, value_names: tuple[str, ...]) -> tuple[str, ...]:
    known = isinstance(names, list) and all(isinstance(x, str) and x in value_names for x in names)
    if not known or (names and kind != "numbers"):
        raise ValueError(f"{name} with logarithms of values that it does not have")
    return tuple(names)


def _partly_observed(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name}, partly observed or not: {value!r}")
    return value


def _columns(name: str, columns: Any) -> dict[str, Any] | None:
    if not isinstance(columns, dict | None):
        raise ValueError(f"{name} of columns that are no object")
    return columns


def _shape(name: str, sizes: Any) -> tuple[int, ...]:
    fits = (
        isinstance(sizes, list)
        and 1 <= len(sizes) <= _MOST_AXES
        and all(type(size) is int and 1 <= size <= _MOST_VALUES for size in sizes)
        and math.prod(sizes) <= _MOST_VALUES
    )
    if not fits:
        raise ValueError(f"{name} of the shape {sizes}")
    return tuple(sizes)


def _value_names(name: str, names: Any) -> tuple[str, ...]:
    if not isinstance(names, list) or len(names) > _MOST_NAMES:
        raise ValueError(f"{name} without a list of at most {_MOST_NAMES} names")
    for one in names:
        if not is_name(one):
            raise ValueError(f"{name} with a value named {one!r}")
    if len(set(names)) < len(names):
        raise ValueError(f"{name} with the same name for several values")
    return tuple(names)


def _support(name: str, limits: Any) -> tuple[float, float]:
    if not isinstance(limits, list) or len(limits) != 2:
        raise ValueError(f"{name} of the range {limits}")
    low, high = (None if x is None else _number(f"{name}'s limit", x) for x in limits)
    support = (-math.inf if low is None else low, math.inf if high is None else high)
    if not support[0] < support[1]:
        raise ValueError(f"{name} of the range {limits}")
    return support


def _number(what: str, value: Any) -> float:
    # NaN is outside any limits.
    if type(value) not in (int, float) or not -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER:
        raise ValueError(f"{what}, {value!r}, which must be a finite number")
    return float(value)


def _check_signatures(
    modalities: Mapping[str, DescribedModality], signatures: Mapping[str, list[SignatureTensor]]
) -> None:
    """Raises ValueError if a modality and a signature contradict each other."""
    used = set()
    for signature, tensors in signatures.items():
        for tensor in tensors:
            name = signature_names.modality_of(tensor.name)
            modality = modalities.get(name)
            if modality is None:
                is_known = name == signature_names.LATENT
                if tensor.is_input and tensor.dtype == _FLOAT32 and not is_known:
                    raise ValueError(f"no {name}, which {signature} takes")
                continue
            used.add(name)
            is_moment = signature_names.is_moment(signature, tensor.name)
            if name != tensor.name or (is_moment and not tensor.is_input):
                continue
            if tensor.dtype != _FLOAT32 or tensor.shape != (-1, *modality.event_shape):
                raise ValueError(
                    f"{name} of the shape {list(modality.event_shape)}, where {signature} has "
                    f"{tensor.shape}"
                )
    unused = modalities.keys() - used
    if unused:
        raise ValueError(f"{' and '.join(sorted(unused))}, which no signature has")
