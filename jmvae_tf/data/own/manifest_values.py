"""The values that a manifest may have: each is read by a function that returns None to refuse it.

This module does not import TensorFlow.
"""

import math
import re
import types
from collections.abc import Callable, Collection
from typing import Any

from jmvae_tf.export_format import value_names

MOST_MODALITIES, MOST_COLUMNS, MOST_CLASSES = 64, 4096, 10_000
LONGEST_SIDE, LONGEST_TEXT, MOST_SYMBOLS = 1024, 4096, 1000
MOST_VALUES = 2**24  # Of an event.
_LARGEST_WEIGHT = 1e30
_DATA_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")

COUNTS = ("Poisson", "NegativeBinomial")

LIKELIHOODS = types.MappingProxyType(
    {
        "image": ("Gaussian", "Bernoulli", "LearnedGaussian", "Laplace"),
        "label": ("Categorical",),
        "attributes": ("Gaussian", "Bernoulli"),
        "numbers": ("LearnedGaussian", "Gaussian", "Laplace", *COUNTS),
        "text": ("CategoricalSequence",),
        "array": ("Gaussian", "LearnedGaussian", "Laplace", "Bernoulli", *COUNTS),
    }
)
"""The likelihoods that each kind may have, the usual one first.

Numbers learn their variances: with a fixed one, a column that the others determine would be
predicted worse, and with deviations that are far too wide.
"""

FITS = ("crop", "pad", "stretch")
"""How an image gets its size: cut at two edges, with black margins, or in another aspect."""


def _name(value: Any) -> str | None:
    return value if value_names.is_name(value) else None


def _data_name(value: Any) -> str | None:
    """Reads a name that folders get: it must not lead to other places."""
    is_name = isinstance(value, str) and _DATA_NAME.fullmatch(value) is not None
    return value if is_name and value.strip("._-") else None


def _names(value: Any, most: int = MOST_COLUMNS) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not 0 < len(value) <= most:
        return None
    if not all(map(value_names.is_name, value)) or len(set(value)) < len(value):
        return None
    return tuple(value)


def _whole_number(value: Any, low: int, high: int) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and low <= value <= high else None


def _size(value: Any) -> tuple[int, int] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    height, width = (_whole_number(x, 1, LONGEST_SIDE) for x in value)
    return None if height is None or width is None else (height, width)


def _shape(value: Any) -> tuple[int, ...] | None:
    if not isinstance(value, list) or not 0 < len(value) <= 4:
        return None
    if any(_whole_number(x, 1, MOST_VALUES) is None for x in value):
        return None
    return tuple(value) if math.prod(value) <= MOST_VALUES else None


def _weight(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 < value <= _LARGEST_WEIGHT else None


def _alphabet(value: Any) -> str | None:
    if not isinstance(value, str) or not 0 < len(value) <= MOST_SYMBOLS:
        return None
    return value if value.isprintable() and len(set(value)) == len(value) else None


def _choice(choices: Collection[Any]) -> "ValueRule":
    def read(value: Any) -> Any:
        return value if type(value) in (str, int) and value in choices else None

    return read, f"one of {', '.join(map(str, choices))}"


def _columns(value: Any) -> tuple[str, ...] | None:
    return () if value == [] else _names(value)


ValueRule = tuple[Callable[[Any], Any], str]

SEVERAL = ("attributes", "numbers")
_ANY_NAMES = (_columns, "a list of names of columns, each once")
_A_NAME = (_name, "the name of a column")

COLUMNS: dict[str, ValueRule] = {
    "column": _A_NAME,
    "columns": (_names, "a list of names of columns, each once"),
}
OF_ANY: dict[str, ValueRule] = {
    "kind": _choice(tuple(LIKELIHOODS)),
    "likelihood": _choice(sorted({x for some in LIKELIHOODS.values() for x in some})),
    "likelihood_weight": (_weight, "a positive number"),
    "partly_observed": (lambda value: value if isinstance(value, bool) else None, "true or false"),
}
OF_KIND: dict[str, dict[str, ValueRule]] = {
    "image": {
        "size": (_size, f"[height, width], each from 1 to {LONGEST_SIDE}"),
        "channels": _choice((1, 3, 4)),
        "fit": _choice(FITS),
    },
    "label": {
        "classes": (
            lambda value: _names(value, MOST_CLASSES),
            f"a list of up to {MOST_CLASSES} names, each once",
        )
    },
    "attributes": {},
    "numbers": {"log": _ANY_NAMES},
    "text": {
        "alphabet": (
            _alphabet,
            f"a string of up to {MOST_SYMBOLS} printable characters, each once",
        ),
        "length": (
            lambda value: _whole_number(value, 1, LONGEST_TEXT),
            f"a whole number from 1 to {LONGEST_TEXT}",
        ),
    },
    "array": {"shape": (_shape, f"a list of 1 to 4 numbers, of up to {MOST_VALUES} values")},
}
OF_ALL: dict[str, ValueRule] = {
    "name": (_data_name, "a name of A-Z, a-z, 0-9, _, . and -, as folders get it"),
    "split": _A_NAME,
    "group": _A_NAME,
    "key": _A_NAME,
    "weight": _A_NAME,
    "ignore": _ANY_NAMES,
}
