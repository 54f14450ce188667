"""Reads a table's cells into arrays, in chunks; every refusal names the row and the column.

This module does not import TensorFlow.
"""

import dataclasses
import math
import pathlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jmvae_tf.data.own import row_hashes
from jmvae_tf.data.own.column_facts import TableFacts
from jmvae_tf.data.own.inference import TRUTHS
from jmvae_tf.data.own.layout import PART_NAMES
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.own.number_texts import number_text, number_texts, sorted_numbers
from jmvae_tf.data.own.table_file import Chunk, TableFile
from jmvae_tf.data.own.text_symbols import symbols_of
from jmvae_tf.runtime.errors import UserError

_PARTS = ("train", "validation", "test")

_MOST_IN_MEMORY = 2**30  # Bytes of the values of a table.
_SHOWN = 80  # Characters of a cell in a message.
_REPEATED = 'remove the row, or say "group" or "ignore" of the column in columns.json'
_PART_NUMBERS = {str(number): number for number in range(len(_PARTS))}  # As CelebA's list has them.


@dataclasses.dataclass(frozen=True)
class Encoded:
    """The rows of a table.

    Attributes:
      values: modality name to stored values, [rows, *stored_shape]; not of images and arrays.
      observed: modality name to bool, [rows, columns] of attributes and numbers, else [rows].
      files: name of an image or an array to the names of its files, None where there is none.
      hashes: uint64 [rows], of the keys that divide rows into parts.
      parts: int8 [rows], indices into `_PARTS`, or -1; None without a column of splits.
      weights: float32 [rows]; None without a column of weights.
      left_out: modality name to the number of characters that its alphabet lacks.
    """

    values: dict[str, np.ndarray]
    observed: dict[str, np.ndarray]
    files: dict[str, list[str | None]]
    hashes: np.ndarray
    parts: np.ndarray | None
    weights: np.ndarray | None
    left_out: dict[str, int]


def encode_rows(
    facts: TableFacts, manifest: Manifest, scratch: pathlib.Path | None = None
) -> Encoded:
    """Reads all rows.

    Args:
      facts: what is known of the table.
      manifest: resolved, except for images and arrays.
      scratch: the folder for values of more than 1 GiB; they are then maps of files that end with
        this process. None keeps them in memory.

    Raises:
      UserError: if a cell does not fit its column.
    """
    rows = facts.rows
    in_files = [x for x, one in manifest.modalities.items() if one.kind in ("image", "array")]
    in_cells = {x: one for x, one in manifest.modalities.items() if x not in in_files}
    shapes = {name: (rows, *one.stored_shape) for name, one in in_cells.items()}
    sizes = [
        math.prod(shapes[name]) * np.dtype(one.stored_type).itemsize
        for name, one in in_cells.items()
    ]
    kept = None if sum(sizes) <= _MOST_IN_MEMORY else scratch
    values = {
        name: _zeros(shapes[name], np.dtype(one.stored_type), kept)
        for name, one in in_cells.items()
    }
    observed = {
        name: np.zeros((rows, len(one.columns)) if one.kind in _BY_VALUE else rows, bool)
        for name, one in manifest.modalities.items()
    }
    files: dict[str, list[str | None]] = {name: [] for name in in_files}
    hashes = np.zeros(rows, np.uint64)
    parts = None if manifest.split is None else np.zeros(rows, np.int8)
    weights = None if manifest.weight is None else np.zeros(rows, np.float32)
    keys = None if manifest.key is None else np.zeros(rows, np.uint64)
    left_out: dict[str, int] = {}
    start = 0
    for cells in _all_cells(facts, manifest):
        stop = start + cells.length
        if stop > rows:
            break
        if keys is not None and manifest.key is not None:
            keys[start:stop] = _keys(cells, manifest.key)
        for name, one in in_cells.items():
            fill = _FILLS[one.kind]
            left = fill(cells, one, values[name][start:stop], observed[name][start:stop])
            left_out[name] = left_out.get(name, 0) + left
        for name in in_files:
            [column] = manifest.modalities[name].columns
            texts = cells.texts(column).to_pylist()
            files[name] += texts
            observed[name][start:stop] = [text is not None for text in texts]
        if parts is not None and manifest.split is not None:
            parts[start:stop] = _parts(cells, manifest.split)
        if weights is not None and manifest.weight is not None:
            weights[start:stop] = _weights(cells, manifest.weight)
        hashes[start:stop] = _hashes(cells, manifest)
        start = stop
    if start != rows:
        raise UserError(
            "A table must stay as it is while it is read", facts.table.path, "start again"
        )
    if keys is not None and manifest.key is not None:
        _check_unique(facts, manifest, keys)
    left_out = {name: number for name, number in left_out.items() if number}
    return Encoded(values, observed, files, hashes, parts, weights, left_out)


def _zeros(shape: tuple[int, ...], dtype: np.dtype, scratch: pathlib.Path | None) -> np.ndarray:
    if scratch is None or not math.prod(shape):
        return np.zeros(shape, dtype)
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=scratch) as file:  # The map keeps it.
        return np.memmap(file, dtype, "w+", shape=shape)


_BY_VALUE = ("attributes", "numbers")


@dataclasses.dataclass(frozen=True)
class _Cells:
    """A chunk of a table, and where it stands; `exact` has some numbers as they are written."""

    table: TableFile
    chunk: Chunk
    start: int
    length: int
    exact: Chunk

    def column(self, name: str) -> pa.Array:
        return self.chunk.get(name, pa.nulls(self.length, pa.string()))

    def texts(self, name: str) -> pa.Array:
        """Returns the cells of a column as texts; see `number_texts` for numbers."""
        cells = self.column(name)
        if not pa.types.is_floating(cells.type):
            return cells
        return number_texts(cells, self.exact.get(name))

    def numbers(self, name: str) -> np.ndarray:
        """Returns the cells of a column as float64, NaN where they are empty."""
        cells = self.column(name)
        if not pa.types.is_floating(cells.type) and cells.null_count < len(cells):
            texts = cells.to_numpy(zero_copy_only=False)
            numbers = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce")
            numbers = numbers.to_numpy(np.float64)
            self.refuse(name, np.isnan(numbers) & ~pd.isna(texts), "a number", "mend the cell")
            return numbers
        return cells.cast(pa.float64()).to_numpy(zero_copy_only=False)

    def refuse(self, name: str, wrong: np.ndarray, wanted: str, remedy: str) -> None:
        """Raises UserError that names the first of the wrong cells, if there are any."""
        if wrong.any():
            place = int(wrong.argmax())
            cell = self.column(name)[place].as_py()
            digits = self.exact[name][place].as_py() if name in self.exact else None
            shown = digits or (number_text(cell) if isinstance(cell, float) else quoted(cell))
            raise UserError(
                f"A cell of this column must hold {wanted}",
                f"{self.table.cell(self.start + place, name)}: "
                f"{shown}" + (f" and {more} more" if (more := int(wrong.sum()) - 1) else ""),
                remedy,
            )


def _all_cells(facts: TableFacts, manifest: Manifest) -> Iterator[_Cells]:
    """Reads a table, without columns that hold neither numbers nor texts."""
    keys = [x for x in (manifest.group, manifest.key) if x and x in facts.columns]
    labels = [one.columns[0] for one in manifest.modalities.values() if one.kind == "label"]
    exact = {
        *(name for name in keys if facts.may_lose_digits(name)),
        *(name for name in labels if name in facts.columns and facts.columns[name].exact),
    }
    start = 0
    for chunk, texts in facts.table.chunks_and_texts(exact):
        length = len(next(iter(chunk.values())))
        chunk = {name: x for name, x in chunk.items() if facts.columns[name].not_cells is None}
        yield _Cells(facts.table, chunk, start, length, texts)
        start += length


def quoted(cell: str | None) -> str:
    """Quotes the cell of a table in a message."""
    return "nothing" if cell is None else repr(cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}…")


def _fill_label(
    cells: _Cells, one: ModalityColumns, values: np.ndarray, observed: np.ndarray
) -> int:
    [column] = one.columns
    texts = cells.texts(column)
    codes = pc.index_in(texts, pa.array(one.classes, pa.string()))
    codes = codes.to_numpy(zero_copy_only=False)
    known, there = ~np.isnan(codes.astype(np.float64)), np.asarray(texts.is_valid())
    classes = ", ".join(one.classes[:8]) + (" …" if len(one.classes) > 8 else "")
    cells.refuse(column, there & ~known, f"one of {classes}", "mend it, or add it to the classes")
    values[known] = codes[known]
    observed[:] = known
    return 0


def _fill_attributes(
    cells: _Cells, one: ModalityColumns, values: np.ndarray, observed: np.ndarray
) -> int:
    for place, column in enumerate(one.columns):
        found = cells.column(column)
        if pa.types.is_floating(found.type):
            numbers = found.to_numpy(zero_copy_only=False)
            there = ~np.isnan(numbers)
            yes, known = numbers == 1, np.isin(numbers, (-1, 0, 1))
        else:
            texts = pc.utf8_lower(found)
            there = np.asarray(texts.is_valid())
            truths = pa.array(list(TRUTHS), pa.string())
            codes = pc.index_in(texts, truths).fill_null(-1).to_numpy(zero_copy_only=False)
            known = codes >= 0
            yes = np.array([*TRUTHS.values(), 0])[codes] == 1
        cells.refuse(column, there & ~known, "yes or no, true or false, 1 or 0, 1 or -1", "mend it")
        values[:, place] = yes & there
        observed[:, place] = there
    return 0


def _fill_numbers(
    cells: _Cells, one: ModalityColumns, values: np.ndarray, observed: np.ndarray
) -> int:
    largest = float(np.finfo(np.float32).max)
    for place, column in enumerate(one.columns):
        numbers = cells.numbers(column)
        there = ~np.isnan(numbers)
        cells.refuse(column, there & ~(np.abs(numbers) <= largest), "a finite number", "empty it")
        if column in one.log:
            wrong = there & ~(numbers.astype(np.float32) > 0)
            cells.refuse(
                column, wrong, "a positive number, as its logarithm is modelled", "leave out log"
            )
        if one.likelihood in ("Poisson", "NegativeBinomial"):
            wrong = there & ~((numbers >= 0) & (numbers == np.floor(numbers)))
            cells.refuse(column, wrong, "a count: 0, 1, 2, …", "choose another likelihood")
        values[:, place] = np.where(there, numbers, 0)
        observed[:, place] = there
    return 0


def _fill_text(
    cells: _Cells, one: ModalityColumns, values: np.ndarray, observed: np.ndarray
) -> int:
    [column] = one.columns
    values[:], observed[:], left_out = symbols_of(cells.texts(column), one)
    return left_out


_FILLS: Mapping[str, Callable[[_Cells, ModalityColumns, np.ndarray, np.ndarray], int]] = {
    "label": _fill_label,
    "attributes": _fill_attributes,
    "numbers": _fill_numbers,
    "text": _fill_text,
}


def _parts(cells: _Cells, column: str) -> np.ndarray:
    texts = pc.utf8_lower(cells.texts(column))
    choices = {**{name: _PARTS.index(part) for name, part in PART_NAMES.items()}, **_PART_NUMBERS}
    codes = pc.index_in(texts, pa.array(list(choices), pa.string())).fill_null(-1)
    codes = codes.to_numpy(zero_copy_only=False)
    remedy = "mend it, or ignore the column in columns.json"
    cells.refuse(column, codes < 0, "train, validation or test", remedy)
    return np.array([*choices.values()], np.int8)[codes]


def _weights(cells: _Cells, column: str) -> np.ndarray:
    numbers = cells.numbers(column)
    wrong = ~((numbers >= 0) & (numbers < math.inf))
    cells.refuse(column, wrong, "a weight, 0 or more", "mend it")
    return numbers.astype(np.float32)


def _hashes(cells: _Cells, manifest: Manifest) -> np.ndarray:
    """Hashes what keeps rows together: a group, a key, the first image's name, or the whole row."""
    chunk, length = cells.chunk, cells.length
    images = [one.columns[0] for one in manifest.modalities.values() if one.kind == "image"]
    for names in ((manifest.group,), (manifest.key,), images[:1]):
        if names and names[0] is not None:
            found = chunk.get(names[0])
            if found is None:
                continue
            hashed = _hashes_of_key(cells, names[0])
            if not found.null_count:
                return hashed
            return np.where(
                np.asarray(found.is_valid()), hashed, row_hashes.hash_rows(chunk, length)
            )
    without = [manifest.split, manifest.weight]
    return row_hashes.hash_rows({x: y for x, y in chunk.items() if x not in without}, length)


def _keys(cells: _Cells, column: str) -> np.ndarray:
    """Hashes the keys of rows; raises UserError that names the first row without one."""
    keys = cells.column(column)
    missing = ~np.asarray(keys.is_valid())
    cells.refuse(column, missing, "the key of its row", "fill the cell, or ignore the column")
    return _hashes_of_key(cells, column)


def _hashes_of_key(cells: _Cells, column: str) -> np.ndarray:
    if column in cells.exact:
        return row_hashes.hash_keys(column, cells.column(column), cells.exact[column])
    return row_hashes.hash_rows({column: cells.column(column)}, cells.length)


def _check_unique(facts: TableFacts, manifest: Manifest, keys: np.ndarray) -> None:
    """Raises UserError that names the first row whose key an earlier row has."""
    repeated = pd.Series(keys).duplicated().to_numpy()
    if not repeated.any():
        return
    for cells in _all_cells(facts, manifest):  # Again, for the text of the cell.
        twice = repeated[cells.start : cells.start + cells.length]
        cells.refuse(str(manifest.key), twice, "a key of its own", _REPEATED)


def classes_of(values: Sequence[float | str], are_numbers: bool) -> tuple[str, ...]:
    """Returns the classes of a label in order: by number, also of numbers within texts.

    Args:
      values: distinct cells.
      are_numbers: whether they are numbers, perhaps written as texts with all their digits.
    """
    if are_numbers:
        texts = {number_text(x) if isinstance(x, float) else x for x in values}
        return tuple(sorted_numbers(texts))
    return tuple(sorted(map(str, values), key=_natural))


def _natural(text: str) -> list[tuple[int, int, str]]:
    return [
        (0, int(x), "") if x.isdecimal() else (1, 0, x.lower())
        for x in re.split(r"(\d{1,18})", text)
        if x
    ] + [(2, 0, text)]
