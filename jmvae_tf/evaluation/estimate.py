"""Figures of merit: means over test examples and how far they can be trusted."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


class Estimate(NamedTuple):
    """A mean and its standard error.

    Attributes:
      mean: over examples.
      standard_error: standard deviation over examples / sqrt(their number); NaN where there is one
        example, which says nothing of it.
    """

    mean: float
    standard_error: float

    def __str__(self) -> str:
        """Mean and standard error to the same number of places."""
        return f"{self.mean:.4f} ± {error_as_text(self.standard_error, 4)}"


class TooFewSamples(Estimate):
    """An estimate of the logarithm of a probability that is above 0, where no probability is.

    What is estimated is a difference of two logarithms, or has weights that vary too much, and
    needs more samples. It is shown as it is, for cutting it at 0 would only hide that.
    """

    def __str__(self) -> str:
        """The estimate, and what is to be thought of it."""
        return f"{super().__str__()} (too few samples)"


def estimate(values: np.ndarray) -> Estimate:
    """The mean of one value an example.

    Args:
      values: [examples], at least one.
    """
    values = np.asarray(values, np.float64)
    number = len(values)
    error = float(values.std(ddof=1) / np.sqrt(number)) if number > 1 else math.nan
    return Estimate(float(values.mean()), error)


_SHOWN_AS_ZERO = 5e-5


def estimate_of_log_probability(values: np.ndarray) -> Estimate:
    """The mean of one estimated log-probability of discrete values an example.

    Returns:
      `TooFewSamples` if it is above 0 to the places that are shown.
    """
    found = estimate(values)
    return TooFewSamples(*found) if found.mean > _SHOWN_AS_ZERO else found


def error_as_text(error: float, places: int) -> str:
    """A standard error to some places, or that it is unknown."""
    return "unknown" if math.isnan(error) else f"{error:.{places}f}"


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
      notes: what else must be known, such as what was left out; a sentence each.
    """

    title: str
    measures: list[Measure]
    rows: Sequence[Row] = ()
    notes: Sequence[str] = ()


def as_table(sections: Sequence[Section]) -> str:
    """One line a figure, mean ± standard error, sections apart; of rows the means."""
    width = max((len(x.description) for section in sections for x in section.measures), default=0)
    return "\n\n".join(
        "\n".join(
            [
                section.title,
                *(f"  {x.description:<{width}}  {x.value}" for x in section.measures),
                *_as_lines(section.rows),
                *(f"  note: {note}" for note in section.notes),
            ]
        )
        for section in sections
        if section.measures or section.rows or section.notes
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
    """The figures by name, as `value_as_json` has them; rows of tables are flattened in.

    A name that two figures would share, such as those of two attributes of one name, gets "_2" and
    so on behind it. "notes" has the sections' notes, if there are any.
    """
    found: dict[str, Any] = {}
    for section in sections:
        for x in [*section.measures, *(x for row in section.rows for x in row.measures)]:
            name, number = x.name, 1
            while name in found:
                number += 1
                name = f"{x.name}_{number}"
            found[name] = value_as_json(x.value)
    notes = [note for section in sections for note in section.notes]
    return {**found, "notes": notes} if notes else found


def value_as_json(value: Estimate | float | None) -> Any:
    """A number as it is; of an estimate "mean", "standard_error" and what is to be known of it.

    An unknown standard error is null. "too_few_samples" is there where it is so, and then true.
    """
    if not isinstance(value, Estimate):
        return value
    error = None if math.isnan(value.standard_error) else value.standard_error
    of_samples = {"too_few_samples": True} if isinstance(value, TooFewSamples) else {}
    return {"mean": value.mean, "standard_error": error, **of_samples}


def value_from_json(value: Any) -> Any:
    """The estimate that `value_as_json` wrote; all else as it is."""
    if not isinstance(value, Mapping):
        return value
    error = value["standard_error"]
    kind = TooFewSamples if value.get("too_few_samples") else Estimate
    return kind(value["mean"], math.nan if error is None else error)
