"""Reads the arrays that a table names, .npy files of anybody's.

This module does not import TensorFlow.
"""

import dataclasses
import io
import math
import pathlib
import threading
from collections.abc import Sequence

import numpy as np

from jmvae_tf.data.own.manifest import ModalityColumns
from jmvae_tf.data.own.manifest_values import MOST_VALUES
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_limited

_HEADER = 2**14  # Bytes.
_START = b"\x93NUMPY"

_ONE_AT_A_TIME = threading.Lock()
"""For headers: NumPy reads them with Python's parser, whose count of nested calls all threads
share in Python 3.11 and 3.12, so that it may raise SystemError in one of two (gh-106905)."""


def decode_array(content: bytes) -> np.ndarray:
    """Reads the content of a .npy file of numbers.

    Returns:
      float32, of any shape.

    Raises:
      ValueError: with a short reason, if it is none, or holds values that are not finite.
    """
    if not content.startswith(_START):
        raise ValueError("not a .npy file")
    try:
        file = io.BytesIO(content)
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ValueError(f"version {version} of the format")
        with _ONE_AT_A_TIME:
            shape, by_columns, dtype = read(file)
    except (ValueError, EOFError, SyntaxError, TypeError) as error:
        raise ValueError(f"a damaged .npy file: {error}") from error
    if dtype.kind not in "biuf":
        raise ValueError(f"an array of {dtype}, not of numbers")
    if not 0 < math.prod(shape) <= MOST_VALUES or not 0 < len(shape) <= 4:
        raise ValueError(
            f"an array of shape {shape}, where 1 to 4 axes and {MOST_VALUES} values may be"
        )
    try:
        values = np.frombuffer(content, dtype, math.prod(shape), file.tell())
        array = values.reshape(shape, order="F" if by_columns else "C")
    except ValueError as error:
        raise ValueError(f"a damaged .npy file: {error}") from error
    with np.errstate(over="ignore"):
        array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise ValueError("an array with NaN, infinity or a number too large for float32")
    return array


def read_array(root: pathlib.Path, name: str, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Reads a .npy file; see `decode_array`.

    Args:
      root: the folder of the files.
      name: the file.
      shape: the shape that it must have; None for any.

    Raises:
      OSError: if it cannot be read.
      ValueError: if it is no array of numbers, or has another shape.
    """
    array = decode_array(read_limited(root / name, 8 * MOST_VALUES + _HEADER))
    if shape not in (None, array.shape):
        raise ValueError(f"an array of shape {array.shape}, not {shape}")
    return array


def resolve_array(
    one: ModalityColumns, root: pathlib.Path, names: Sequence[str | None], table: pathlib.Path
) -> ModalityColumns:
    """Gives an array the shape of the first file, unless its manifest says the shape.

    Raises:
      UserError: if no file tells it.
    """
    if one.shape:
        return one
    reasons = []
    for name in names:
        if name is not None:
            try:
                return dataclasses.replace(one, shape=read_array(root, name).shape)
            except OSError as error:
                reasons.append(f"{name}: {error.strerror}")
            except ValueError as error:
                reasons.append(f"{name}: {error}")
    raise UserError(
        "A column of arrays names .npy files of numbers",
        f"{table}: column {one.columns[0]!r}: {(reasons or ['no file'])[0]}",
        "mend the files, or ignore the column in columns.json",
    )
