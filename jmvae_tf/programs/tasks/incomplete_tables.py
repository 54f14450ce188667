"""Completes and embeds tables with gaps: reads them by parts, asks a model, writes the result."""

import collections
import contextlib
import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from jmvae_tf.data.image_file import encode_png
from jmvae_tf.data.own.completed_cells import Cells, Estimates, columns_beside, new_cells
from jmvae_tf.data.own.incomplete_table import IncompleteTable, TableRows
from jmvae_tf.data.own.table_writing import Write, table_writer
from jmvae_tf.export_format.value_ranges import to_pixels
from jmvae_tf.programs.common import standard_streams
from jmvae_tf.programs.common.run_or_export import ModelAndTable
from jmvae_tf.programs.tasks.completers import CompletingModel, load_completing_model
from jmvae_tf.runtime.errors import one_line
from jmvae_tf.runtime.files import written_atomically

_NAMED = 5  # Files in a message.

Filled = dict[str, Estimates]


def complete_table(
    chosen: ModelAndTable,
    inference: Mapping[str, Any],
    num_samples: int,
    num_draws: int | None,
    seed: int,
) -> None:
    """Writes a table in which what was missing is filled in, and prints what that was.

    Args:
      chosen: the model and the tables.
      inference: settings of iterative sampling that replace a run's.
      num_samples: the number of samples that estimates are means of.
      num_draws: the number of tables to write with samples instead; None for one of means.
      seed: the same seed fills in the same values.

    Raises:
      UserError: if the model or the table cannot be read, or has a column that would be added.
      OSError: if a table cannot be written.
    """
    model = load_completing_model(chosen, inference)
    completer, manifest = model
    table = IncompleteTable(chosen.data, chosen.data_dir, manifest)
    targets = list(completer.targets)
    beside = {} if num_draws else columns_beside(manifest, targets)
    paths = [chosen.out]
    if num_draws:
        paths = [
            chosen.out.with_stem(f"{chosen.out.stem}_{draw}") for draw in range(1, num_draws + 1)
        ]
    table.check_kept(paths)
    table.check_new(beside.values())
    columns = table.with_missing(targets)
    spellings = table.spellings()
    rows, counts = 0, collections.Counter[str]()
    with contextlib.ExitStack() as stack:
        schema = table.schema(columns, beside)
        writes = [stack.enter_context(table_writer(path, schema, table.form())) for path in paths]
        for part in table.parts(num_draws or 1):
            if num_draws:
                tables = _draws(model, part, num_draws, seed)
            else:
                tables = iter([_means(model, part, num_samples, seed)])
            for path, write, estimates in zip(paths, writes, tables, strict=True):
                cells: dict[str, Cells] = {}
                for name, one in estimates.items():
                    if name in part.is_written:  # What cannot be used is missing, its cell is not.
                        empty = ~part.is_written[name].reshape(-1, *[1] * (one.filled.ndim - 1))
                        one = one._replace(filled=one.filled & empty)
                    write_file = _file_writer(model, name, path, part.first_row)
                    cells |= new_cells(manifest.modalities[name], one, spellings, write_file)
                write(_filled(part.cells, columns, cells, beside))
            counts.update({column: len(x.rows) for column, x in cells.items()})
            rows += len(part.cells)
    _print_counts(rows, counts)
    added = [column for column in columns if column not in table.columns]
    if added:
        print(one_line(f"note: columns that the table did not have: {', '.join(added)}"))
    _print_broken(table)
    folder = chosen.out.parent
    if table.names_files and not folder.samefile(table.root):
        print(f"note: files that the table had are named from {table.root}, new ones from {folder}")
    for path in paths:
        print(path)
    standard_streams.require_output()


def embed_table(chosen: ModelAndTable, inference: Mapping[str, Any], seed: int) -> None:
    """Writes the means and the standard deviations of q(z|row) of each row.

    Args:
      chosen: the model and the tables.
      inference: settings of iterative sampling that replace a run's.
      seed: seed for models that infer missing modalities by sampling.

    Raises:
      UserError: if the model or the table cannot be read, or a column has the name of a new one.
      OSError: if the table cannot be written.
    """
    completer, manifest = load_completing_model(chosen, inference)
    table = IncompleteTable(chosen.data, chosen.data_dir, manifest)
    table.check_kept([chosen.out])
    kept = table.without_values()
    rows, names = 0, []
    with contextlib.ExitStack() as stack:
        write: Write | None = None
        for part in table.parts():
            mean, stddev = completer.embed(part.data, _seed_of_part(seed, part.first_row))
            names = [f"z{place}" for place in range(1, mean.shape[1] + 1)]
            embedded = {
                **{name: mean[:, place] for place, name in enumerate(names)},
                **{f"{name}_sd": stddev[:, place] for place, name in enumerate(names)},
            }
            if write is None:
                table.check_new(embedded)
                schema = table.schema(kept, {})
                for name in embedded:
                    schema = schema.append(pa.field(name, pa.float32()))
                write = stack.enter_context(table_writer(chosen.out, schema, table.form()))
            values = {name: _without_nan(x) for name, x in embedded.items()}
            cells = pd.DataFrame({**{x: part.cells[x] for x in kept}, **values}, dtype=object)
            write(cells)
            rows += len(cells)
    print(f"{rows} rows, embedded in {len(names)} values each")
    _print_broken(table)
    print(chosen.out)
    standard_streams.require_output()


def _means(model: CompletingModel, part: TableRows, num_samples: int, seed: int) -> Filled:
    completed = model.completer.complete(
        part.data, num_samples, _seed_of_part(seed, part.first_row)
    )
    return {name: Estimates(*completion) for name, completion in completed.items()}


def _draws(model: CompletingModel, part: TableRows, num_draws: int, seed: int) -> Iterator[Filled]:
    drawn = model.completer.draw_missing(part.data, num_draws, _seed_of_part(seed, part.first_row))
    for draw in range(num_draws):
        yield {
            name: Estimates(
                values[draw],
                None,
                np.isnan(part.data[name]),
                model.completer.modalities[name].threshold,
                are_draws=True,
            )
            for name, values in drawn.items()
        }


def _seed_of_part(seed: int, first_row: int) -> int:
    """Returns the seed of a part of the table, so that parts do not repeat each other's noise."""
    return int(np.random.SeedSequence([seed, first_row]).generate_state(1)[0] >> 1)


def _filled(
    cells: pd.DataFrame,
    columns: list[str],
    new: Mapping[str, Cells],
    beside: Mapping[str, str],
) -> pd.DataFrame:
    """Returns a part of the table with new cells, and columns beside those that have them."""
    filled = {}
    for column in columns:
        values = np.array(cells[column]) if column in cells else np.full(len(cells), None)
        spread = np.full(len(cells), None)
        if column in new:
            rows = new[column].rows
            values[rows] = new[column].values
            if new[column].beside is not None:
                spread[rows] = new[column].beside
        filled[column] = values
        if column in beside:
            filled[beside[column]] = spread
    return pd.DataFrame(filled, dtype=object)


def _file_writer(
    model: CompletingModel, name: str, table: pathlib.Path, first_row: int
) -> Callable[[int, np.ndarray], str]:
    """Returns a function that writes an image or an array of a row beside the table."""
    one = model.manifest.modalities[name]
    folder = pathlib.Path(f"{table.stem}_files") / name

    def write(row: int, values: np.ndarray) -> str:
        suffix = ".png" if one.kind == "image" else ".npy"
        path = folder / f"row_{first_row + row + 1:06}{suffix}"
        with written_atomically(table.parent / path) as unfinished:
            if one.kind == "image":
                pixels = to_pixels(values, model.completer.modalities[name].support)
                levels = np.round(np.clip(pixels, 0.0, 1.0) * 255).astype(np.uint8)
                unfinished.write_bytes(encode_png(levels))
            else:
                np.save(unfinished, values.astype(np.float32))
        return path.as_posix()

    return write


def _without_nan(values: np.ndarray) -> np.ndarray:
    cells = values.astype(object)
    cells[np.isnan(values)] = None
    return cells


def _print_counts(rows: int, counts: collections.Counter[str]) -> None:
    width = max(map(len, counts), default=0)
    print(f"{sum(counts.values())} cells of {rows} rows filled in")
    for column, number in counts.items():
        print(f"  {column:<{width}} {number:>7}")


def _print_broken(table: IncompleteTable) -> None:
    for name, files in table.broken.items():
        if files:
            more = " …" if len(files) > _NAMED else ""
            named = "; ".join(files[:_NAMED]) + more
            print(one_line(f"{name}: {len(files)} not readable: {named}"))
