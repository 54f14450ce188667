"""Draws a comparison of models: their quality against their coherence, and coherence by number."""

import itertools
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from sklearn.isotonic import IsotonicRegression

from jmvae_tf.reporting.figures.png_files import (
    WIDTH,
    class_colours,
    save_figure,
    set_title,
    short_line,
)

_MARKERS = "os^vDP"
_LETTERS, _LONGEST = 8, 24  # Size and number of letters of a name.
_GAP = 11  # Points between the middles of two labels.
_AROUND = [
    (side * distance, above)
    for distance, above in itertools.product((6, 14, 24), (0, 8, -8, 16, -16, 26, -26))
    for side in (1, -1)
]
"""Where the label of a point may be, in points from it, the best place first."""


class Measured(NamedTuple):
    """A number with its standard error."""

    mean: float
    standard_error: float


class Panel(NamedTuple):
    """A panel of points.

    Attributes:
      points: name of each model to its x and y coordinates, for each of its points.
      x_label: text below the panel.
      y_label: text left of the panel.
      is_downwards: whether lower values of y are better, so that the axis points down.
    """

    points: Mapping[str, Sequence[tuple[Measured, Measured]]]
    x_label: str
    y_label: str
    is_downwards: bool = False


def compared_models(
    path: pathlib.Path, panels: Sequence[Panel], title: str, note: str = ""
) -> None:
    """Draws panels side by side, with each model's name beside its points.

    In a panel with models of several points these are lines, with the names at their ends and bars
    for the standard errors of y alone.

    Args:
      path: path of the PNG file.
      panels: one or two panels.
      title: title of the figure.
      note: how to read the figure.
    """
    figure = Figure(figsize=(WIDTH, 4.4), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    names = list(dict.fromkeys(name for panel in panels for name in panel.points))
    styles = {
        name: {"color": colour, "marker": _MARKERS[place % len(_MARKERS)]}
        for place, (name, colour) in enumerate(zip(names, class_colours(len(names)), strict=True))
    }
    for axes, panel in zip(grid, panels, strict=True):
        _draw(axes, panel, styles)
    set_title(figure, title, note)
    figure.draw_without_rendering()  # Only now it is known where points are.
    for axes, panel in zip(grid, panels, strict=True):
        _label(figure, axes, panel, styles)
    save_figure(figure, path)


def _draw(axes: Axes, panel: Panel, styles: Mapping[str, Mapping[str, Any]]) -> None:
    several = any(len(points) > 1 for points in panel.points.values())
    for name, points in panel.points.items():
        x, y = (np.array([point[axis] for point in points]) for axis in (0, 1))
        across = None if several else x[:, 1]
        axes.errorbar(x[:, 0], y[:, 0], y[:, 1], across, ms=5, lw=1.4, elinewidth=1, **styles[name])
    if several:
        axes.set_xticks(sorted({x.mean for points in panel.points.values() for x, _ in points}))
        left, right = axes.get_xlim()
        axes.set_xlim(left, right + 0.45 * (right - left))  # Room for the names.
    else:
        axes.margins(0.18)
    axes.set_xlabel(panel.x_label)
    axes.set_ylabel(panel.y_label)
    if panel.is_downwards:
        axes.invert_yaxis()
    axes.grid()


def _label(
    figure: Figure, axes: Axes, panel: Panel, styles: Mapping[str, Mapping[str, Any]]
) -> None:
    """Writes the name of each model beside its last point."""
    ends = {name: points[-1] for name, points in panel.points.items()}
    scale = 72 / figure.dpi  # Points of a pixel.

    def place(right: float, up: float) -> np.ndarray:
        return axes.transData.transform((right, up)) * scale

    places = np.array([place(x.mean, y.mean) for x, y in ends.values()])
    if any(len(points) > 1 for points in panel.points.values()):
        low, high = axes.bbox.y0 * scale, axes.bbox.y1 * scale
        heights = _apart(places[:, 1], low + _GAP / 2, high - _GAP / 2)
        right = places[:, 0].max()
        offsets = [
            (right - x + 14, height - y) for (x, y), height in zip(places, heights, strict=True)
        ]
    else:
        bars = [
            Bbox([place(*end) for end in ends_of_bar])
            for x, y in ends.values()
            for ends_of_bar in (
                [(x.mean + sign * x.standard_error, y.mean) for sign in (-1, 1)],
                [(x.mean, y.mean + sign * y.standard_error) for sign in (-1, 1)],
            )
        ]
        offsets = _free(places, list(ends), bars)
    for (name, (x, y)), offset in zip(ends.items(), offsets, strict=True):
        line = {"arrowstyle": "-", "color": styles[name]["color"], "lw": 0.8, "shrinkB": 3}
        axes.annotate(
            short_line(name, _LONGEST),
            (x.mean, y.mean),
            offset,
            textcoords="offset points",
            fontsize=_LETTERS,
            va="center",
            ha="left" if offset[0] > 0 else "right",
            arrowprops={**line, "shrinkA": 0, "relpos": (0 if offset[0] > 0 else 1, 0.5)},
        ).set_in_layout(False)


def _apart(heights: np.ndarray, low: float, high: float) -> np.ndarray:
    """Moves heights apart by `_GAP` and between limits if there is room, in their order."""
    order = np.argsort(heights, kind="stable")
    gap = min(_GAP, (high - low) / max(1, len(heights) - 1))
    steps = gap * np.arange(len(heights))
    # Without gaps, heights in order are those whose distances are gaps or more.
    moved = IsotonicRegression(y_min=low, y_max=high - steps[-1]).fit_transform(
        steps, heights[order] - steps
    )
    apart = np.empty_like(heights)
    apart[order] = moved + steps
    return apart


def _free(
    places: np.ndarray, names: Sequence[str], bars: Sequence[Bbox]
) -> list[tuple[float, float]]:
    """Chooses where names are free of points, bars and other names; offsets from the places."""
    taken = [*bars, *(Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in places)]
    offsets: list[tuple[float, float]] = []
    for (x, y), name in zip(places, names, strict=True):
        width = 0.62 * _LETTERS * min(len(name), _LONGEST)
        boxes = {
            (right, up): Bbox.from_bounds(
                x + right - (0 if right > 0 else width), y + up - _GAP / 2, width, _GAP
            )
            for right, up in _AROUND
        }
        best = min(boxes, key=lambda offset: boxes[offset].count_overlaps(taken))
        offsets.append(best)
        taken.append(boxes[best])
    return offsets
