"""Draws which classes are taken for which."""

import pathlib
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from jmvae_tf.reporting.figures.png_files import save_figure, set_title, short_line

MOST_CLASSES = 24
"""Classes to draw all of; of more, the worst are drawn."""

_LONGEST_NAME = 24
_OTHERS = "other classes"


def confusion_matrix(
    path: pathlib.Path, counts: np.ndarray, names: Sequence[str], title: str
) -> None:
    """Draws the shares of each true class (rows) that are predicted to be each class (columns).

    Of too many classes to read, the rows are those with the smallest shares of correct predictions,
    and the columns those classes and the ones that they are mostly taken for.

    Args:
      path: path of the PNG file.
      counts: examples by true and by predicted class, integers [classes, classes].
      names: names of the classes.
      title: title of the figure.
    """
    rows, columns = _shown(counts)
    sizes = counts.sum(axis=1)
    shares = counts[np.ix_(rows, columns)] / np.maximum(sizes[rows, np.newaxis], 1)
    labels = [short_line(names[place], _LONGEST_NAME) for place in columns]
    if len(columns) < len(names):
        rest = 1 - shares.sum(axis=1, keepdims=True)
        shares = np.concatenate([shares, np.where(sizes[rows, np.newaxis] > 0, rest, 0)], axis=1)
        labels.append(_OTHERS)
        title += f" (the worst {len(rows)} of {int((sizes > 0).sum())} classes)"
    own = [f"{short_line(names[place], _LONGEST_NAME)} ({sizes[place]})" for place in rows]
    letters = 0.075 * np.array([max(map(len, own)), max(map(len, labels))])
    width, height = 0.36 * len(labels) + letters[0] + 1.0, 0.32 * len(own) + letters[1] + 1.1
    figure = Figure(figsize=(max(4.5, width), max(3.0, height)), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, "Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(labels)), labels, rotation=90 * (letters[1] > 0.3))
    axes.set_yticks(range(len(own)), own)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true (test examples)")
    for row, column in np.argwhere(shares >= 0.005):
        share = shares[row, column]
        axes.text(
            column,
            row,
            f"{100 * share:.0f}",
            ha="center",
            va="center",
            fontsize=7,
            color="white" if share > 0.5 else "black",
        )
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    set_title(figure, title, "per cent of the examples of each true class")
    save_figure(figure, path)


def _shown(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chooses the rows and the columns to draw, integers each."""
    sizes = counts.sum(axis=1)
    there = np.flatnonzero(sizes)
    if len(counts) <= MOST_CLASSES:
        return there, np.arange(len(counts))
    right = counts[there, there] / sizes[there]
    rows = np.sort(there[np.lexsort((-sizes[there], right))[: MOST_CLASSES // 2]])
    wrong = counts[rows].sum(axis=0)
    wrong[rows] = 0
    others = np.flatnonzero(wrong)
    others = others[np.argsort(-wrong[others], kind="stable")][: MOST_CLASSES - len(rows)]
    return rows, np.sort(np.concatenate([rows, others]))
