"""Sets the spread of a table's numbers over seeds beside their standard errors over examples."""

import math
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jmvae_tf.evaluation.estimate import Estimate, estimate_in
from jmvae_tf.reproduction.paper_table import BesideSeeds, Cell, Table
from jmvae_tf.runtime.files import read_json


class TableOfSeed(NamedTuple):
    """A table that was made of the runs of another seed.

    Attributes:
      seed: that seed.
      sections: part, row and column to a number, as `table_as_json` writes them.
    """

    seed: int
    sections: Mapping[str, Any]


def tables_of_seeds(
    files: Sequence[pathlib.Path], scale: Mapping[str, Any], seed: int
) -> tuple[list[TableOfSeed], list[str]]:
    """Reads the JSON files of one table, made of runs of other seeds.

    Args:
      files: may be missing, damaged, or of something else.
      scale: what they must say of their scale.
      seed: the seed that they must not have.

    Returns:
      The tables, one a seed, and a note for each file that cannot be used.
    """
    tables: dict[int, TableOfSeed] = {}
    notes = []
    for file in files:
        try:
            found = read_json(file)
        except OSError:
            notes.append(f"{file.parents[1]} has no {file.stem} yet, and does not count")
            continue
        except ValueError:
            found = {}
        other, sections = found.get("seed"), found.get("sections")
        if not (isinstance(other, int) and isinstance(sections, dict)) or other == seed:
            notes.append(f"{file} is not the table of another seed, and does not count")
        elif found.get("scale") != scale:
            notes.append(f"{file} is of another scale, and does not count")
        else:
            tables.setdefault(other, TableOfSeed(other, sections))
    return list(tables.values()), notes


def beside_seeds(table: Table, seed: int, others: Sequence[TableOfSeed]) -> Table:
    """Returns a table whose estimates have their spread over seeds beside them.

    Args:
      table: of the runs of one seed.
      seed: that seed.
      others: the same table of others. Where one lacks a number, the number has fewer seeds.
    """
    if not others:
        return table
    parts = [
        part._replace(
            rows={
                row: [
                    beside_values(cell, _values(others, part.name, row, column))
                    for column, cell in zip(part.columns, cells, strict=True)
                ]
                for row, cells in part.rows.items()
            }
        )
        for part in table.parts
    ]
    seeds = sorted([seed, *(other.seed for other in others)])
    note = (
        f"±: the standard error over test examples, of the runs of seed {seed}. In brackets: the "
        "mean and the standard deviation (sd) over trainings with the seeds "
        f"{', '.join(map(str, seeds))}, which says how far apart they come to lie"
    )
    return table._replace(parts=parts, notes=[note, *table.notes])


def beside_values(cell: Cell, values: Sequence[float]) -> Cell:
    """Returns an estimate with its spread over its own and other values; all else unchanged."""
    if not isinstance(cell, Estimate) or not values or not math.isfinite(cell.mean):
        return cell
    every = np.array([cell.mean, *values])
    return BesideSeeds(cell, float(every.mean()), float(every.std(ddof=1)), len(every))


def _values(others: Sequence[TableOfSeed], part: str, row: str, column: str) -> list[float]:
    found = []
    for other in others:
        cells: Any = other.sections
        for name in (part, row):
            cells = cells.get(name) if isinstance(cells, Mapping) else None
        value = estimate_in(cells, column) if isinstance(cells, Mapping) else None
        if value is not None:
            found.append(value.mean)
    return found
