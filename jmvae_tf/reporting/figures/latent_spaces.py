"""Draws points of a latent space in two dimensions, and what is decoded there."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jmvae_tf.reporting.figures.image_grids import show_tiled
from jmvae_tf.reporting.figures.png_files import (
    WIDTH,
    class_colours,
    save_figure,
    set_title,
    short_line,
)

_MOST_NAMED = 24  # Classes that are named beside points; of more, nobody could read them.
_OUTLINE = (patheffects.withStroke(linewidth=2.5, foreground="white"),)


def latent_scatters(
    path: pathlib.Path,
    panels: Mapping[str, Sequence[np.ndarray]],
    classes: np.ndarray,
    class_names: Sequence[str],
    column_names: Sequence[str],
    title: str,
) -> None:
    """Draws points of a two-dimensional latent space, coloured by class.

    Args:
      path: path of the PNG file.
      panels: name of each row to an array [points, 2] per column; the panels of a row have the same
        axes, so that their spread can be compared.
      classes: the class of each point, integers [points].
      class_names: names of the classes.
      column_names: names above the columns.
      title: title of the figure.
    """
    num_columns = len(column_names)
    figure = Figure(figsize=(3.6 * num_columns + 0.9, 3.3 * len(panels)), layout="constrained")
    grid = figure.subplots(len(panels), num_columns, squeeze=False)
    for row, (name, columns) in zip(grid, panels.items(), strict=True):
        limits = limits_of(np.concatenate(columns))
        for axes, points in zip(row, columns, strict=True):
            _scatter(axes, points, classes, class_names, limits)
        row[0].set_ylabel(name)
    for axes, name in zip(grid[0], column_names, strict=True):
        axes.set_title(name)
    _legend(figure, class_names)
    set_title(figure, title)
    save_figure(figure, path)


def latent_map(
    path: pathlib.Path,
    points: np.ndarray,
    classes: np.ndarray | None,
    class_names: Sequence[str],
    decoded: np.ndarray | None,
    limits: np.ndarray,
    axis_names: Sequence[str],
    title: str,
    note: str,
) -> None:
    """Draws a plane of the latent space: where examples are, and what is decoded at its places.

    Args:
      path: path of the PNG file.
      points: the places of examples, [points, 2].
      classes: the class of each point, integers [points]; None for none.
      class_names: names of the classes.
      decoded: images [rows, columns, height, width, 1 or 3] in [0, 1], decoded at the centres of
        the cells of a grid over `limits`, the highest row first; None for none.
      limits: the range of both axes, [2, 2].
      axis_names: texts below and left of the points.
      title: title of the figure.
      note: what stands below it.
    """
    panels = 1 if decoded is None else 2
    figure = Figure(figsize=(WIDTH * panels / 2, 4.6), layout="constrained")
    [grid] = figure.subplots(1, panels, squeeze=False)
    _scatter(grid[0], points, classes, class_names, limits)
    grid[0].set(xlabel=axis_names[0], ylabel=axis_names[1], title="where test examples lie")
    if decoded is not None:
        show_tiled(grid[1], decoded)
        grid[1].set(xticks=[], yticks=[], title="what is generated there")
    set_title(figure, title, note)
    save_figure(figure, path)


def limits_of(points: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Returns the range of both axes of a square around points, [2, 2].

    Args:
      points: [points, 2].
      share: the share of points on each axis, the others farthest out, that it must contain.
    """
    edges = 50 * (1 - share), 50 * (1 + share)
    lowest, highest = np.percentile(points, edges, axis=0)
    half = max(0.53 * float((highest - lowest).max()), 1e-6)
    middle = (lowest + highest) / 2
    return np.stack([middle - half, middle + half], axis=1)


def _scatter(
    axes: Axes,
    points: np.ndarray,
    classes: np.ndarray | None,
    names: Sequence[str],
    limits: np.ndarray,
) -> None:
    """Draws points in the colours of their classes, with each name at the middle of its class."""
    size = float(np.clip(4000 / max(len(points), 1), 2, 12))
    x, y = points.T
    if classes is None:
        axes.scatter(x, y, s=size, linewidths=0, alpha=0.6)
    else:
        # All classes at once, since the last would cover the others.
        colours = class_colours(len(names))
        axes.scatter(x, y, s=size, c=[colours[place] for place in classes], linewidths=0)
    axes.set(xlim=limits[0], ylim=limits[1], aspect="equal")
    if classes is not None and len(names) <= _MOST_NAMED:
        for number in np.unique(classes):
            axes.annotate(
                short_line(names[number], 16),
                np.median(points[classes == number], axis=0),
                (0, 4),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontweight="bold",
                path_effects=_OUTLINE,
            )


def _legend(figure: Figure, names: Sequence[str]) -> None:
    handles = [
        _dot(colour, short_line(name, 30))
        for colour, name in zip(class_colours(len(names)), names, strict=True)
    ]
    figure.legend(handles=handles, loc="outside right center")


def _dot(colour: Any, label: str) -> Line2D:
    return Line2D([], [], ls="", marker="o", color=colour, label=label)


def latent_conditions(
    path: pathlib.Path,
    panels: Mapping[str, tuple[np.ndarray, np.ndarray]],
    names: Sequence[str],
    title: str,
) -> None:
    """Draws points of a two-dimensional latent space and their means, coloured by condition.

    Args:
      path: path of the PNG file.
      panels: title of each panel to points [conditions, points, 2] and means
        [conditions, 2]; all panels have the same axes.
      names: names of the conditions, at most ten, as many as there are distinct colours.
      title: title of the figure.
    """
    figure = Figure(figsize=(3.6 * len(panels) + 1.6, 4.2), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False, sharex=True, sharey=True)
    own = class_colours(len(names))
    for axes, (name, (points, means)) in zip(grid[0], panels.items(), strict=True):
        # All conditions at once, since the last would cover the others.
        axes.scatter(
            *points.swapaxes(0, 1).reshape(-1, 2).T, s=3, c=own * points.shape[1], linewidths=0
        )
        axes.scatter(*means.T, s=60, c=own, edgecolors="black", linewidths=1.2)
        axes.set_title(name)
        axes.set_aspect("equal")
    _legend(figure, names)
    set_title(figure, title)
    save_figure(figure, path)
