"""Reads tables of anybody's in chunks: Parquet, a JSON object in each line, CSV and TSV.

A chunk has an Arrow array for each column: of numbers (double) or of text. Empty cells and the
usual marks of missing values are null. `separated_file.py` reads CSV. This module does not import
TensorFlow.
"""

import abc
import collections
import dataclasses
import json
import pathlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from jmvae_tf.data.own.manifest_values import MOST_COLUMNS
from jmvae_tf.export_format import value_names
from jmvae_tf.runtime.errors import UserError

Chunk = Mapping[str, pa.Array]
"""Column to its values, double or string, all of one length; null where a cell is empty."""

MISSING = tuple(
    "|#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|"
    "nan|null".split("|")
)
"""Texts that stand for nothing, as pandas has them."""

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
        try:
            with pyarrow.parquet.ParquetFile(self.path, memory_map=False) as file:
                check_column_names(self.path, file.schema_arrow.names)
                for batch in file.iter_batches(_ROWS_AT_ONCE):
                    yield {
                        name: self._read(name, column)
                        for name, column in zip(batch.schema.names, batch.columns, strict=True)
                    }
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
            numbers = column.cast(pa.float64(), safe=False)
            numbers = pc.if_else(pc.is_nan(numbers), None, numbers)
            return numbers.cast(pa.string()) if name in self.texts else numbers
        if pa.types.is_nested(kind) or pa.types.is_binary(kind):
            raise UserError(
                "Cells hold a number or a text",
                f"{self.path}: column {name!r} of {kind}",
                "leave the column out, or save arrays as .npy files and name these in it",
            )
        if pa.types.is_null(kind):
            return pa.nulls(len(column), pa.string())
        return without_marks(column.cast(pa.string()))


class JsonLinesFile(TableFile):
    """A JSON object in each line."""

    def chunks(self) -> Iterator[Chunk]:
        """See the base class."""
        done = 0
        try:
            with pd.read_json(
                self.path,
                lines=True,
                chunksize=_ROWS_AT_ONCE,
                dtype=False,
                precise_float=True,
                encoding="utf-8",
                convert_axes=False,
            ) as reader:
                for frame in reader:
                    if isinstance(frame.columns, pd.RangeIndex):
                        raise ValueError("no objects")
                    names = [str(name) for name in frame.columns]
                    check_column_names(self.path, names)
                    yield {
                        name: self._read(name, frame.iloc[:, i], done)
                        for i, name in enumerate(names)
                    }
                    done += len(frame)
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

    def _read(self, name: str, column: pd.Series, done: int) -> pa.Array:
        if column.dtype.kind in "iuf":
            numbers = pa.array(column.to_numpy(np.float64), from_pandas=True)
            return numbers.cast(pa.string()) if name in self.texts else numbers
        if column.dtype.kind == "b":
            return pa.array(np.where(column.to_numpy(), "true", "false"))
        values = column.to_numpy(object)
        nested = np.array([isinstance(x, list | dict) for x in values])
        if nested.any():
            raise UserError(
                "Cells hold a number or a text",
                f"{self.cell(done + int(nested.argmax()), name)}: "
                f"a {type(values[nested.argmax()]).__name__}",
                "leave the column out, or save arrays as .npy files and name these in it",
            )
        missing = pd.isna(values)
        texts = [None if gone else _as_text(x) for x, gone in zip(values, missing, strict=True)]
        return without_marks(pa.array(texts, pa.string()))


def _bad_line(path: pathlib.Path) -> str:
    """Finds the first line that is no object that can be read; "" if there is none."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
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
