"""Names of a modality's values; not every modality has them."""

import math
from collections.abc import Sequence
from typing import Any, Protocol

from jmvae_tf.runtime.errors import one_line

LONGEST = 200
"""Characters of a name, at most."""

END_MARK = "<end>"
"""The last symbol of a text, which stands from the text's end on."""

MOST_IN_A_TEXT = 2**16
"""Values of a text, places times symbols; one example then takes at most 256 KiB."""

_JOINERS = ("\u200c", "\u200d")  # Within words of some scripts, and within some emoji.


class NamedValues(Protocol):
    """A modality of a model, or one that an export describes."""

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one example."""

    @property
    def value_names(self) -> tuple[str, ...]:
        """The names of the values in order; empty if there are none."""


def is_name(name: Any) -> bool:
    """Tells whether a value can have this name: a string that prints on one line."""
    return (
        isinstance(name, str)
        and 0 < len(name) <= LONGEST
        and all(x.isprintable() or x in _JOINERS for x in name)
    )


def is_alphabet(names: Sequence[str]) -> bool:
    """Tells whether names can be the symbols of a text: single characters, then the end mark."""
    *symbols, end = names or ("",)
    return end == END_MARK and all(len(symbol) == 1 for symbol in symbols)


def names_or_numbers(modality: NamedValues) -> Sequence[str]:
    """Returns the names of a modality's values in order, or numbers from 0 if there are none."""
    return modality.value_names or tuple(map(str, range(math.prod(modality.event_shape))))


def checked_names(names: Any) -> tuple[str, ...]:
    """Returns names as a tuple.

    Raises:
      ValueError: if they cannot be names, or are a set, which has no order, or a single string.
    """
    is_array = hasattr(names, "__array__")
    is_ordered = (isinstance(names, Sequence) or is_array) and not isinstance(names, str)
    bad = [name for name in names if not is_name(name)] if is_ordered else [names]
    if bad:
        raise ValueError(
            "Value names are a tuple of strings, each of 1 to "
            f"{LONGEST} printable characters. "
            f"Received: {one_line(repr(bad[0]))}"
        )
    return tuple(map(str, names))


def mended_names(names: Sequence[Any]) -> tuple[str, ...]:
    """Makes distinct names of those that version 0.3 wrote, which could be anything.

    Numbers repeated names: "Bald", "Bald" become "Bald", "Bald (2)".
    """
    names = list(map(_as_name, names))
    distinct: dict[str, None] = {}
    for name in names:
        number, numbered = 1, name
        while numbered in distinct or (number > 1 and numbered in names):
            number += 1
            numbered = f"{name} ({number})"
        distinct[numbered] = None
    return tuple(distinct)


def _as_name(name: Any) -> str:
    """Returns a printable name for what version 0.3 accepted as one."""
    if is_name(name):
        return name
    return one_line(name)[:LONGEST] or "?"
