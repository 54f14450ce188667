"""Reads a table's cells as they stand there, to write them again: texts and types stay.

`table_file.py` reads what they mean.
"""

import itertools
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from jmvae_tf.data.own.separated_file import SeparatedFile
from jmvae_tf.data.own.table_file import JsonLinesFile, ParquetFile, TableFile


def raw_parts(table: TableFile, columns: Sequence[str], number: int) -> Iterator[pd.DataFrame]:
    """Reads rows in order.

    Args:
      table: the table.
      columns: all its columns in order.
      number: the rows of each part; the last may have less.

    Yields:
      Cells as Python's objects: texts of CSV and TSV as they are written, None for none.
    """
    if isinstance(table, SeparatedFile):
        for part in _rebatched(table.as_written(), number):
            yield pd.DataFrame(part.to_pydict(), dtype=object, columns=list(columns))
    elif isinstance(table, JsonLinesFile):
        yield from _parts_of_json(table, columns, number)
    elif isinstance(table, ParquetFile):
        with pq.ParquetFile(table.path) as file:
            for batch in _rebatched(file.iter_batches(number), number):
                cells = {name: batch.column(name).to_pylist() for name in columns}
                yield pd.DataFrame(cells, dtype=object, columns=list(columns))
    else:
        batches = (pa.table(dict(chunk)) for chunk in table.chunks())
        for batch in _rebatched(batches, number):
            yield pd.DataFrame(batch.to_pydict(), dtype=object, columns=list(columns))


def schema_of(
    table: TableFile,
    columns: Sequence[str],
    beside: Mapping[str, str],
    numbers: Collection[str],
    whole: Collection[str] = (),
) -> pa.Schema:
    """Returns the types of a table's columns, with new ones beside some of them.

    Args:
      table: the table.
      columns: its columns in order, and perhaps others.
      beside: column to the column of numbers that follows it.
      numbers: columns of numbers, for those without a type.
      whole: columns of whole numbers, for those without a type.
    """
    known = pq.read_schema(table.path) if isinstance(table, ParquetFile) else pa.schema([])
    fields = {name: known.field(name) for name in columns if name in known.names}
    for name in columns:
        kind = pa.int64() if name in whole else pa.string()
        kind = pa.float64() if name in numbers else kind
        fields.setdefault(name, pa.field(name, kind))
    order = []
    for name in columns:
        order.append(fields[name].with_nullable(True))
        if name in beside:
            order.append(pa.field(beside[name], pa.float64()))
    return pa.schema(order, known.metadata)


def _parts_of_json(table: TableFile, columns: Sequence[str], number: int) -> Iterator[pd.DataFrame]:
    with table.path.open(encoding="utf-8-sig") as file:
        rows = (json.loads(line) for line in file if line.strip())
        while part := list(itertools.islice(rows, number)):
            cells = {name: [_writable(row.get(name)) for row in part] for name in columns}
            yield pd.DataFrame(cells, dtype=object, columns=list(columns))


def _writable(cell: Any) -> Any:
    """Replaces halves of pairs, which JSON can hold, but no file in UTF-8."""
    is_other = isinstance(cell, str) and not cell.isascii()
    return cell.encode("utf-8", "replace").decode("utf-8") if is_other else cell


def _rebatched(batches: Iterator[Any], number: int) -> Iterator[pa.Table]:
    """Yields tables of a number of rows each, whatever is read at once."""
    rest: pa.Table | None = None
    for batch in batches:
        table = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
        rest = table if rest is None else pa.concat_tables([rest, table])
        while rest.num_rows >= number:
            yield rest.slice(0, number)
            rest = rest.slice(number)
    if rest is not None and rest.num_rows:
        yield rest
