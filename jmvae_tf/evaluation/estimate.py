"""Figures of merit: means over test examples and how far they can be trusted."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class Estimate(NamedTuple):
    """A mean and its standard error.

    Attributes:
      mean: over examples.
      standard_error: standard deviation over examples / sqrt(their number).
    """

    mean: float
    standard_error: float

    def __str__(self) -> str:
        """Mean and standard error to the same number of places."""
        return f"{self.mean:.4f} ± {self.standard_error:.4f}"


def estimate(values: np.ndarray) -> Estimate:
    """The mean of one value an example.

    Args:
      values: [examples], at least two.
    """
    values = np.asarray(values, np.float64)
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))


class Measure(NamedTuple):
    """A figure of merit.

    Attributes:
      name: for programs.
      description: for people.
      value: an estimate, or a number that was counted.
    """

    name: str
    description: str
    value: Estimate | int


class Row(NamedTuple):
    """Figures of merit of one of several things of a kind, such as an attribute.

    Attributes:
      name: of the thing.
      measures: its figures; their descriptions head the columns of a table of such things.
    """

    name: str
    measures: list[Measure]


class Section(NamedTuple):
    """Figures of merit under one heading.

    Attributes:
      title: the heading.
      measures: one figure a line.
      rows: several figures a line, below.
    """

    title: str
    measures: list[Measure]
    rows: Sequence[Row] = ()


def as_table(sections: Sequence[Section]) -> str:
    """One line a figure, mean ± standard error, sections apart; of rows the means."""
    width = max((len(x.description) for section in sections for x in section.measures), default=0)
    return "\n\n".join(
        "\n".join(
            [
                section.title,
                *(f"  {x.description:<{width}}  {x.value}" for x in section.measures),
                *_as_lines(section.rows),
            ]
        )
        for section in sections
        if section.measures or section.rows
    )


def _as_lines(rows: Sequence[Row]) -> list[str]:
    columns = list(dict.fromkeys(x.description for row in rows for x in row.measures))
    width = max((len(row.name) for row in rows), default=0)
    lines = [["", *columns]] if rows else []
    for row in rows:
        values = {x.description: x.value for x in row.measures}
        lines.append([row.name, *(_as_cell(values.get(column)) for column in columns)])
    return [
        "  ".join(
            [
                f"  {name:<{width}}",
                *(f"{cell:>{len(column)}}" for cell, column in zip(cells, columns, strict=True)),
            ]
        )
        for name, *cells in lines
    ]


def _as_cell(value: Estimate | int | None) -> str:
    if value is None:
        return "–"
    return f"{value.mean:.4f}" if isinstance(value, Estimate) else str(value)


def as_json(sections: Sequence[Section]) -> dict[str, Any]:
    """Name to {"mean", "standard_error"} or to a number; rows are told as all else."""
    return {
        x.name: x.value._asdict() if isinstance(x.value, Estimate) else x.value
        for section in sections
        for x in [*section.measures, *(x for row in section.rows for x in row.measures)]
    }
