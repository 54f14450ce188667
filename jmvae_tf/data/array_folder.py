"""Arrays of a data set in a folder: written batch by batch, read into memory or row by row.

A folder has a file of raw values for each array of each part, and `arrays.json`, which describes
them. It is written under a temporary name and appears whole or not at all.
"""

import contextlib
import math
import pathlib
import re
import shutil
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np

from jmvae_tf.data.data_set import Rows
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json, unfinished_folder, write_json

MOST_IN_MEMORY = 2**30
"""Bytes of all arrays of a data set; large arrays of larger ones stay on disk."""

LARGE = 2**24
"""Bytes of an array that is worth being left on disk."""

_DESCRIPTION = "arrays.json"
_TYPES = ("bool", "uint8", "int8", "uint16", "int32", "int64", "float32")
_FILE = re.compile(r"[0-9]{1,4}\.values")
_MOST_ARRAYS = 1000
_MOST_EXAMPLES = 10**9


class MappedRows:
    """Rows of an array in a file, read when needed; without a loop in Python over rows."""

    def __init__(self, values: np.memmap) -> None:
        """Takes the array in the file."""
        self._values = values
        self.shape: tuple[int, ...] = values.shape
        self.dtype = values.dtype

    def __len__(self) -> int:
        """Returns the number of rows."""
        return self.shape[0]

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Reads the rows at the given indices."""
        return np.asarray(self._values[indices])


class ArrayWriter:
    """Writes arrays batch by batch; see `written_arrays`."""

    def __init__(self, folder: pathlib.Path) -> None:
        """Writes to an existing folder, which should be empty."""
        self._folder = folder
        self._files: dict[tuple[str, str], BinaryIO] = {}
        self._described: dict[str, dict[str, Any]] = {}

    def append(self, part: str, batch: Mapping[str, np.ndarray]) -> None:
        """Appends rows to the arrays of a part.

        Args:
          part: the name of the part.
          batch: the name of each array to rows, of the shape and type of the rows before them.
        """
        arrays = self._described.setdefault(part, {})
        for name, rows in batch.items():
            if name not in arrays:
                file = f"{len(self._files)}.values"
                shape, dtype = [0, *rows.shape[1:]], rows.dtype.name
                arrays[name] = {"file": file, "shape": shape, "dtype": dtype}
                self._files[part, name] = (self._folder / file).open("xb")
            described = arrays[name]
            if [*rows.shape[1:]] != described["shape"][1:] or rows.dtype != described["dtype"]:
                raise ValueError(f"{rows.dtype} {rows.shape} after {described}")
            described["shape"][0] += len(rows)
            self._files[part, name].write(np.ascontiguousarray(rows).data)

    def close(self) -> None:
        """Writes the description."""
        for file in self._files.values():
            file.close()
        write_json(self._folder / _DESCRIPTION, {"parts": self._described})


@contextlib.contextmanager
def written_arrays(folder: pathlib.Path) -> Iterator[ArrayWriter]:
    """Yields a writer of a folder, which appears at the end, if nothing went wrong.

    What is at its place then is replaced.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with unfinished_folder(folder.parent) as parent:
        writing = parent / folder.name
        writing.mkdir()
        writer = ArrayWriter(writing)
        with contextlib.closing(writer):
            yield writer
        shutil.rmtree(folder, ignore_errors=True)
        writing.rename(folder)


def has_arrays(folder: pathlib.Path) -> bool:
    """Tells whether a folder has been written."""
    return (folder / _DESCRIPTION).is_file()


def read_arrays(
    folder: pathlib.Path, most_in_memory: int = MOST_IN_MEMORY, large: int = LARGE
) -> dict[str, dict[str, np.ndarray | Rows]]:
    """Reads a folder that `written_arrays` wrote.

    Args:
      folder: the folder.
      most_in_memory: if the arrays have more bytes, the large ones stay on disk.
      large: the bytes from which on an array is large.

    Returns:
      Each part's arrays by name.

    Raises:
      UserError: if a file is missing, damaged, or no regular one.
    """
    try:
        parts = read_json(folder / _DESCRIPTION)["parts"]
        sizes = [
            (part, name, _checked(folder, array))
            for part, arrays in parts.items()
            for name, array in arrays.items()
        ]
        if len(sizes) > _MOST_ARRAYS:
            raise ValueError("it describes something else")
        total = sum(x.nbytes for *_, x in sizes)
        read: dict[str, dict[str, np.ndarray | Rows]] = {part: {} for part in parts}
        for part, name, array in sizes:
            stays = total > most_in_memory and array.nbytes >= max(1, large) and array.dtype != bool
            read[part][name] = array.mapped() if stays else array.loaded()
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise UserError(
            "Prepared arrays must be whole",
            f"{folder}: {type(error).__name__}: {error}",
            "remove the folder, and prepare them again",
        ) from error
    return read


class _Described:
    """An array in a file."""

    def __init__(self, path: pathlib.Path, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.path, self.shape, self.dtype = path, shape, dtype
        self.nbytes = math.prod(shape) * dtype.itemsize

    def mapped(self) -> MappedRows:
        return MappedRows(np.memmap(self.path, self.dtype, "r", shape=self.shape))

    def loaded(self) -> np.ndarray:
        return np.fromfile(self.path, self.dtype).reshape(self.shape)


def _checked(folder: pathlib.Path, array: Mapping[str, Any]) -> _Described:
    """Checks the description of an array against its file; raises ValueError if it is wrong."""
    file, shape, dtype = array["file"], array["shape"], array["dtype"]
    path = folder / file
    if not _FILE.fullmatch(file) or dtype not in _TYPES or not path.is_file() or path.is_symlink():
        raise ValueError(f"{file} of {dtype}")
    if (
        not all(type(x) is int and 0 <= x <= _MOST_EXAMPLES for x in shape)
        or not 0 < len(shape) < 9
    ):
        raise ValueError(f"{file} of shape {shape}")
    described = _Described(path, tuple(shape), np.dtype(dtype))
    if path.stat().st_size != described.nbytes:
        raise ValueError(f"{path.stat().st_size} bytes in {file}, not {described.nbytes}")
    return described
