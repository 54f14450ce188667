"""Names of a modality's values; not every modality has them."""

import math
from collections.abc import Sequence
from typing import Any, Protocol

LONGEST = 200
"""Characters of a name, at most."""

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


def names_or_numbers(modality: NamedValues) -> Sequence[str]:
    """Returns the names of a modality's values in order, or numbers from 0 if there are none."""
    return modality.value_names or tuple(map(str, range(math.prod(modality.event_shape))))
