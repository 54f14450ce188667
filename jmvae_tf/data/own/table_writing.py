"""Writes tables part by part: CSV, TSV, JSON lines and Parquet, by the name of the file."""

import contextlib
import functools
import json
import pathlib
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from jmvae_tf.data.own.table_file import MISSING
from jmvae_tf.runtime.files import written_atomically

Write = Callable[[pd.DataFrame], None]
"""Appends rows. Cells are Python's objects, None for empty ones."""


class TextForm(NamedTuple):
    """How a table of text is written.

    Attributes:
      separator: the character between the cells of a CSV table.
      decimal: the character before decimals.
      encoding: of the characters.
    """

    separator: str = ","
    decimal: str = "."
    encoding: str = "utf-8"


USUAL_FORM = TextForm()

_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)


@contextlib.contextmanager
def table_writer(
    path: pathlib.Path, schema: pa.Schema, form: TextForm = USUAL_FORM
) -> Iterator[Write]:
    """Yields a function that appends rows to a table; the file appears once it is whole.

    Args:
      path: the file to write; its suffix, one of `data_source.TABLE_SUFFIXES`, chooses the format.
      schema: the columns in order, and their types in a Parquet file.
      form: how texts write numbers, which they do in cells that are texts; and how CSV and TSV are
        written.

    Raises:
      OSError: if it cannot be written.
    """
    with written_atomically(path) as unfinished:
        if path.suffix.lower() == ".parquet":
            with pq.ParquetWriter(unfinished, schema) as writer:
                yield lambda rows: writer.write_table(_as_arrow(rows, schema, form.decimal))
            return
        is_json = path.suffix.lower() == ".jsonl"
        encoding = "utf-8" if is_json else form.encoding
        with unfinished.open("w", encoding=encoding, newline="") as file:
            if is_json:
                yield lambda rows: file.writelines(_json_lines(rows, schema, form.decimal))
                return
            separator = form.separator if path.suffix.lower() == ".csv" else "\t"
            options = {"sep": separator, "index": False, "lineterminator": "\n"}
            pd.DataFrame(columns=schema.names).to_csv(file, **options)
            as_text = functools.partial(_as_text, decimal=form.decimal)
            yield lambda rows: rows.map(as_text).to_csv(file, header=False, **options)


def _as_arrow(rows: pd.DataFrame, schema: pa.Schema, decimal: str) -> pa.Table:
    columns = []
    for field in schema:
        cells = [_as_type(cell, field.type, decimal) for cell in rows[field.name]]
        columns.append(pa.array(cells, field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _as_type(cell: Any, kind: pa.DataType, decimal: str) -> Any:
    """Makes a cell fit the type of its column: a number a whole one, or a text a number."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if cell is None:
        return None
    if pa.types.is_integer(kind):
        return _whole(cell, decimal)
    if isinstance(cell, str) and pa.types.is_floating(kind):
        cell = _number(cell, decimal)
    if pa.types.is_boolean(kind) and isinstance(cell, str):
        return cell.casefold() in ("true", "yes", "1")
    if (pa.types.is_string(kind) or pa.types.is_large_string(kind)) and not isinstance(cell, str):
        return _as_text(cell)
    return cell


def _number(text: str, decimal: str) -> float | None:
    text = text.strip()
    return None if text in MISSING else float(text.replace(decimal, "."))


def _whole(cell: Any, decimal: str) -> Any:
    """Returns a cell as a whole number, if it is one; float64 does not have all of them."""
    if isinstance(cell, str):
        cell = int(cell) if _WHOLE.fullmatch(cell.strip()) else _number(cell, decimal)
    return round(cell) if isinstance(cell, float) else cell


def _json_lines(rows: pd.DataFrame, schema: pa.Schema, decimal: str) -> Iterator[str]:
    """Writes objects without the cells that are empty; numbers as numbers."""
    kinds = [schema.field(name).type for name in rows.columns]
    for cells in rows.itertuples(index=False, name=None):
        there = {
            name: _as_json(cell, kind, decimal) if isinstance(cell, str) else cell
            for name, cell, kind in zip(rows.columns, cells, kinds, strict=True)
        }
        there = {name: cell for name, cell in there.items() if cell is not None}
        yield json.dumps(there, ensure_ascii=False, default=str) + "\n"


def _as_json(text: str, kind: pa.DataType, decimal: str) -> Any:
    if pa.types.is_integer(kind):
        return _whole(text, decimal)
    return _number(text, decimal) if pa.types.is_floating(kind) else text


def _as_text(cell: Any, decimal: str = ".") -> str:
    if isinstance(cell, float):
        return str(cell).replace(".", decimal)
    return "" if cell is None else str(cell)
