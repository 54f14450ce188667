"""Turns texts into the symbols of a text modality; the only place that decides what is missing.

This module does not import TensorFlow.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jmvae_tf.data.own.manifest import ModalityColumns


class Symbols(NamedTuple):
    """Texts as they are stored.

    Attributes:
      values: places in the alphabet, and its length from the end of the text on, [rows, length].
      observed: whether anything of a text is left, bool [rows]. A text without a symbol of the
        alphabet says nothing, so it is missing, as an empty cell is.
      left_out: the number of characters that the alphabet lacks.
    """

    values: np.ndarray
    observed: np.ndarray
    left_out: int


def symbols_of(texts: pa.Array, one: ModalityColumns) -> Symbols:
    """Finds the characters of texts in an alphabet.

    Args:
      texts: strings, null for none.
      one: a text with its alphabet and its length.
    """
    texts = plain_texts(texts)
    kept = pc.replace_substring_regex(texts, f"[^{_escaped(one.alphabet)}]", "")
    left_out = (pc.sum(pc.utf8_length(texts)).as_py() or 0) - (
        pc.sum(pc.utf8_length(kept)).as_py() or 0
    )
    length = one.length or 1
    fixed = np.array(kept.fill_null("").to_pylist(), f"U{length}")
    points = fixed.view(np.uint32).reshape(len(fixed), length)
    in_order = np.sort(np.array([*map(ord, one.alphabet)], np.uint32))
    symbols = np.argsort(np.array([*map(ord, one.alphabet)], np.uint32))
    places = np.minimum(np.searchsorted(in_order, points), len(in_order) - 1)
    values = np.where(points > 0, symbols[places], len(one.alphabet))
    return Symbols(values, points[:, 0] > 0, left_out)


def plain_texts(texts: pa.Array) -> pa.Array:
    """Replaces every run of white space by one space, and leaves out what cannot be printed."""
    return pc.replace_substring_regex(
        pc.replace_substring_regex(texts, r"\s+", " "), r"[\p{Cc}\p{Cf}\p{Co}]", ""
    )


def _escaped(alphabet: str) -> str:
    return "".join(f"\\x{{{ord(x):x}}}" for x in alphabet)
