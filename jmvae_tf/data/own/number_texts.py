"""Writes numbers of tables as texts: names of classes, and keys that float64 would round.

This module does not import TensorFlow.
"""

import decimal
import math
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LARGEST_EXACT = 2.0**53
"""Below it, float64 has all whole numbers."""


def number_text(number: float) -> str:
    """Writes a number as short as possible: 3 for 3.0."""
    if math.isfinite(number) and float(number).is_integer() and abs(number) < LARGEST_EXACT:
        return str(int(number))
    return repr(float(number))


def number_texts(numbers: pa.Array, written: pa.Array | None = None) -> pa.Array:
    """Writes numbers by `number_text`, but codes such as 007 and large whole ones by all digits.

    Args:
      numbers: double.
      written: the same cells as they are written; None if no digits can be lost.

    Returns:
      Strings, null where there is none.
    """
    distinct = numbers.dictionary_encode()
    short = pa.array([number_text(x) for x in distinct.dictionary.to_pylist()], pa.string())
    texts = short.take(distinct.indices)
    if written is None:
        return texts
    is_whole = pc.match_substring_regex(written, r"^[+-]?\d+$")
    is_large = pc.greater_equal(pc.abs(numbers), LARGEST_EXACT)
    by_digits = pc.or_(are_codes(written), pc.and_(is_whole, is_large))
    digits = pc.replace_substring_regex(written, r"^\+", "")
    return pc.if_else(by_digits, digits, texts)


def are_codes(written: pa.Array) -> pa.Array:
    """Tells which cells of numbers begin with a zero that is not their value, as in 007."""
    return pc.match_substring_regex(written, r"^[+-]?0\d").fill_null(False)


def lost_digits(numbers: np.ndarray, written: pa.Array) -> np.ndarray:
    """Tells which keys are not the same as their numbers, bool [rows]: codes and large numbers."""
    return np.asarray(are_codes(written)) | (np.abs(numbers) >= LARGEST_EXACT)


def sorted_numbers(texts: Iterable[str]) -> list[str]:
    """Sorts the texts of `number_texts` by number, exactly, and those of one number by text."""
    return sorted(texts, key=lambda text: (decimal.Decimal(text), text))
