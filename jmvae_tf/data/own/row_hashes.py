"""Divides rows into parts by a hash, which stays when other rows are added.

This module does not import TensorFlow.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from jmvae_tf.data.own.number_texts import lost_digits

SHARES = (0.8, 0.1, 0.1)
"""The shares of the parts for training, validation and test, where nothing divides the rows."""

_KEY = "jmvae_tf: a row."  # Never change it: it decides on the part of every row.


def hash_rows(columns: Mapping[str, pa.Array], length: int) -> np.ndarray:
    """Hashes rows; neither the order of the columns nor that of the rows counts.

    Args:
      columns: column to its cells, double or string.
      length: the number of rows.

    Returns:
      uint64 [rows], spread evenly.
    """
    total = np.zeros(length, np.uint64)
    with np.errstate(over="ignore"):
        for name, cells in columns.items():
            if pa.types.is_floating(cells.type):
                numbers = cells.to_numpy(zero_copy_only=False).astype(np.float64) + 0.0
                hashed = pd.util.hash_array(numbers, hash_key=_KEY)
                hashed = np.where(np.isnan(numbers), np.uint64(0), hashed)
            else:
                texts = cells.fill_null("").to_numpy(zero_copy_only=False)
                hashed = pd.util.hash_array(np.asarray(texts, object), hash_key=_KEY)
                hashed = np.where(np.asarray(cells.is_valid()), hashed, np.uint64(0))
            of_name = pd.util.hash_array(np.array([name], object), hash_key=_KEY)
            total += _mixed(hashed ^ of_name)
    return _mixed(total)


def hash_keys(name: str, numbers: pa.Array, texts: pa.Array) -> np.ndarray:
    """Hashes a column of numbers like `hash_rows`, but codes and what float64 rounds by all digits.

    Args:
      name: the name of the column.
      numbers: its cells, double.
      texts: its cells as they are written.
    """
    values = numbers.to_numpy(zero_copy_only=False)
    by_digits = lost_digits(values, texts)
    hashes = hash_rows({name: numbers}, len(values))
    chosen = texts.filter(pa.array(by_digits))
    hashes[by_digits] = hash_rows({name: chosen}, len(chosen))
    return hashes


def _mixed(values: np.ndarray) -> np.ndarray:
    """Spreads values evenly; this is the last step of SplitMix64 (Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def divide(hashes: np.ndarray, named: np.ndarray | None = None) -> np.ndarray:
    """Assigns rows to parts.

    Args:
      hashes: uint64 [rows]; rows of equal hashes come into the same part.
      named: int8 [rows], the parts that the data name themselves. A part that they do not name
        gets a tenth of the training rows. None if they name none.

    Returns:
      int8 [rows], 0 for training, 1 for validation, 2 for test.
    """
    shares = hashes / 2.0**64
    by_hash = np.digitize(shares, np.cumsum(SHARES)[:-1]).astype(np.int8)
    if named is None:
        return by_hash
    missing = [part for part in (1, 2) if not (named == part).any()]
    return np.where((named == 0) & np.isin(by_hash, missing), by_hash, named).astype(np.int8)
