"""Pictures of what only models of faces are asked about: from arrays to PNG files."""

import pathlib
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from jmvae_tf.reporting.drawing import label, save


def latent_conditions(
    path: pathlib.Path,
    panels: Mapping[str, tuple[np.ndarray, np.ndarray]],
    names: Sequence[str],
    title: str,
) -> None:
    """Points of a latent space of two dimensions and their means, coloured by condition.

    Args:
      path: of the PNG file.
      panels: what stands above each panel to points [conditions, points, 2] and means
        [conditions, 2]; all panels have the same axes.
      names: of the conditions, at most ten, which the colours can tell apart.
      title: above all.
    """
    figure = Figure(figsize=(4.2 * len(panels) + 1.6, 4.4), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False, sharex=True, sharey=True)
    for axes, (name, (points, means)) in zip(grid[0], panels.items(), strict=True):
        # Not condition by condition, or the last would lie on top of the others.
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
        Line2D([], [], ls="", marker="o", color=f"C{condition}", label=label(name, 30))
        for condition, name in enumerate(names)
    ]
    figure.legend(handles=handles, loc="outside right center", fontsize=9, frameon=False)
    figure.suptitle(title, fontsize=10)
    save(figure, path)
