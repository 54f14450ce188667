"""Metrics under headings, as a table for people and as JSON for programs."""

import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

from jmvae_tf.evaluation.estimate import Estimate, mean_as_text, value_as_json


class Metric(NamedTuple):
    """A number that measures a model.

    Attributes:
      name: its key in metrics.json.
      description: its line in the table.
      value: an estimate, or a count.
      examples: the number of test examples that it is of; None if all of them have what it needs.
    """

    name: str
    description: str
    value: Estimate | int
    examples: int | None = None

    def __str__(self) -> str:
        """Formats the value, and the number of examples if it is of some only."""
        some = "" if self.examples is None else f"  of {self.examples} examples"
        return f"{self.value}{some}"


class Row(NamedTuple):
    """The metrics of one of several things, for example of one attribute.

    Attributes:
      name: the thing's name.
      metrics: its metrics; their descriptions are the columns' headings.
    """

    name: str
    metrics: list[Metric]


class Section(NamedTuple):
    """Metrics under one heading.

    Attributes:
      title: the heading.
      metrics: printed one per line.
      rows: printed below, several metrics per line.
      notes: sentences for the reader, for example what was left out and why.
    """

    title: str
    metrics: list[Metric]
    rows: Sequence[Row] = ()
    notes: Sequence[str] = ()


_PAGE = 80
"""Characters of a line, as terminals have."""

_WIDEST = 55
"""Characters of descriptions in a line; values then fit beside them."""


def metrics_as_text(sections: Sequence[Section]) -> str:
    """Formats one line per metric, mean ± standard error, with blank lines between sections.

    Rows show means only.
    """
    longest = max((len(x.description) for section in sections for x in section.metrics), default=0)
    width = min(longest, _WIDEST)
    return "\n\n".join(
        "\n".join(
            [
                _wrapped(section.title),
                *(_as_line(x, width) for x in section.metrics),
                *_as_lines(section.rows),
                *(_wrapped(f"  note: {note}", "    ") for note in section.notes),
            ]
        )
        for section in sections
        if section.metrics or section.rows or section.notes
    )


def _as_line(metric: Metric, width: int) -> str:
    """Formats a metric, its value behind the last line of its description."""
    text = metric.description
    indent = "  " + text[: len(text) - len(text.lstrip())]
    *lines, last = _wrapped(indent + text.lstrip(), f"{indent}  ", width + 2).split("\n")
    return "\n".join([*lines, f"{last:<{width + 2}}  {metric}"])


def _wrapped(text: str, indent: str = "", width: int = _PAGE) -> str:
    """Wraps a text at its blanks; lines after the first are indented."""
    return textwrap.fill(
        text, width, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )


def _as_lines(rows: Sequence[Row]) -> list[str]:
    columns = list(dict.fromkeys(x.description for row in rows for x in row.metrics))
    width = max((len(row.name) for row in rows), default=0)
    lines = [["", *columns]] if rows else []
    for row in rows:
        values = {x.description: x.value for x in row.metrics}
        lines.append([row.name, *(_as_cell(values.get(column)) for column in columns)])
    widths = [max(map(len, cells)) for cells in list(zip(*lines, strict=True))[1:]]
    return [
        "  ".join(
            [
                f"  {name:<{width}}",
                *(f"{cell:>{widest}}" for cell, widest in zip(cells, widths, strict=True)),
            ]
        )
        for name, *cells in lines
    ]


def _as_cell(value: Estimate | int | None) -> str:
    if value is None:
        return "–"
    return mean_as_text(value) if isinstance(value, Estimate) else str(value)


def metrics_as_json(sections: Sequence[Section]) -> dict[str, Any]:
    """Maps each metric's name to its value in JSON (`value_as_json`); rows are flattened in.

    An estimate of some of the test examples has their number as "examples". If two metrics have the
    same name, for example because two attributes do, "_2" is appended to the second one, and so on.
    "notes" contains the sections' notes, if there are any.
    """
    found: dict[str, Any] = {}
    for section in sections:
        for x in [*section.metrics, *(x for row in section.rows for x in row.metrics)]:
            name, number = x.name, 1
            while name in found:
                number += 1
                name = f"{x.name}_{number}"
            found[name] = value_as_json(x.value)
            if x.examples is not None and isinstance(x.value, Estimate):
                found[name]["examples"] = int(x.examples)  # NumPy's integers are no JSON.
    notes = [note for section in sections for note in section.notes]
    return {**found, "notes": notes} if notes else found
