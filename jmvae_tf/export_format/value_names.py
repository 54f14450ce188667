"""Names of a modality's values, which not every modality has."""

import math
from collections.abc import Sequence
from typing import Protocol


class NamedValues(Protocol):
    """A modality of a model, or one that an export describes."""

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one example."""

    @property
    def value_names(self) -> tuple[str, ...]:
        """The names of the values in order; empty for none."""


def names_or_numbers(modality: NamedValues) -> Sequence[str]:
    """Names the values of a modality in order; counts them from 0 if they have no names."""
    return modality.value_names or tuple(map(str, range(math.prod(modality.event_shape))))
