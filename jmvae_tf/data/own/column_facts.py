"""Gathers what a table's columns hold, in one pass and in bounded memory.

This module does not import TensorFlow.
"""

import collections
import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jmvae_tf.data.own.manifest_values import MOST_CLASSES
from jmvae_tf.data.own.number_texts import LARGEST_EXACT, number_texts
from jmvae_tf.data.own.table_file import Chunk, TableFile, TextAmongNumbersError
from jmvae_tf.runtime.errors import UserError

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png")
OTHER_IMAGE_ENDINGS = (".gif", ".bmp", ".tif", ".tiff", ".webp", ".heic", ".avif", ".jp2")
ARRAY_ENDING = ".npy"

_MOST_ROWS = 200_000_000


@dataclasses.dataclass
class ColumnFacts:
    """What the rows that were read so far hold in a column.

    Attributes:
      is_number: whether its cells are numbers; None while all are empty.
      present: the number of cells that are not empty.
      counts: distinct value to its number of cells; None if there are more than `MOST_CLASSES`.
      exact: distinct number as it is written to its number of cells, of a column of whole numbers
        with few values that may lose digits in float64; None for others.
      low: the lowest number.
      high: the highest number.
      is_sequence: whether the numbers are 0, 1, 2, … or 1, 2, 3, … in this order, without a gap.
      endings: the ending of file names to the number of texts with it.
      numerals: the number of texts that are numbers.
      first_other: the row and the text of the first that is none.
      not_cells: the row of the first cell that is neither a number nor a text, and what it is.
    """

    is_number: bool | None = None
    present: int = 0
    counts: dict[float | str, int] | None = dataclasses.field(default_factory=dict)
    exact: dict[str, int] | None = None
    low: float = math.inf
    high: float = -math.inf
    is_sequence: bool = True
    endings: dict[str, int] = dataclasses.field(default_factory=dict)
    numerals: int = 0
    first_other: tuple[int, str] | None = None
    not_cells: tuple[int, str] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the distinct numbers are whole, of a column with few of them."""
        return bool(self.is_number) and all(float(x).is_integer() for x in self.counts or (0.5,))

    def share_of(self, endings: tuple[str, ...]) -> float:
        """Returns the share of cells that are names of files with one of these endings."""
        return sum(self.endings.get(x, 0) for x in endings) / max(1, self.present)

    def add(self, cells: pa.Array, row: int, name: str) -> None:
        """Takes more cells into account.

        Args:
          cells: a column of a `Chunk`.
          row: the number of the first of them, from 0.
          name: the name of the column.

        Raises:
          TextAmongNumbersError: if cells before were numbers, and these are texts.
        """
        number = len(cells) - cells.null_count
        if not number:
            self.is_sequence &= not len(cells)
            return
        if pa.types.is_binary(cells.type) and self.not_cells is None:
            place = pc.index(cells.is_valid(), True).as_py()
            self.not_cells = row + place, cells[place].as_py().decode()
        if self.not_cells is not None:
            return
        is_number = pa.types.is_floating(cells.type)
        if self.is_number not in (None, is_number):
            raise TextAmongNumbersError(name)
        self.is_number = is_number
        self.present += number
        if is_number:
            self._add_numbers(cells, row, number)
        else:
            self._add_texts(cells, row)
        self._count(cells)

    def _add_numbers(self, cells: pa.Array, row: int, number: int) -> None:
        values = cells.to_numpy(zero_copy_only=False)
        self.low = min(self.low, float(np.nanmin(values)))
        self.high = max(self.high, float(np.nanmax(values)))
        if self.is_sequence:
            start = values[0] if row == 0 else row + self.low
            self.is_sequence = (
                number == len(cells)
                and self.low in (0, 1)
                and bool((values == np.arange(len(values)) + start).all())
            )

    def _add_texts(self, cells: pa.Array, row: int) -> None:
        self.is_sequence = False
        lower = pc.utf8_lower(cells)
        for ending in (*IMAGE_ENDINGS, *OTHER_IMAGE_ENDINGS, ARRAY_ENDING):
            found = pc.sum(pc.ends_with(lower, ending)).as_py() or 0
            if found:
                self.endings[ending] = self.endings.get(ending, 0) + found
        texts = cells.to_numpy(zero_copy_only=False)
        numeric = ~np.isnan(
            pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(np.float64)
        )
        self.numerals += int(numeric.sum())
        if self.first_other is None:
            others = np.flatnonzero(~numeric & ~pd.isna(texts))
            if others.size:
                self.first_other = (row + int(others[0]), str(texts[others[0]]))

    def _count(self, cells: pa.Array) -> None:
        if self.counts is None:
            return
        counted = pc.value_counts(cells)
        if len(counted) > MOST_CLASSES + 1:
            self.counts = None
            return
        for one in counted.to_pylist():
            if one["values"] is not None:
                value = one["values"]
                self.counts[value] = self.counts.get(value, 0) + one["counts"]
        if len(self.counts) > MOST_CLASSES:
            self.counts = None


@dataclasses.dataclass(frozen=True)
class TableFacts:
    """A table, and what it holds.

    Attributes:
      table: the table, with the types that its columns turned out to have.
      rows: the number of rows.
      columns: the name of each column to what it holds, in the table's order.
    """

    table: TableFile
    rows: int
    columns: Mapping[str, ColumnFacts]

    def may_lose_digits(self, name: str) -> bool:
        """Tells whether different cells of a column may be the same number in float64."""
        column = self.columns[name]
        is_large = max(-column.low, column.high) >= LARGEST_EXACT
        return bool(column.is_number) and (is_large or self.table.has_codes)

    def with_exact(self, names: Sequence[str]) -> "TableFacts":
        """Returns the facts with `ColumnFacts.exact` of some columns, for which it reads again."""
        counters: dict[str, collections.Counter[str]] = {x: collections.Counter() for x in names}
        for chunk, written in self.table.chunks_and_texts(names) if names else ():
            for name, counter in counters.items():
                if name in written and len(counter) <= MOST_CLASSES:
                    texts = number_texts(chunk[name], written[name]).drop_null()
                    for one in pc.value_counts(texts).to_pylist():
                        counter[one["values"]] += one["counts"]
        found = {
            name: dataclasses.replace(self.columns[name], exact=dict(counter))
            if len(counter) <= MOST_CLASSES
            else dataclasses.replace(self.columns[name], counts=None)
            for name, counter in counters.items()
        }
        return dataclasses.replace(self, columns={**self.columns, **found})


def gather_facts(table: TableFile) -> TableFacts:
    """Reads a table once; again for each column that begins with numbers and goes on with texts.

    Raises:
      UserError: if it cannot be read, or has no rows.
    """
    while True:
        try:
            rows, columns = _gather(table)
            break
        except TextAmongNumbersError as error:
            table = table.as_text(error.column)
    if not rows:
        raise UserError("A table has rows", f"{table.path} with none", "add some")
    return TableFacts(table, rows, columns)


def _gather(table: TableFile) -> tuple[int, dict[str, ColumnFacts]]:
    rows = 0
    columns: dict[str, ColumnFacts] = {}
    for chunk in table.chunks():
        for name, cells in chunk.items():
            facts = columns.setdefault(name, ColumnFacts(is_sequence=rows == 0))
            facts.add(cells, rows, name)
        for name in columns.keys() - chunk.keys():
            columns[name].is_sequence = False
        rows += _length(chunk)
        if rows > _MOST_ROWS:
            raise UserError(
                f"A table has at most {_MOST_ROWS} rows", f"{table.path} with more", "divide it"
            )
    return rows, columns


def _length(chunk: Chunk) -> int:
    return len(next(iter(chunk.values()), ()))
