"""Writes tables part by part: CSV, TSV, JSON lines and Parquet, by the name of the file."""

import contextlib
import json
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from jmvae_tf.runtime.files import written_atomically

Write = Callable[[pd.DataFrame], None]
"""Appends rows. Cells are Python's objects, None for empty ones."""


@contextlib.contextmanager
def table_writer(path: pathlib.Path, schema: pa.Schema) -> Iterator[Write]:
    """Yields a function that appends rows to a table; the file appears once it is whole.

    Args:
      path: the file to write; its suffix, one of `data_source.TABLE_SUFFIXES`, chooses the format.
      schema: the columns in order, and their types in a Parquet file.

    Raises:
      OSError: if it cannot be written.
    """
    with written_atomically(path) as unfinished:
        if path.suffix.lower() == ".parquet":
            with pq.ParquetWriter(unfinished, schema) as writer:
                yield lambda rows: writer.write_table(_as_arrow(rows, schema))
            return
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            if path.suffix.lower() == ".jsonl":
                yield lambda rows: file.writelines(_json_lines(rows))
                return
            separator = "," if path.suffix.lower() == ".csv" else "\t"
            form = {"sep": separator, "index": False, "lineterminator": "\n"}
            pd.DataFrame(columns=schema.names).to_csv(file, **form)
            yield lambda rows: rows.map(_as_text).to_csv(file, header=False, **form)


def _as_arrow(rows: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    columns = []
    for field in schema:
        cells = [_as_type(cell, field.type) for cell in rows[field.name]]
        columns.append(pa.array(cells, field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _as_type(cell: Any, kind: pa.DataType) -> Any:
    """Makes an estimate fit the type of its column: a number a whole one, or a class a number."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if cell is None:
        return None
    if pa.types.is_integer(kind) and isinstance(cell, float | str):
        return round(float(cell))
    if pa.types.is_floating(kind) and isinstance(cell, str):
        return float(cell) if cell else None
    if pa.types.is_boolean(kind) and isinstance(cell, str):
        return cell.casefold() in ("true", "yes", "1")
    if (pa.types.is_string(kind) or pa.types.is_large_string(kind)) and not isinstance(cell, str):
        return _as_text(cell)
    return cell


def _json_lines(rows: pd.DataFrame) -> Iterator[str]:
    names = list(rows.columns)
    for cells in rows.itertuples(index=False, name=None):
        there = {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}
        yield json.dumps(there, ensure_ascii=False, default=str) + "\n"


def _as_text(cell: Any) -> str:
    return "" if cell is None else str(cell)
