"""The metrics, one per module. To add one, add a module here; nothing else changes.

A function computes the metric, one value per example if it is a mean. Another function, decorated
with `metric`, yields its lines of the table. The decorator declares the heading, the place under it
and the kinds of modalities for which the function is called. The headings are in
`jmvae_tf/evaluation/sections`.
"""

import importlib
import pkgutil
from collections.abc import Callable, Collection, Iterable
from typing import Literal, NamedTuple, TypeVar, get_args

from jmvae_tf.evaluation.metrics_table import Metric, Row

Heading = Literal[
    "gaps",  # (subject)
    "objective",  # (subject)
    "generation",  # (subject, direction)
    "reconstruction",  # (subject, reconstruction)
    "squared error",  # (subject, direction or reconstruction)
    "importance weights",  # (subject)
    "conditional likelihood",  # (subject), of two modalities that can both be given
    "variation of information",  # (subject), the same
    "labels",  # (subject, direction from or to a label)
    "classes",  # (subject)
    "signs of attributes",  # (subject, direction to attributes)
    "images by attributes",  # (subject, direction from attributes to an image)
    "sharpness",  # (subject)
    "image similarity",  # (subject, direction or reconstruction)
    "image samples",  # (subject)
    "numbers",  # (subject, direction to numbers)
    "numbers of samples",  # (subject)
    "texts",  # (subject, direction to a text)
    "retrieval",  # (subject, direction)
    "latent space",  # (subject)
]
"""The headings, with the arguments of the metrics under each."""

Line = Metric | Row | str
"""A number, several numbers of one thing, or a note."""

_Measure = TypeVar("_Measure", bound=Callable[..., Iterable[Line]])


class Declaration(NamedTuple):
    """The place of a metric in the table and the modalities that it is defined for.

    Attributes:
      heading: the heading of its lines.
      place: metrics under a heading are sorted by it.
      given_kinds: the kinds that all given modalities must have; None for any.
      target_kinds: the kinds that the target must have; None for any.
      measure: the function of the metric.
    """

    heading: Heading
    place: int
    given_kinds: Collection[str] | None
    target_kinds: Collection[str] | None
    measure: Callable[..., Iterable[Line]]

    def is_defined_for(self, given: Iterable[str], target: str) -> bool:
        """Tells whether the metric is defined for modalities of these kinds."""
        return (self.given_kinds is None or set(given) <= set(self.given_kinds)) and (
            self.target_kinds is None or target in self.target_kinds
        )


_declared: list[Declaration] = []


def metric(
    heading: Heading,
    place: int,
    given_kinds: Collection[str] | None = None,
    target_kinds: Collection[str] | None = None,
) -> Callable[[_Measure], _Measure]:
    """Declares the decorated function to be a metric; see `Declaration` for the arguments.

    Raises:
      ValueError: if there is no such heading.
    """
    if heading not in get_args(Heading):
        raise ValueError(
            f"A metric stands under one of the headings {', '.join(get_args(Heading))}. "
            f"Received: {heading!r}"
        )

    def declare(measure: _Measure) -> _Measure:
        _declared.append(Declaration(heading, place, given_kinds, target_kinds, measure))
        return measure

    return declare


def metrics_under(heading: Heading) -> list[Declaration]:
    """Lists the metrics of a heading from all modules of this package, sorted by place."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    found = [each for each in _declared if each.heading == heading]
    return sorted(found, key=lambda each: (each.place, each.measure.__name__))
