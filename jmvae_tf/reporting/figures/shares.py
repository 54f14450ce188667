"""Draws shares of right answers as bars, beside what guessing would reach."""

import pathlib
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from jmvae_tf.reporting.figures.png_files import (
    RIGHT,
    WIDTH,
    WRONG,
    save_figure,
    set_title,
    short_line,
)


def share_bars(
    path: pathlib.Path,
    names: Sequence[str],
    right: np.ndarray,
    guessed: np.ndarray,
    title: str,
    note: str,
) -> None:
    """Draws a bar for each value, the best on top; those not above guessing have another colour.

    Args:
      path: path of the PNG file.
      names: names of the values, at least one.
      right: the share of examples with the right answer, in [0, 1], [values].
      guessed: the share that the commoner answer would get right, [values].
      title: title of the figure.
      note: what stands below it.
    """
    order = np.argsort(right, kind="stable")
    figure = Figure(figsize=(WIDTH, 1.4 + 0.22 * len(names)), layout="constrained")
    axes = figure.subplots()
    above = right > guessed
    axes.barh(
        range(len(order)),
        100 * right[order],
        0.72,
        color=[RIGHT if better else WRONG for better in above[order]],
    )
    axes.plot(100 * guessed[order], range(len(order)), ls="", marker="|", ms=11, mew=2, color="k")
    axes.set_yticks(range(len(order)), [short_line(names[place], 30) for place in order])
    axes.tick_params(axis="y", length=0)
    for row, place in enumerate(order):
        axes.annotate(
            f"{100 * right[place]:.1f}", (101, row), va="center", fontsize=8, annotation_clip=False
        )
    axes.set(xlim=(0, 100), ylim=(-0.6, len(order) - 0.4), xlabel="per cent right")
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    handles: list[Patch | Line2D] = [Patch(color=RIGHT, label="right")]
    if not above.all():
        handles.append(Patch(color=WRONG, label="right, not more often than by guessing"))
    guess = "always the commoner answer"
    handles.append(Line2D([], [], ls="", marker="|", ms=11, mew=2, color="k", label=guess))
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderaxespad=0,
        ncols=len(handles),
    )
    set_title(figure, title, note)
    save_figure(figure, path)
