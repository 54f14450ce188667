"""A table to complete: its cells as they stand there, and what they mean to a model."""

import math
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import tensorflow as tf

from jmvae_tf.data.own.completed_cells import YesAndNo, yes_and_no
from jmvae_tf.data.own.manifest import Manifest
from jmvae_tf.data.own.path_source import OwnRows, load_rows
from jmvae_tf.data.own.raw_cells import raw_parts, schema_of
from jmvae_tf.data.own.separated_file import SeparatedFile
from jmvae_tf.data.own.table_file import MISSING, JsonLinesFile
from jmvae_tf.data.own.table_writing import TextForm
from jmvae_tf.runtime.errors import UserError

_NAMED = 12  # Columns in a message.
_ROWS_AT_ONCE = 1024
_VALUES_AT_ONCE = 2**25  # 128 MiB; of images and arrays these are fewer rows.


class TableRows(NamedTuple):
    """Some rows of a table.

    Attributes:
      first_row: the place of the first of them in the table, from 0.
      cells: the cells as they stand in the table.
      data: modality name to float32 [rows, *event_shape], in the units of the data; NaN for what is
        missing, or is in a file that cannot be read.
      is_written: name of an image, an array or a text to bool [rows], whether its cell says
        something, even if nothing of that can be used.
    """

    first_row: int
    cells: pd.DataFrame
    data: dict[str, np.ndarray]
    is_written: dict[str, np.ndarray]


class IncompleteTable:
    """A folder or a table of a user's, read by the manifest of a model.

    Attributes:
      columns: the names of its columns in order.
      broken: modality name to the files that could not be read, each with the reason.
      root: the folder that its names of files are relative to.
      names_files: whether it has such names.

    Args:
      path: the folder or the table.
      data_dir: the folder to prepare images in.
      manifest: the columns that the model knows; some or all of them may be missing.

    Raises:
      UserError: if it cannot be read, or a cell does not fit its column.
    """

    def __init__(self, path: pathlib.Path, data_dir: pathlib.Path, manifest: Manifest) -> None:
        self._rows: OwnRows = load_rows(path, data_dir, manifest, may_lack=True)
        self._table = self._rows.table.facts.table
        self._manifest = manifest
        self.columns = list(self._rows.table.facts.columns)
        known = [x for one in manifest.modalities.values() for x in one.columns]
        if not {*known} & {*self.columns}:
            raise UserError(
                "A table has some of the columns that the model knows",
                f"{path} with {', '.join(self.columns[:_NAMED])}",
                f"rename them; the model knows {', '.join(known[:_NAMED])}"
                + " …" * (len(known) > _NAMED),
            )
        self.broken = self._rows.broken
        self.root = self._rows.table.layout.root
        files = self._rows.table.encoded.files.values()
        self.names_files = any(name is not None for names in files for name in names)

    def parts(self, copies: int = 1) -> Iterator[TableRows]:
        """Reads the rows in order, some at a time.

        Args:
          copies: how often the caller holds them in memory at once.
        """
        start = 0
        values = sum(math.prod(x.event_shape) for x in self._manifest.modalities.values())
        number = max(1, min(_ROWS_AT_ONCE, _VALUES_AT_ONCE // (copies * values)))
        for cells in raw_parts(self._table, self.columns, number):
            rows = np.arange(start, start + len(cells))
            yield TableRows(start, cells, self._data(rows), self._is_written(rows, cells))
            start += len(cells)

    def with_missing(self, targets: Iterable[str]) -> list[str]:
        """Returns the table's columns, and behind them those of modalities that it lacks.

        Args:
          targets: the modalities that can be filled in.
        """
        wanted = [x for name in targets for x in self._manifest.modalities[name].columns]
        return [*self.columns, *(column for column in wanted if column not in self.columns)]

    def without_values(self) -> list[str]:
        """Returns the columns that no modality has, and those that name files."""
        values = {
            column
            for one in self._manifest.modalities.values()
            if one.kind not in ("image", "array")
            for column in one.columns
        }
        return [column for column in self.columns if column not in values]

    def check_kept(self, paths: Iterable[pathlib.Path]) -> None:
        """Raises UserError if the table is one of the files that are to be written."""
        for path in paths:
            if path.exists() and self._table.path.exists() and path.samefile(self._table.path):
                raise UserError(
                    "A table is not written over the one that is read",
                    f"{self._table.path}, and {path} to write",
                    "choose another --out",
                )

    def check_new(self, columns: Iterable[str]) -> None:
        """Raises UserError if the table has columns that are to be added."""
        for column in columns:
            if column in self.columns:
                raise UserError(
                    "A table must not have the columns that are added",
                    f"{self._table.path} with a column {column!r}",
                    "rename or remove it",
                )

    def form(self) -> TextForm:
        """Returns how a table of text is written, so that another is written like it."""
        table = self._table
        if not isinstance(table, SeparatedFile):
            return TextForm()
        encoding = "utf-8-sig" if table.has_mark else "utf-8"
        return TextForm(table.separator, table.decimal, encoding)

    def spellings(self) -> dict[str, YesAndNo]:
        """Returns how each column of attributes writes yes and no."""
        columns = [
            column
            for one in self._manifest.modalities.values()
            if one.kind == "attributes"
            for column in one.columns
            if column in self.columns
        ]
        seen: dict[str, dict] = {column: {} for column in columns}
        for part in raw_parts(self._table, self.columns, _ROWS_AT_ONCE) if columns else ():
            for column in columns:
                seen[column] |= dict.fromkeys(part[column])
        return {column: yes_and_no(cells) for column, cells in seen.items()}

    def schema(self, columns: Sequence[str], beside: Mapping[str, str]) -> pa.Schema:
        """Returns the types of some columns, and those of columns beside them.

        Args:
          columns: the columns.
          beside: column to the column of numbers that follows it.
        """
        numbers = [
            column
            for one in self._manifest.modalities.values()
            if one.kind == "numbers"
            for column in one.columns
        ]
        return schema_of(self._table, columns, beside, numbers, self._numbered_labels())

    def _numbered_labels(self) -> list[str]:
        """Returns the labels that JSON writes as whole numbers, which estimates then are too."""
        labels = [x.columns[0] for x in self._manifest.modalities.values() if x.kind == "label"]
        facts = self._rows.table.facts.columns
        return [
            column
            for column in labels
            if isinstance(self._table, JsonLinesFile)
            and column in facts
            and facts[column].is_whole
            and max(-facts[column].low, facts[column].high) < 2.0**63
        ]

    def _data(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        stored = {
            name: tf.convert_to_tensor(self._rows.values[name][rows])
            for name in self._manifest.modalities
        }
        data = {}
        for name, values in self._rows.prepare(stored).items():
            there = self._rows.table.encoded.observed[name][rows]
            there = there.reshape(*there.shape, *[1] * (len(values.shape) - there.ndim))
            data[name] = np.where(there, values, np.float32(np.nan))
        return data

    def _is_written(self, rows: np.ndarray, cells: pd.DataFrame) -> dict[str, np.ndarray]:
        files = self._rows.table.encoded.files
        written = {
            name: np.array([x[row] is not None for row in rows]) for name, x in files.items()
        }
        for name, one in self._manifest.modalities.items():
            if one.kind == "text" and one.columns[0] in self.columns:
                texts = ("" if x is None else str(x).strip() for x in cells[one.columns[0]])
                written[name] = np.array([text not in MISSING for text in texts])
        return written
