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
from jmvae_tf.export_format.value_names import is_name
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json, write_json

_LARGEST_FILE = 2**22  # Bytes.
_MOST_MODALITIES = 100
_MOST_AXES = 8
_MOST_VALUES = 2**24  # In one example.
_MOST_NAMES = 2**16
_LONGEST_NAME = 200
_LARGEST_NUMBER = 3e38  # The limit of float32.
_FLOAT32 = 1  # The type's number in TensorFlow.
_KINDS = ("image", "label", "attributes", "vector")
_FIELDS = ("shape", "range", "kind", "value_names", "means")


@dataclasses.dataclass(frozen=True)
class DescribedModality(value_ranges.YesOrNo):
    """A modality as described in `assets/modalities.json`.

    Attributes:
      name: its name in signatures.
      event_shape: the shape of one example.
      support: its lowest and highest possible value.
      kind: "image", "label", "attributes" or "vector".
      value_names: the names of its values, in order; empty for none.
      means: means of attributes in the training set, in order; None for other kinds.
    """

    name: str
    event_shape: tuple[int, ...]
    support: tuple[float, float]
    kind: str
    value_names: tuple[str, ...]
    means: tuple[float, ...] | None


def write_modalities(version: pathlib.Path, modalities: Mapping[str, DescribedModality]) -> None:
    """Writes the description of an exported model's modalities.

    Each modality has "shape", the shape of one example; "range", its lowest and highest possible
    value, null for no limit; "kind"; "value_names" in order; and "means" of attributes in the
    training set, the best default for values that are not given, null for other kinds. "shown_as"
    repeats the kind for clients up to version 0.3.

    Args:
      version: the folder of the SavedModel.
      modalities: the modalities by name.

    Raises:
      OSError: if the file cannot be written.
    """
    described = {
        name: {
            "shape": list(modality.event_shape),
            "range": [x if math.isfinite(x) else None for x in modality.support],
            "kind": modality.kind,
            "shown_as": modality.kind,
            "value_names": list(modality.value_names),
            "means": None if modality.means is None else list(modality.means),
        }
        for name, modality in modalities.items()
    }
    write_json(version / "assets" / "modalities.json", described)


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
        described = read_json(path, _LARGEST_FILE)
        if not 1 <= len(described) <= _MOST_MODALITIES:
            raise ValueError(f"{len(described)} modalities")
        modalities = {name: _described(name, fields) for name, fields in described.items()}
        _check_signatures(modalities, read_signatures(version))
    except (OSError, ValueError) as error:
        raise UserError(
            "A SavedModel of this package must describe its modalities",
            f"{path}: {error}",
            "export the model again with bin/export",
        ) from error
    return modalities


def _described(name: str, fields: Any) -> DescribedModality:
    """Makes a modality from its entry in the file; raises ValueError if the entry is invalid."""
    fits = name.isidentifier() and len(name) <= _LONGEST_NAME
    if not fits or name in signature_names.RESERVED:
        raise ValueError(f"a modality with the name {name[:_LONGEST_NAME]!r}")
    fields = _with_kind(fields)
    if not all(field in fields for field in _FIELDS):
        raise ValueError(f"{name} without {', '.join(_FIELDS)}")
    shape, kind = _shape(name, fields["shape"]), fields["kind"]
    if kind not in _KINDS:
        raise ValueError(f"{name} of the kind {kind!r}")
    if kind == "image" and not (len(shape) == 3 and shape[-1] in (1, 3)):
        raise ValueError(f"{name}, an image of the shape {list(shape)}")
    if kind in ("label", "attributes") and len(shape) != 1:
        raise ValueError(f"{name}, {kind} of the shape {list(shape)}")
    number = math.prod(shape)
    value_names = _value_names(name, fields["value_names"])
    if len(value_names) not in ((number,) if kind == "attributes" else (0, number)):
        raise ValueError(f"{name} with {len(value_names)} names for {number} values")
    support, means = _support(name, fields["range"]), fields["means"]
    if kind == "attributes" and not value_ranges.has_middle(support):
        raise ValueError(f"{name}, attributes of the range {fields['range']}, without a middle")
    if means is not None:
        if kind != "attributes" or not isinstance(means, list) or len(means) != number:
            raise ValueError(f"{name} without exactly one mean for each attribute")
        means = tuple(_number(f"{name}'s mean", x) for x in means)
        if not support[0] <= min(means) <= max(means) <= support[1]:
            raise ValueError(f"{name} with means from {min(means):g} to {max(means):g}")
    return DescribedModality(name, shape, support, kind, value_names, means)


def _with_kind(fields: Any) -> dict[str, Any]:
    """Fills in the kind from "shown_as" if it is missing or of a later version."""
    if not isinstance(fields, dict):
        return {}
    if "shown_as" in fields and fields.get("kind") not in _KINDS:
        return {**fields, "kind": fields["shown_as"]}
    return fields


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
                if tensor.is_input and tensor.dtype == _FLOAT32:
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
