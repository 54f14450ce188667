"""Turns estimates of a model into cells of a table: texts, numbers and names of files."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.export_format.texts import texts_of_events
from jmvae_tf.export_format.value_names import END_MARK

SPREAD, PROBABILITY = "_sd", "_probability"
"""Endings of the columns beside those that are filled in."""

YesAndNo = tuple[Any, Any]

_DIGITS = 6  # Of an estimate; float32 has seven.
_WORDS = (("yes", "no"), ("true", "false"), ("y", "n"), ("t", "f"), ("1", "0"), ("1", "-1"))


class Estimates(NamedTuple):
    """A modality of some rows.

    Attributes:
      values: [rows, *event_shape]: of a label the probability of each class, of a text that of each
        symbol in its place; NaN where nothing is known.
      spread: standard deviations of numbers, of the same shape, or how sure a text is, [rows]; None
        for draws and other kinds.
      filled: which values are estimates, bool, of the shape of the values.
      threshold: the value above which attributes mean yes.
      are_draws: whether values are samples, which have neither spread nor probability.
    """

    values: np.ndarray
    spread: np.ndarray | None
    filled: np.ndarray
    threshold: float = 0.5
    are_draws: bool = False


class Cells(NamedTuple):
    """New cells of a column.

    Attributes:
      rows: the places of the rows that get one, [cells].
      values: a cell for each of them.
      beside: the spread or the probability of each; None if the column has none.
    """

    rows: np.ndarray
    values: list[Any]
    beside: list[float] | None


def column_beside(one: ModalityColumns, column: str) -> str | None:
    """Names the column of the spread or the probability of one that is filled in; None for none."""
    if one.kind in ("image", "array"):
        return None
    return column + (SPREAD if one.kind == "numbers" else PROBABILITY)


def columns_beside(manifest: Manifest, filled: Iterable[str]) -> dict[str, str]:
    """Maps columns to those beside them, for the modalities that are filled in."""
    beside = {
        column: column_beside(manifest.modalities[name], column)
        for name in filled
        for column in manifest.modalities[name].columns
    }
    return {column: other for column, other in beside.items() if other is not None}


def yes_and_no(cells: Iterable[Any]) -> YesAndNo:
    """Returns how a column writes yes and no, from some of its cells."""
    there = {cell for cell in cells if cell is not None and cell != ""}
    if any(isinstance(cell, bool) for cell in there):
        return True, False
    if there and not any(isinstance(cell, str) for cell in there):
        return 1, -1 if any(cell < 0 for cell in there) else 0
    words = {str(cell).casefold() for cell in there}
    yes, no = next((pair for pair in _WORDS if words <= set(pair)), _WORDS[0])
    for style in (str.upper, str.capitalize):
        if there and all(cell == style(cell) for cell in there):
            return style(yes), style(no)
    return yes, no


def new_cells(
    one: ModalityColumns,
    estimates: Estimates,
    spellings: Mapping[str, YesAndNo],
    write_file: Callable[[int, np.ndarray], str],
) -> dict[str, Cells]:
    """Makes the cells that a table lacks.

    Args:
      one: what the table's columns are taken for.
      estimates: the modality, whose values have the manifest's order.
      spellings: how each column of attributes writes yes and no.
      write_file: writes an image or an array of a row, and returns the name to put into the cell.

    Returns:
      Column to new cells.
    """
    if one.kind in ("numbers", "attributes"):
        return {
            column: _cells_of_value(one.kind, estimates, place, spellings.get(column))
            for place, column in enumerate(one.columns)
        }
    [column] = one.columns
    number = len(estimates.values)
    known = ~np.isnan(estimates.values).reshape(number, -1).any(axis=1)
    rows = np.flatnonzero(estimates.filled.reshape(number, -1).any(axis=1) & known)
    values = estimates.values[rows]
    if one.kind == "label":
        classes = values.argmax(axis=1)
        beside = _numbers(values[np.arange(len(rows)), classes])
        cells = [one.classes[number] for number in classes]
    elif one.kind == "text":
        cells = texts_of_events(values, (*one.alphabet, END_MARK))
        beside = [] if estimates.spread is None else _numbers(estimates.spread[rows])
    else:
        return {column: Cells(rows, list(map(write_file, rows.tolist(), values)), None)}
    return {column: Cells(rows, cells, None if estimates.are_draws else beside)}


def _cells_of_value(
    kind: str, estimates: Estimates, place: int, spelling: YesAndNo | None
) -> Cells:
    """Makes the cells of one value of numbers or attributes."""
    column = estimates.values[:, place]
    rows = np.flatnonzero(estimates.filled[:, place] & ~np.isnan(column))
    values = column[rows]
    if kind == "attributes":
        yes, no = spelling or _WORDS[0]
        cells: list[Any] = [yes if value > estimates.threshold else no for value in values]
        beside = _numbers(values)
    else:
        cells = list(_numbers(values))
        beside = [] if estimates.spread is None else _numbers(estimates.spread[rows, place])
    return Cells(rows, cells, None if estimates.are_draws else beside)


def _numbers(values: np.ndarray) -> list[float]:
    """Returns numbers without digits that mean nothing."""
    return [float(f"{value:.{_DIGITS}g}") for value in values]
