"""Draws points of a two-dimensional latent space."""

import pathlib
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jmvae_tf.reporting.figures.png_files import save_figure, short_line


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
    colours = matplotlib.colormaps["tab10" if len(class_names) <= 10 else "turbo"]
    for row, (name, columns) in zip(grid, panels.items(), strict=True):
        lowest, highest = (f(np.concatenate(columns), axis=0) for f in (np.min, np.max))
        half = 0.53 * (highest - lowest).max()
        left, bottom = (lowest + highest) / 2 - half
        for axes, points in zip(row, columns, strict=True):
            # All classes at once, since the last would cover the others.
            axes.scatter(*points.T, s=2, c=colours(_places(classes, class_names)), linewidths=0)
            axes.set(xlim=(left, left + 2 * half), ylim=(bottom, bottom + 2 * half))
            axes.set_aspect("equal")
            axes.tick_params(labelsize=7)
        row[0].set_ylabel(name, fontsize=11)
    for axes, name in zip(grid[0], column_names, strict=True):
        axes.set_title(name, fontsize=10)
    places = _places(np.arange(len(class_names)), class_names)
    handles = [
        Line2D([], [], ls="", marker="o", color=colours(place), label=short_line(name, 30))
        for place, name in zip(places, class_names, strict=True)
    ]
    figure.legend(handles=handles, loc="outside right center", fontsize=9, frameon=False)
    figure.suptitle(title, fontsize=11)
    save_figure(figure, path)


def _places(classes: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Places classes in a colour map: the first ones of ten colours, or spread over the map."""
    return classes if len(names) <= 10 else classes / (len(names) - 1)


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
    figure = Figure(figsize=(4.2 * len(panels) + 1.6, 4.4), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False, sharex=True, sharey=True)
    for axes, (name, (points, means)) in zip(grid[0], panels.items(), strict=True):
        # All conditions at once, since the last would cover the others.
        colours = [
            f"C{condition}" for _ in range(points.shape[1]) for condition in range(len(names))
        ]
        axes.scatter(*points.swapaxes(0, 1).reshape(-1, 2).T, s=3, c=colours, linewidths=0)
        own = [f"C{condition}" for condition in range(len(names))]
        axes.scatter(*means.T, s=60, c=own, edgecolors="black", linewidths=1.2)
        axes.set_title(name, fontsize=10)
        axes.set_aspect("equal")
        axes.tick_params(labelsize=7)
    handles = [
        Line2D([], [], ls="", marker="o", color=f"C{condition}", label=short_line(name, 30))
        for condition, name in enumerate(names)
    ]
    figure.legend(handles=handles, loc="outside right center", fontsize=9, frameon=False)
    figure.suptitle(title, fontsize=10)
    save_figure(figure, path)
