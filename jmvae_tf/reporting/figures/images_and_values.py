"""Draws images next to the labels or attributes that a model predicts from them."""

import pathlib
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jmvae_tf.reporting.figures.image_grids import show_image
from jmvae_tf.reporting.figures.png_files import (
    MISSED,
    RIGHT,
    WIDTH,
    WRONG,
    save_figure,
    set_title,
    short_line,
)

_BESIDE_BARS, _BESIDE_WORDS = 4, 3  # Images in a row.
_TITLE_INCHES = 0.6
_MOST_BARS = 20  # Classes next to an image; of more classes, the likeliest.
_MOST_VERDICTS = 40  # Attributes next to an image; as many as CelebA has.
_LONGEST_CLASS = 20  # In letters.
_LINE_LETTERS = 28  # As many as fit below the bars.
_LETTER_INCHES = 0.05  # In the names of classes.


def labels_by_image(
    path: pathlib.Path,
    images: np.ndarray,
    probabilities: np.ndarray,
    true: np.ndarray,
    names: Sequence[str],
    title: str,
    note: str,
    value_range: tuple[float, float] = (0.0, 1.0),
) -> None:
    """Draws each image next to the probabilities of the labels generated from it.

    Above them stands the likeliest class, and the true one where that is another.

    Args:
      path: path of the PNG file.
      images: [examples, height, width, channels].
      probabilities: [examples, classes]; if there are too many classes to read, each image shows
        its likeliest.
      true: the true classes, integers [examples].
      names: names of the classes.
      title: title of the figure, to which the number of correct ones is added.
      note: what stands below the figure.
      value_range: the values of black and white.
    """
    names = [short_line(name, _LONGEST_CLASS) for name in names]
    longest = max(map(len, names))
    upright = len(names) > _MOST_BARS or longest * len(names) > _LINE_LETTERS
    height = 1.12 + _LETTER_INCHES * (longest - 1) * upright
    figure, places = _places_beside(images, value_range, _BESIDE_BARS, height, 1.5)
    found = probabilities.argmax(axis=1)
    for axes, row, best, truth in zip(places, probabilities, found, true, strict=True):
        colour = RIGHT if best == truth else WRONG
        words = f"✓ {names[best]}" if best == truth else f"✗ {names[best]}, true: {names[truth]}"
        shown = np.arange(len(row))
        if len(row) > _MOST_BARS:
            shown = (-row).argsort(kind="stable")[: _MOST_BARS // 2]
        axes.axis("on")
        axes.bar(
            range(len(shown)),
            row[shown],
            color=[colour if place == best else "#b6c2cf" for place in shown],
        )
        axes.set_ylim(0, 1)
        axes.set_yticks([])
        axes.set_xticks(
            range(len(shown)),
            [names[place] for place in shown],
            fontsize=6.5,
            rotation=90 * upright,
        )
        axes.tick_params(length=0, pad=2)
        for label, place in zip(axes.get_xticklabels(), shown, strict=True):
            if place == truth:
                label.set(color="#1f2933", fontweight="bold")
        axes.spines["left"].set_visible(False)
        axes.set_title(words, fontsize=8, color=colour, loc="left", pad=3)
    right = f"{np.count_nonzero(found == true)} of {len(true)} right"
    set_title(figure, f"{title}: {right}", note)
    save_figure(figure, path)


def attributes_by_image(
    path: pathlib.Path,
    images: np.ndarray,
    generated: np.ndarray,
    true: np.ndarray,
    names: Sequence[str],
    title: str,
    threshold: float = 0.0,
    value_range: tuple[float, float] = (0.0, 1.0),
    seen: np.ndarray | None = None,
) -> None:
    """Draws each image next to its generated and its true attributes.

    Args:
      path: path of the PNG file.
      images: [examples, height, width, channels].
      generated: [examples, attributes]; above the threshold means yes.
      true: true attributes, of the same shape.
      names: names of the attributes.
      title: title of the figure, before the meaning of the marks.
      threshold: the value between no and yes.
      value_range: the values of black and white.
      seen: which true attributes are known, bool, of the same shape; the others are left out. None
        if all are.
    """
    seen = np.ones(true.shape, bool) if seen is None else seen
    # What is not known is neither correct nor a mistake: not generated, and not true.
    generated, true = (np.where(seen, x, threshold) for x in (generated, true))
    lines = [_verdicts(*rows, names, threshold) for rows in zip(generated, true, strict=True)]
    height = 0.3 + 0.125 * max(5, *map(len, lines))
    figure, places = _places_beside(
        images, value_range, _BESIDE_WORDS, height, 1.7, anchor="N", wspace=0.02, hspace=0.02
    )
    for axes, verdicts in zip(places, lines, strict=True):
        for place, (words, colour) in enumerate(verdicts):
            axes.annotate(
                words,
                (0, 1),
                (2, -1 - 9 * place),
                xycoords="axes fraction",
                textcoords="offset points",
                va="top",
                fontsize=7.5,
                color=colour,
            ).set_in_layout(False)
    right = np.mean(((generated > threshold) == (true > threshold))[seen])
    set_title(
        figure,
        f"{title}: {100 * right:.1f} % right",
        "✓ true and predicted, − true but missed, + predicted but not true, with the predicted "
        "value; all others are neither",
    )
    save_figure(figure, path)


def _places_beside(
    images: np.ndarray,
    value_range: tuple[float, float],
    most_columns: int,
    row_height: float,
    ratio: float,
    anchor: str = "C",
    **spaces: float,
) -> tuple[Figure, list[Axes]]:
    """Draws images in rows, with an empty place to the right of each.

    Args:
      images: [examples, height, width, channels].
      value_range: the values of black and white.
      most_columns: the number of images in a row.
      row_height: height in inches of an image with its place.
      ratio: width of the place relative to the image.
      anchor: position of an image in its cell.
      **spaces: spaces between the cells, passed to `matplotlib.gridspec.GridSpec`.

    Returns:
      The figure, and the place of each image.
    """
    num_columns = min(most_columns, len(images))
    num_rows = -(-len(images) // num_columns)
    width = WIDTH * num_columns / most_columns
    figure = Figure(figsize=(width, row_height * num_rows + _TITLE_INCHES), layout="constrained")
    grid = figure.subplots(
        num_rows,
        2 * num_columns,
        squeeze=False,
        gridspec_kw={"width_ratios": [1, ratio] * num_columns, **spaces},
    )
    for axes in grid.flat:
        axes.axis("off")
    for axes, image in zip(grid[:, ::2].flat, images, strict=False):
        axes.axis("on")
        axes.set_anchor(anchor)
        show_image(axes, image, value_range)
    return figure, list(grid[:, 1::2].flat[: len(images)])


def _verdicts(
    generated: np.ndarray, true: np.ndarray, names: Sequence[str], threshold: float = 0.0
) -> list[tuple[str, str]]:
    """Returns lines and their colours: the correct ones, strongest first, then the mistakes."""
    yes, has = generated > threshold, true > threshold
    kinds = (
        ("✓", yes & has, RIGHT),
        ("−", ~yes & has, MISSED),
        ("+", yes & ~has, WRONG),
    )
    lines = [
        (f"{mark} {short_line(names[place], 22)}  {generated[place]:z.2f}", colour)
        for mark, of_kind, colour in kinds
        for place in (-np.abs(generated - threshold)).argsort(kind="stable")
        if of_kind[place]
    ]
    more = len(lines) - _MOST_VERDICTS
    return [*lines[:_MOST_VERDICTS], (f"and {more} more", "black")] if more > 0 else lines
