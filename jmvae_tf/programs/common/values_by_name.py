"""Parses values that flags give by name: `label=7`, `Smiling=1`, `traits.red=1`."""

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.runtime.errors import UserError

if TYPE_CHECKING:
    from jmvae_tf.export_format.modalities_json import DescribedModality
    from jmvae_tf.modalities import Modality

    Known = Modality | DescribedModality


class _Named(NamedTuple):
    """The meaning of a name.

    Attributes:
      modality: the modality.
      place: the index of a named value in the modality; None for a label, given by its class.
    """

    modality: "Known"
    place: int | None


def parse(
    flag: str, items: Sequence[str], modalities: "Mapping[str, Known]"
) -> dict[str, np.ndarray]:
    """Reads the values that a flag gives.

    A label is given by its modality and class ("species=cockle"); classes without names are
    numbered from 0. Attributes and named values of vectors are given by their own name and a number
    ("Smiling=1"), with the modality in front if the name is ambiguous ("traits.red=1"). If a label
    has that name, the label is meant.

    Args:
      flag: the flag's name.
      items: the values that the user gave.
      modalities: the model's modalities.

    Returns:
      Modality name to float32 [*event_shape], in the model's order, without a batch axis. Labels
      are one-hot; other values are NaN if not given.

    Raises:
      UserError: if the model does not have a name or a value, a name is ambiguous, or an item is
        given twice.
    """
    names = _names(modalities)
    parsed: dict[str, np.ndarray] = {}
    for item in items:
        name, value = _name_and_value(item, names)
        modality, place = _named(flag, item, name, value, names, modalities)
        if place is None:
            twice = modality.name in parsed
            parsed[modality.name] = _one_hot(flag, item, value, modality)
        else:
            nothing = np.full(modality.event_shape, np.nan, np.float32)
            values = parsed.setdefault(modality.name, nothing).reshape(-1)  # A view.
            twice = not np.isnan(values[place])
            values[place] = _number(flag, item, name, value, modality.support)
        if twice:
            raise UserError("A value is given once", f"--{flag}={','.join(items)}", "choose one")
    return {name: parsed[name] for name in modalities if name in parsed}


def usual_name(modality: "Known", modalities: "Mapping[str, Known]") -> str:
    """Returns a modality's or value's name in flags: "species", "<name>" or "traits.<name>"."""
    if modality.kind == "label" or not modality.value_names:
        return modality.name
    others = [x for x in modalities.values() if x is not modality and _has_named_values(x)]
    return f"{modality.name}.<name>" if others else "<name>"


def _has_named_values(modality: "Known") -> bool:
    return modality.kind in ("attributes", "vector") and bool(modality.value_names)


def _names(modalities: "Mapping[str, Known]") -> dict[str, list[_Named]]:
    """Maps each name to its possible meanings, in the model's order."""
    names: dict[str, list[_Named]] = {}
    for modality in modalities.values():
        if modality.kind == "label":
            names.setdefault(modality.name, []).append(_Named(modality, None))
        elif _has_named_values(modality):
            for number, name in enumerate(modality.value_names):
                names.setdefault(name, []).append(_Named(modality, number))
    for name, meanings in list(names.items()):
        for modality, place in meanings:
            if place is not None:
                names.setdefault(f"{modality.name}.{name}", [_Named(modality, place)])
    return names


def _name_and_value(item: str, names: Mapping[str, list[_Named]]) -> tuple[str, str]:
    """Splits an item at its equals sign; names and classes may contain one too."""
    name, _, value = item.partition("=")
    is_label = any(place is None for _, place in names.get(name, ()))
    if is_label or "=" not in value:
        return name, value
    name, _, value = item.rpartition("=")
    return name, value


def _named(
    flag: str,
    item: str,
    name: str,
    value: str,
    names: Mapping[str, list[_Named]],
    modalities: "Mapping[str, Known]",
) -> _Named:
    if not names:
        raise UserError(
            f"This is a model of {' and '.join(modalities)}, without any label or attributes",
            f"--{flag}={item}",
            "leave it out",
        )
    if name not in names:
        if name in modalities and modalities[name].kind == "vector":
            raise UserError(
                f"A flag gives values by their names, and {name} has none",
                f"--{flag}={item}",
                "use the model as a library",
            )
        near = _nearest(name, list(names))
        usual = [x for x in names if not _is_odd(x, names)]
        raise UserError(
            f"--{flag} must name what the model knows",
            f"--{flag}={item}",
            (f"did you mean {near}?" if near else f"choose among {', '.join(usual)}")
            + _hint_on_commas(flag, names),
        )
    for meaning in names[name]:
        if meaning.place is None:
            return meaning
    if len(names[name]) > 1:
        long = [f"--{flag}={x.modality.name}.{name}={value}" for x in names[name]]
        raise UserError(
            f"--{flag} must name one value of the model, and {name} is the name of several",
            f"--{flag}={item}",
            f"write {' or '.join(long)}",
        )
    return names[name][0]


def _is_odd(name: str, names: Mapping[str, list[_Named]]) -> bool:
    """Tells whether a name is ambiguous, or has a modality in front that it does not need."""
    meanings = names[name]
    if any(place is None for _, place in meanings):  # A label.
        return False
    if len(meanings) > 1:
        return True
    modality = meanings[0].modality
    short = name.removeprefix(f"{modality.name}.")
    return name not in modality.value_names and len(names[short]) == 1


def _hint_on_commas(flag: str, names: Iterable[str]) -> str:
    """Tells how to write a name with a comma, which would end an item of a list; "" if none."""
    if not any("," in name for name in names):
        return ""
    return f"; put double quotes around an item with a comma: --{flag}='\"name=value\"'"


def _nearest(name: str, names: Sequence[str]) -> str | None:
    """Returns the most similar name, ignoring case and separators."""
    plain_names: dict[str, str] = {}
    for known in names:
        plain_names.setdefault(_plain(known), known)
    near = difflib.get_close_matches(_plain(name), list(plain_names), 1)
    return plain_names[near[0]] if near else None


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _number(flag: str, item: str, name: str, value: str, value_range: tuple[float, float]) -> float:
    low, high = value_range
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not (low <= number <= high and math.isfinite(number)):
        bounded = math.isfinite(low) or math.isfinite(high)
        rule = f"a number from {low:g} to {high:g}" if bounded else "a finite number"
        raise UserError(f"{name} must be {rule}", f"--{flag}={item}", "change it")
    return number


def _one_hot(flag: str, item: str, value: str, modality: "Known") -> np.ndarray:
    names = names_or_numbers(modality)
    if value not in names:
        numbers = f"a number from 0 to {len(names) - 1}, since its classes have no names"
        rule = f"one of {', '.join(names)}" if modality.value_names else numbers
        raise UserError(
            f"--{flag}={modality.name}=… must be {rule}",
            f"--{flag}={item}",
            "choose one of them" + _hint_on_commas(flag, names),
        )
    return np.eye(len(names), dtype=np.float32)[names.index(value)]
