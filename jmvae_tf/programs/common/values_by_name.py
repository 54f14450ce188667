"""Parses values that flags give by name: `label=7`, `Smiling=1`, `traits.red=1`, `note=a shell`."""

import csv
import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jmvae_tf.export_format.one_hot import one_hot
from jmvae_tf.export_format.texts import events_of_texts
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.programs.common.modality_flags import ModalityFlag
from jmvae_tf.runtime.errors import UserError

if TYPE_CHECKING:
    from jmvae_tf.export_format.modalities_json import DescribedModality
    from jmvae_tf.modalities import Modality

    Known = Modality | DescribedModality

_WHOLE = ("label", "text")  # Kinds that are given as a whole, by the modality's name.
_BY_VALUE = ("attributes", "numbers", "vector")
_NO_AND_YES = ("no", "yes")
_LARGEST = float(np.finfo(np.float32).max)
_MOST_LETTERS = 100  # Of an alphabet in a message.
_MOST_NAMES = 20  # Of classes in a message.


class _Named(NamedTuple):
    """The meaning of a name.

    Attributes:
      modality: the modality.
      place: the index of a named value in the modality; None for one that is given as a whole.
    """

    modality: "Known"
    place: int | None


class _Item(NamedTuple):
    """A value of a flag.

    Attributes:
      flag: the name of the flag.
      name: the name of the value.
      value: the text that gives it.
      written: the flag as the user wrote it.
    """

    flag: str
    name: str
    value: str
    written: str


def parse(
    flag: str,
    items: Sequence[str],
    modalities: "Mapping[str, Known]",
    by_modality: Sequence[ModalityFlag] = (),
) -> dict[str, np.ndarray]:
    """Reads the values that flags give.

    A label is given by its modality and class ("species=cockle"); classes without names are
    numbered from 0. A text is given by its modality ("note=a small shell"). Attributes, numbers and
    named values of vectors are given by their own name and a number ("Smiling=1"), attributes also
    by yes or no, with the modality in front if the name is ambiguous ("traits.red=1"). If a label
    or a text has that name, it is meant.

    Args:
      flag: the flag's name.
      items: the values that the user gave.
      modalities: the model's modalities.
      by_modality: flags named by modalities, which give classes, texts, or values by name
        ("--traits=red=1,large=-1"); all values of a vector without names in order ("--code=1,2").

    Returns:
      Modality name to float32 [*event_shape], in the model's order, without a batch axis. Labels
      and texts are one-hot; other values are NaN if not given.

    Raises:
      UserError: if the model does not have a name or a value, a name is ambiguous, or an item is
        given twice.
    """
    names = _names(modalities)
    parsed: dict[str, np.ndarray] = {}
    for item in items:
        name, value = _name_and_value(item, names)
        parts = _Item(flag, name, value, f"--{flag}={item}")
        if not _set(parsed, _named(parts, names, modalities), parts):
            raise UserError("A value is given once", f"--{flag}={','.join(items)}", "choose one")
    for one in by_modality:
        for meaning, parts in _items_of(one, modalities[one.modality]):
            if not _set(parsed, meaning, parts):
                raise UserError("A value is given once", str(one), "choose one")
    return {name: parsed[name] for name in modalities if name in parsed}


def _set(parsed: dict[str, np.ndarray], meaning: _Named, item: _Item) -> bool:
    """Adds a value to those that have been read; returns whether it is the first of its place."""
    modality, place = meaning
    if place is None:
        first = modality.name not in parsed
        read = _event_of_text if modality.kind == "text" else _event_of_label
        parsed[modality.name] = read(item, modality)
        return first
    nothing = np.full(modality.event_shape, np.nan, np.float32)
    values = parsed.setdefault(modality.name, nothing).reshape(-1)  # A view.
    first = bool(np.isnan(values[place]))
    values[place] = _number(item, modality)
    return first


def _items_of(flag: ModalityFlag, modality: "Known") -> Iterable[tuple[_Named, _Item]]:
    """Yields the meaning of each item of a flag that is named by a modality."""
    if modality.kind in _WHOLE:
        yield _Named(modality, None), _Item(flag.modality, modality.name, flag.value, str(flag))
        return
    number = math.prod(modality.event_shape)
    if modality.kind not in _BY_VALUE:
        raise UserError(
            f"A flag gives values by their names, and {modality.name} has none",
            flag,
            "use the model as a library",
        )
    items = next(csv.reader([flag.value]), [])
    if not modality.value_names:
        if len(items) != number:
            raise UserError(
                f"{modality.name} has {number} values without names, so all are given in order",
                f"{flag}, {len(items)} of them",
                f"write --{modality.name}=… with numbers between commas",
            )
        for place, item in enumerate(items):
            name = f"value {place} of {modality.name}"
            yield _Named(modality, place), _Item(flag.modality, name, item, str(flag))
        return
    for item in items or [""]:
        name, _, value = item.rpartition("=")
        if name not in modality.value_names:
            near = _nearest(name or item, modality.value_names)
            raise UserError(
                f"--{flag.modality} gives values by their names, such as "
                f"--{flag.modality}={modality.value_names[0]}=1",
                flag,
                f"did you mean {near}?"
                if near
                else f"choose among {', '.join(modality.value_names)}",
            )
        place = modality.value_names.index(name)
        yield _Named(modality, place), _Item(flag.modality, name, value, str(flag))


def usual_name(modality: "Known", modalities: "Mapping[str, Known]") -> str:
    """Returns a modality's or value's name in flags: "species", "<name>" or "traits.<name>"."""
    if modality.kind in _WHOLE or not modality.value_names:
        return modality.name
    others = [x for x in modalities.values() if x is not modality and _has_named_values(x)]
    return f"{modality.name}.<name>" if others else "<name>"


def _has_named_values(modality: "Known") -> bool:
    return modality.kind in _BY_VALUE and bool(modality.value_names)


def _names(modalities: "Mapping[str, Known]") -> dict[str, list[_Named]]:
    """Maps each name to its possible meanings, in the model's order."""
    names: dict[str, list[_Named]] = {}
    for modality in modalities.values():
        if modality.kind in _WHOLE:
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
    is_whole = any(place is None for _, place in names.get(name, ()))
    if is_whole or "=" not in value:
        return name, value
    name, _, value = item.rpartition("=")
    return name, value


def _named(
    item: _Item, names: Mapping[str, list[_Named]], modalities: "Mapping[str, Known]"
) -> _Named:
    flag, name, value, written = item
    if not names:
        raise UserError(
            f"This is a model of {' and '.join(modalities)}, without any label or attributes",
            written,
            "leave it out",
        )
    if name not in names:
        if name in modalities and modalities[name].kind in _BY_VALUE:
            raise UserError(
                f"A flag gives values by their names, and {name} has none",
                written,
                f"write --{name}=… with all values in order",
            )
        raise UserError(
            f"--{flag} must name what the model knows",
            written,
            _meant(item, names, modalities) + _hint_on_commas(flag, names),
        )
    for meaning in names[name]:
        if meaning.place is None:
            return meaning
    if len(names[name]) > 1:
        long = [f"--{flag}={x.modality.name}.{name}={value}" for x in names[name]]
        raise UserError(
            f"--{flag} must name one value of the model, and {name} is the name of several",
            written,
            f"write {' or '.join(long)}",
        )
    return names[name][0]


def _meant(
    item: _Item, names: Mapping[str, list[_Named]], modalities: "Mapping[str, Known]"
) -> str:
    """Returns the remedy for an unknown name: what was perhaps meant, or what there is."""
    classes = [
        label
        for label, x in modalities.items()
        if x.kind == "label" and not item.value and item.name in names_or_numbers(x)
    ]
    if classes:
        return f"did you mean {' or '.join(f'--{item.flag}={x}={item.name}' for x in classes)}?"
    near = _nearest(item.name, list(names))
    if near:
        return f"did you mean {near}?"
    usual = [x for x in names if not _is_odd(x, names)]
    more = f" … ({len(usual)} in all)" if len(usual) > _MOST_NAMES else ""
    return f"choose among {', '.join(usual[:_MOST_NAMES])}{more}"


def _is_odd(name: str, names: Mapping[str, list[_Named]]) -> bool:
    """Tells whether a name is ambiguous, or has a modality in front that it does not need."""
    meanings = names[name]
    if any(place is None for _, place in meanings):  # A label or a text.
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


def _number(item: _Item, modality: "Known") -> float:
    low, high = modality.support
    is_attribute = modality.kind == "attributes"
    if is_attribute and item.value.lower() in _NO_AND_YES:
        return modality.no_and_yes[_NO_AND_YES.index(item.value.lower())]
    try:
        number = float(item.value)
    except ValueError:
        number = math.nan
    if not (low <= number <= high and abs(number) <= _LARGEST):
        bounded = math.isfinite(low) or math.isfinite(high)
        rule = f"a number from {low:g} to {high:g}" if bounded else "a finite number"
        rule = f"yes, no or {rule}" if is_attribute else rule
        remedy = "change it" if item.value else f"write --{item.flag}={item.name}=1"
        raise UserError(f"{item.name} must be {rule}", item.written, remedy)
    return number


def _event_of_label(item: _Item, modality: "Known") -> np.ndarray:
    names = names_or_numbers(modality)
    if item.value not in names:
        numbers = f"a number from 0 to {len(names) - 1}, since its classes have no names"
        more = f" … ({len(names)} in all)" if len(names) > _MOST_NAMES else ""
        some = ", ".join(names[:_MOST_NAMES]) + more
        rule = f"one of {some}" if modality.value_names else numbers
        flag = item.flag if item.flag == modality.name else f"{item.flag}={modality.name}"
        near = _nearest(item.value, names) if more else None
        raise UserError(
            f"--{flag}=… must be {rule}",
            item.written,
            (f"did you mean {near}?" if near else "choose one of them")
            + _hint_on_commas(item.flag, names),
        )
    return one_hot(names.index(item.value), len(names))


def _event_of_text(item: _Item, modality: "Known") -> np.ndarray:
    length, _ = modality.event_shape
    *letters, _ = modality.value_names
    unknown = dict.fromkeys(letter for letter in item.value if letter not in letters)
    if unknown or len(item.value) > length:
        alphabet = "".join(letters)
        if len(alphabet) > _MOST_LETTERS:
            alphabet = f"{alphabet[:_MOST_LETTERS]}…"
        fault = f"with {' '.join(map(repr, unknown))}" if unknown else f"{len(item.value)} letters"
        raise UserError(
            f"{modality.name} must be a text of at most {length} of the letters {alphabet!r}",
            f"{item.written}, {fault}",
            "change it",
        )
    [event] = events_of_texts([item.value], modality.value_names, length)
    return event
