"""Values that flags give by name: `label=7`, `Smiling=1`."""

import difflib
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.runtime.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from jmvae_tf.export_format.modalities_json import DescribedModality
    from jmvae_tf.modalities import Modality

    Known = Modality | DescribedModality


def parse(
    flag: str, items: Sequence[str], modalities: "Mapping[str, Known]"
) -> dict[str, "np.ndarray"]:
    """What the items of a flag say of the labels and attributes of a model.

    Args:
      flag: its name.
      items: such as "label=7", a label's modality and its class, or "Smiling=1", an attribute and
        its value. Classes without names are numbered from 0.
      modalities: of the model.

    Returns:
      Modality name to float32 [*event_shape], without a batch axis: a label one-hot, and attributes
      with NaN for those that no item names.

    Raises:
      UserError: for a name or a value that the model does not have, or if an item is given twice.
    """
    import numpy as np

    parsed: dict[str, np.ndarray] = {}
    for item in items:
        name, value = _name_and_value(item, modalities)
        modality = modalities[_modality_of(flag, item, name, modalities)]
        if modality.kind == "attributes":
            values = parsed.setdefault(
                modality.name, np.full(modality.event_shape, np.nan, np.float32)
            )
            place = modality.value_names.index(name)
            twice = not np.isnan(values[place])
            values[place] = _number(flag, item, name, value, modality.support)
        else:
            twice = modality.name in parsed
            parsed[modality.name] = _one_hot(flag, item, value, modality)
        if twice:
            raise UserError("A value is given once", f"--{flag}={','.join(items)}", "choose one")
    return parsed


def _name_and_value(item: str, modalities: "Mapping[str, Known]") -> tuple[str, str]:
    """What stands before and behind the sign of equality; names of attributes may hold one."""
    name, _, value = item.partition("=")
    if name in modalities or value.count("=") == 0:
        return name, value
    name, _, value = item.rpartition("=")
    return name, value


def _modality_of(flag: str, item: str, name: str, modalities: "Mapping[str, Known]") -> str:
    """The name of the modality that an item names itself or an attribute of."""
    modality_of: dict[str, str] = {}
    ambiguous = set()
    for modality in modalities.values():
        names = {"attributes": modality.value_names, "label": (modality.name,)}
        for known in names.get(modality.kind, ()):
            if modality_of.setdefault(known, modality.name) != modality.name:
                ambiguous.add(known)
    if not modality_of:
        raise UserError(
            f"This is a model of {' and '.join(modalities)}, without any label or attributes",
            f"--{flag}={item}",
            "leave it out",
        )
    if name not in modality_of:
        near = _nearest(name, list(modality_of))
        raise UserError(
            f"--{flag} must name what the model knows",
            f"--{flag}={item}",
            f"did you mean {near}?" if near else f"choose among {', '.join(modality_of)}",
        )
    if name in ambiguous:
        raise UserError(
            f"--{flag} must name one value of the model, and {name} is the name of several",
            f"--{flag}={item}",
            "ask the model as a library",
        )
    return modality_of[name]


def _nearest(name: str, names: Sequence[str]) -> str | None:
    """The most similar of some names, whatever their case and what is between their words."""
    plain_names = {_plain(known): known for known in names}
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
    if not low <= number <= high:
        raise UserError(
            f"{name} must be a number from {low:g} to {high:g}", f"--{flag}={item}", "change it"
        )
    return number


def _one_hot(flag: str, item: str, value: str, modality: "Known") -> "np.ndarray":
    import numpy as np

    names = names_or_numbers(modality)
    if value not in names:
        numbers = f"a number from 0 to {len(names) - 1}, for its classes have no names"
        told = f"one of {', '.join(names)}" if modality.value_names else numbers
        raise UserError(
            f"--{flag}={modality.name}=… must be {told}", f"--{flag}={item}", "choose one of them"
        )
    return np.eye(len(names), dtype=np.float32)[names.index(value)]
