"""Reads tables of anybody's in chunks: Parquet, a JSON object in each line, CSV and TSV.

A chunk has an Arrow array for each column: of numbers (double) or of text. Empty cells and the
usual marks of missing values are null. `separated_file.py` reads CSV. This module does not import
TensorFlow.
"""

import abc
import collections
import dataclasses
import io
import itertools
import json
import pathlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from jmvae_tf.data.own.manifest_values import MOST_COLUMNS
from jmvae_tf.export_format import value_names
from jmvae_tf.runtime.errors import UserError

Chunk = Mapping[str, pa.Array]
"""Column to its values, double or string, all of one length; null where a cell is empty.

Binary for a column with cells of other things, such as lists: what these cells are, for messages.
"""

MISSING = tuple(
    "|#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|"
    "nan|null".split("|")
)
"""Texts that stand for nothing, as pandas has them."""

LONGEST_ROW = 2**20
"""Bytes of a row's texts: memory must suffice for any file, and no model takes longer ones."""

BYTES_AT_ONCE = 2**24
"""Bytes of a chunk, about."""

_ROWS_AT_ONCE = 65_536


class TextAmongNumbersError(Exception):
    """A column of numbers as far as it was read has a text further on."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


@dataclasses.dataclass(frozen=True)
class TableFile(abc.ABC):
    """A table that can be read any number of times.

    Attributes:
      path: the file.
      texts: columns whose numbers are read as texts.
    """

    path: pathlib.Path
    texts: frozenset[str] = frozenset()

    @property
    def first_row(self) -> int:
        """The number of the first row in messages; a spreadsheet counts the header."""
        return 1

    @property
    def notes(self) -> list[str]:
        """What is worth saying about the files that it was made of."""
        return []

    @abc.abstractmethod
    def chunks(self) -> Iterator[Chunk]:
        """Reads the rows in order, some ten thousands at once.

        Raises:
          UserError: if it is not such a table; it names the file and the row.
          TextAmongNumbersError: if a column must be read as texts.
        """

    def as_text(self, column: str) -> "TableFile":
        """Returns the same table with a column of texts."""
        return dataclasses.replace(self, texts=self.texts | {column})

    @property
    def has_codes(self) -> bool:
        """Whether zeros may begin its numbers, which then are codes such as 007."""
        return False

    def with_texts(self, columns: Collection[str]) -> "TableFile":
        """Returns the same table, in which columns of numbers are texts as they are written."""
        return dataclasses.replace(self, texts=self.texts.union(columns))

    def numbers_of(self, texts: pa.Array) -> pa.Array:
        """Returns numbers that are written as in this table, double."""
        return texts.cast(pa.float64())

    def chunks_and_texts(self, columns: Collection[str]) -> Iterator[tuple[Chunk, Chunk]]:
        """Reads chunks, and besides the texts of some columns of numbers: they have all digits."""
        table = self.with_texts(columns) if columns else self
        for chunk in table.chunks():
            texts = {name: chunk[name] for name in columns if name in chunk}
            yield {**chunk, **{name: self.numbers_of(x) for name, x in texts.items()}}, texts

    def check_lengths(self, lengths: np.ndarray, first: int) -> None:
        """Raises UserError that names the first row that is too long.

        Args:
          lengths: the bytes of rows.
          first: the place of the first of them in the table, from 0.
        """
        wrong = np.flatnonzero(lengths > LONGEST_ROW)
        if wrong.size:
            raise UserError(
                f"A row of a table has at most {LONGEST_ROW} bytes",
                f"{self.path}: row {first + int(wrong[0]) + self.first_row} with more",
                "save what is long as files, and name these in the table",
            )

    def cell(self, row: int, column: str) -> str:
        """Names a cell in messages.

        Args:
          row: counted from 0.
          column: its name.
        """
        return f"{self.path}: row {row + self.first_row}, column {column!r}"


def check_column_names(path: pathlib.Path, names: Sequence[str]) -> None:
    """Raises UserError if columns cannot have these names."""
    if not names:
        raise UserError("A table has columns", f"{path} without any", "add a first row of names")
    if len(names) > MOST_COLUMNS:
        raise UserError(
            f"A table has at most {MOST_COLUMNS} columns",
            f"{path} with {len(names)}",
            "save many values as arrays: a column with the names of .npy files",
        )
    for name in names:
        if not value_names.is_name(name):
            raise UserError(
                f"Names of columns have 1 to {value_names.LONGEST} printable characters",
                f"{path}: column {list(names).index(name) + 1}, {name!r}",
                "rename the column" if name.strip() else "name the column, or remove it",
            )
    for name, times in collections.Counter(names).items():
        if times > 1:
            raise UserError(
                "Each column has a name of its own",
                f"{path}: {name!r} {times} times",
                "rename or remove one",
            )


class ParquetFile(TableFile):
    """A table of Apache Parquet."""

    def chunks(self) -> Iterator[Chunk]:
        """See the base class."""
        done = 0
        try:
            schema = pyarrow.parquet.read_schema(self.path)
            check_column_names(self.path, schema.names)
            others = {x.name: str(x.type).encode() for x in schema if _is_other(x.type)}
            read = [name for name in schema.names if name not in others]
            # A long text that many rows share is in memory once, until its length is checked.
            shared = [x.name for x in schema if pa.types.is_string(x.type)]
            with pyarrow.parquet.ParquetFile(
                self.path, memory_map=False, read_dictionary=shared
            ) as file:
                for batch in file.iter_batches(_ROWS_AT_ONCE, columns=read):
                    lengths = lengths_of(batch.columns, batch.num_rows)
                    self.check_lengths(lengths, done)
                    done += batch.num_rows
                    for part in _slices(batch, lengths):
                        found = {name: self._read(name, part.column(name)) for name in read}
                        found |= {
                            name: pa.array([what] * part.num_rows, pa.binary())
                            for name, what in others.items()
                        }
                        yield {name: found[name] for name in schema.names}
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise UserError(
                "A .parquet table must be whole", f"{self.path}: {error}", "save it again"
            ) from error

    def _read(self, name: str, column: pa.Array) -> pa.Array:
        kind = column.type
        if pa.types.is_dictionary(kind):
            column, kind = column.dictionary_decode(), kind.value_type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            if name in self.texts and not pa.types.is_floating(kind):
                return column.cast(pa.string())
            numbers = column.cast(pa.float64(), safe=False)
            numbers = pc.if_else(pc.is_nan(numbers), None, numbers)
            return numbers.cast(pa.string()) if name in self.texts else numbers
        if pa.types.is_null(kind):
            return pa.nulls(len(column), pa.string())
        return without_marks(column.cast(pa.string()))


def _is_other(kind: pa.DataType) -> bool:
    """Tells whether cells are neither numbers nor texts."""
    return (
        pa.types.is_nested(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def lengths_of(columns: Sequence[pa.Array], rows: int) -> np.ndarray:
    """Returns the bytes of the texts of each row, int64 [rows]."""
    lengths = np.zeros(rows, np.int64)
    for column in columns:
        texts = column.dictionary if pa.types.is_dictionary(column.type) else column
        if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
            continue
        sizes = pc.binary_length(texts)
        if texts is not column:
            sizes = sizes.take(column.indices)
        lengths += sizes.fill_null(0).to_numpy(zero_copy_only=False)
    return lengths


def _slices(batch: pa.RecordBatch, lengths: np.ndarray) -> Iterator[pa.RecordBatch]:
    """Divides a batch into parts of not much more than `BYTES_AT_ONCE`."""
    group = np.cumsum(lengths) // BYTES_AT_ONCE
    starts = [0, *(np.flatnonzero(np.diff(group)) + 1), len(group)]
    for start, stop in itertools.pairwise(starts):
        if stop > start:
            yield batch.slice(start, stop - start)


class JsonLinesFile(TableFile):
    """A JSON object in each line."""

    def chunks(self) -> Iterator[Chunk]:
        """See the base class."""
        try:
            for lines in self._lines():
                frame = pd.read_json(
                    io.BytesIO(b"".join(lines)),
                    lines=True,
                    dtype=False,
                    precise_float=True,
                    encoding="utf-8",
                    convert_axes=False,
                )
                if isinstance(frame.columns, pd.RangeIndex):
                    raise ValueError("no objects")
                names = [str(name) for name in frame.columns]
                check_column_names(self.path, names)
                as_texts = self.texts.intersection(names)
                written = _as_written(lines) if as_texts else []
                yield {
                    name: _texts([row.get(name) for row in written])
                    if name in as_texts
                    else self._read(frame.iloc[:, i])
                    for i, name in enumerate(names)
                }
        except UserError:
            raise
        except UnicodeDecodeError as error:
            raise UserError(
                "A .jsonl table is text in UTF-8", f"{self.path}: {error.reason}", "save it as that"
            ) from error
        except (ValueError, TypeError, AttributeError) as error:
            raise UserError(
                "A .jsonl table has a JSON object in each line",
                f"{self.path}: {_bad_line(self.path) or error}",
                "mend that line",
            ) from error

    def _lines(self) -> Iterator[list[bytes]]:
        """Reads the lines that are not empty, some at a time."""
        lines: list[bytes] = []
        row = size = 0
        with self.path.open("rb") as file:
            for line in iter(lambda: file.readline(LONGEST_ROW + 1), b""):
                if len(line) > LONGEST_ROW:
                    self.check_lengths(np.array([len(line)]), row)
                if not line.strip():
                    continue
                lines.append(line if line.endswith(b"\n") else line + b"\n")
                row, size = row + 1, size + len(line)
                if len(lines) == _ROWS_AT_ONCE or size >= BYTES_AT_ONCE:
                    yield lines
                    lines, size = [], 0
        if lines:
            yield lines

    def _read(self, column: pd.Series) -> pa.Array:
        if column.dtype.kind in "iuf":
            return pa.array(column.to_numpy(np.float64), from_pandas=True)
        if column.dtype.kind == "b":
            return pa.array(np.where(column.to_numpy(), "true", "false"))
        return _texts(column.to_numpy(object))


def _texts(values: Sequence[Any]) -> pa.Array:
    """Returns cells of JSON as a column of texts, or of what other things they are."""
    nested = [isinstance(x, list | dict) for x in values]
    if any(nested):
        kinds = [
            f"a {type(x).__name__}".encode() if other else None
            for x, other in zip(values, nested, strict=True)
        ]
        return pa.array(kinds, pa.binary())
    texts = [None if x is None or x != x else _as_text(x) for x in values]  # NaN is not itself.
    return without_marks(pa.array(texts, pa.string()))


def _as_written(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    """Reads objects, whose numbers become texts with all their digits."""
    return [json.loads(line, parse_int=str, parse_float=str) for line in lines]


def _bad_line(path: pathlib.Path) -> str:
    """Finds the first line that is no object that can be read; "" if there is none."""
    with path.open("rb") as file:
        lines = iter(lambda: file.readline(LONGEST_ROW), b"")
        for number, line in enumerate(lines, start=1):
            try:
                if not line.strip():
                    continue
                cells = json.loads(line)
                if not isinstance(cells, dict):
                    raise ValueError("no object")
                for name, cell in cells.items():
                    if isinstance(cell, int) and not -(2**63) <= cell < 2**64:
                        return f"row {number}, column {name!r}, a number of more than 64 bits"
            except (ValueError, RecursionError) as error:
                return f"row {number}, {error}"
    return ""


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.17g}" if isinstance(value, float) else str(value)


def without_marks(texts: pa.Array) -> pa.Array:
    """Makes texts that stand for nothing null, and removes white space around the others."""
    texts = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.is_in(texts, pa.array(MISSING)), None, texts)
