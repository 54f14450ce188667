"""A table of numbers as text, as Markdown and as JSON."""

import math
import pathlib
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from jmvae_tf.evaluation.estimate import (
    Estimate,
    TooFewSamples,
    error_as_text,
    value_as_json,
)


class OverSeeds(NamedTuple):
    """The mean of a measure over runs that differ in their seeds.

    Attributes:
      estimate: the mean, with the standard error of one run over test examples.
      spread: the standard deviation over the runs; None of a single one.
    """

    estimate: Estimate
    spread: float | None


class BesideSeeds(NamedTuple):
    """A measure of one run, and how it varies among runs that differ in their seeds.

    Attributes:
      own: of the one run, with its standard error over test examples.
      mean: the mean over all runs.
      deviation: the standard deviation over all runs.
      number: the number of runs.
    """

    own: Estimate
    mean: float
    deviation: float
    number: int


Cell = OverSeeds | BesideSeeds | Estimate | float | str | None
"""Our number with a standard error, the papers' as printed, a word, or None, shown as "-"."""


class TablePart(NamedTuple):
    """Rows of numbers under one heading.

    Attributes:
      name: its key in JSON.
      title: what the numbers are.
      columns: names of the columns.
      rows: row name to one cell per column.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Mapping[str, Sequence[Cell]]


class Table(NamedTuple):
    """A table of a paper.

    Attributes:
      title: the title of the table.
      parts: its parts.
      notes: paragraphs for the reader.
    """

    title: str
    parts: Sequence[TablePart]
    notes: Sequence[str]


class PaperFigure(NamedTuple):
    """A figure of a paper.

    Attributes:
      paths: its PNG files.
      table: the numbers that it shows, if there are any.
    """

    paths: tuple[pathlib.Path, ...]
    table: Table | None


def without_empty_columns(part: TablePart) -> TablePart:
    """Removes columns that are empty in every row."""
    kept = [
        index
        for index in range(len(part.columns))
        if any(cells[index] is not None for cells in part.rows.values())
    ]
    return part._replace(
        columns=tuple(part.columns[index] for index in kept),
        rows={row: [cells[index] for index in kept] for row, cells in part.rows.items()},
    )


def shown(cell: Cell) -> str:
    """Formats a cell: an estimate to two digits of its standard error, a spread in brackets."""
    if cell is None:
        return "-"
    if isinstance(cell, OverSeeds):
        spread = "" if cell.spread is None else f" [{cell.spread:.{_places(cell.spread)}f}]"
        return f"{shown(cell.estimate)}{spread}"
    if isinstance(cell, BesideSeeds):
        places = _places(cell.deviation)
        of_seeds = f"mean {cell.mean:.{places}f}, sd {cell.deviation:.{places}f}"
        return f"{shown(cell.own)} [{cell.number} seeds: {of_seeds}]"
    if not isinstance(cell, Estimate):
        return str(cell)
    mean, error = cell
    if not math.isfinite(mean) or math.isinf(error):
        return f"{mean} ± {error}"
    places = _places(error)
    of_samples = " (too few samples)" if isinstance(cell, TooFewSamples) else ""
    return f"{mean:.{places}f} ± {error_as_text(error, places)}{of_samples}"


def _places(error: float) -> int:
    """Returns how many places show two digits of an error."""
    return max(0, 1 - math.floor(math.log10(error))) if error > 0 else 4


def table_as_text(table: Table) -> str:
    """Formats the table for a terminal."""
    parts = [table.title]
    for part in table.parts:
        lines = [["", *part.columns]]
        lines += [[name, *map(shown, cells)] for name, cells in part.rows.items()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        rows = [
            "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])])
            for line in lines
        ]
        parts.append("\n".join([part.title, *(f"  {row}" for row in rows)]))
    notes = (textwrap.fill(f"* {note}", 100, subsequent_indent="  ") for note in table.notes)
    return "\n\n".join([*parts, "\n".join(notes)])


def table_as_markdown(table: Table) -> str:
    """Formats the table in Markdown."""
    parts = [f"### {table.title}"]
    for part in table.parts:
        lines = [
            ["", *part.columns],
            ["---", *["---:"] * len(part.columns)],
            *([name, *map(shown, cells)] for name, cells in part.rows.items()),
        ]
        rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        parts.append(f"**{part.title}**\n\n{rows}")
    return "\n\n".join([*parts, "\n".join(f"- {note}" for note in table.notes)]) + "\n"


def table_as_json(table: Table) -> dict[str, Any]:
    """Maps part, row and column by name to a number or an estimate."""
    return {
        "title": table.title,
        "sections": {
            part.name: {
                row: {
                    column: _as_json(cell) for column, cell in zip(part.columns, cells, strict=True)
                }
                for row, cells in part.rows.items()
            }
            for part in table.parts
        },
        "notes": list(table.notes),
    }


def _as_json(cell: Cell) -> Any:
    if isinstance(cell, OverSeeds):
        return {**value_as_json(cell.estimate), "spread": cell.spread}
    if isinstance(cell, BesideSeeds):
        over_seeds = {
            "mean": cell.mean,
            "standard_deviation": cell.deviation,
            "number": cell.number,
        }
        return {**value_as_json(cell.own), "over_seeds": over_seeds}
    return cell if isinstance(cell, str) else value_as_json(cell)
