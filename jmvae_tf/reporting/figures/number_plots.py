"""Draws numbers: predicted against true ones, and the correlations of their columns."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from jmvae_tf.reporting.figures.png_files import save_figure, set_title, short_line

_COLUMNS = 4  # Panels in a row.
_LONGEST_NAME = 24
_MARGIN = 0.04


class Scatter(NamedTuple):
    """A panel of predicted against true numbers.

    Attributes:
      name: the name of the column.
      true: the true numbers, [examples].
      found: the predicted ones, of the same shape.
      words: what stands below the name, such as R².
      is_log: whether both axes are logarithmic.
    """

    name: str
    true: np.ndarray
    found: np.ndarray
    words: str
    is_log: bool = False


def predicted_by_true(path: pathlib.Path, panels: Sequence[Scatter], title: str) -> None:
    """Draws a panel for each column, with the same range on both axes and their diagonal.

    Args:
      path: path of the PNG file.
      panels: the columns, at least one.
      title: title of the figure.
    """
    num_columns = min(_COLUMNS, len(panels))
    num_rows = -(-len(panels) // num_columns)
    figure = Figure(figsize=(2.0 * num_columns + 0.4, 2.15 * num_rows + 0.6), layout="constrained")
    grid = figure.subplots(num_rows, num_columns, squeeze=False)
    for axes, panel in zip(grid.flat, panels, strict=False):
        low, high = _limits(np.concatenate([panel.true, panel.found]), panel.is_log)
        if panel.is_log:
            for axis, scale in ((axes.xaxis, axes.set_xscale), (axes.yaxis, axes.set_yscale)):
                scale("log")
                axis.set_major_formatter("{x:g}")  # The usual one writes mathematics.
                axis.set_minor_formatter("")
        axes.plot([low, high], [low, high], color="#616e7c", lw=0.8, zorder=1)
        alpha = float(np.clip(60 / max(1, len(panel.true)), 0.15, 0.7))
        axes.scatter(panel.true, panel.found, s=9, alpha=alpha, linewidths=0, zorder=2)
        axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
        axes.set_title(f"{short_line(panel.name, _LONGEST_NAME)}\n{panel.words}")
        axes.grid()
    for axes in grid.flat[len(panels) :]:
        axes.axis("off")
    figure.supxlabel("true")
    figure.supylabel("predicted")
    set_title(figure, title)
    save_figure(figure, path)


def _limits(values: np.ndarray, is_log: bool) -> tuple[float, float]:
    """Returns the range of an axis with a margin, of any width above 0."""
    if is_log:
        low, high = _limits(np.log10(values), False)
        return float(10**low), float(10**high)
    low, high = float(values.min()), float(values.max())
    margin = _MARGIN * (high - low) or max(abs(low), 1.0) * _MARGIN
    return low - margin, high + margin


def correlation_matrices(
    path: pathlib.Path, panels: Mapping[str, np.ndarray], names: Sequence[str], title: str
) -> None:
    """Draws correlations of columns, panels side by side.

    Args:
      path: path of the PNG file.
      panels: title of each panel to [columns, columns], -1 to 1; NaN is left empty.
      names: the names of the columns.
      title: title of the figure.
    """
    shown = [short_line(name, _LONGEST_NAME) for name in names]
    side = 0.8 + 0.24 * len(names)
    left = 0.08 * max(map(len, shown))
    figure = Figure(
        figsize=(max(4.5, side * len(panels) + left + 0.7), max(2.6, side + left + 0.6)),
        layout="constrained",
    )
    grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)
    for axes, (name, values) in zip(grid[0], panels.items(), strict=True):
        picture = axes.imshow(values, "RdBu_r", vmin=-1, vmax=1)
        axes.set_title(name)
        axes.set_xticks(range(len(names)), shown, rotation=90)
        axes.set_yticks(range(len(names)), shown)
        if len(names) <= 8:
            for row, column in np.argwhere(~np.isnan(values)):
                value = values[row, column]
                axes.text(
                    column,
                    row,
                    f"{value:z.1f}",
                    ha="center",
                    va="center",
                    fontsize=7,
                    color="white" if abs(value) > 0.6 else "black",
                )
    figure.colorbar(picture, ax=grid[0].tolist(), fraction=0.04, pad=0.02)
    set_title(figure, title)
    save_figure(figure, path)
