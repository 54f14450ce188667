"""Draw images beside the labels or attributes that a model reads from them."""

import pathlib
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from jmvae_tf.reporting.figures.image_grids import show_image
from jmvae_tf.reporting.figures.png_files import save_figure, short_line

_MOST_BARS = 20  # Classes beside an image; of more the likeliest.
_MOST_VERDICTS = 40  # Attributes beside an image; as many as CelebA has.
_PIXELS = (0.0, 1.0)


def labels_by_image(
    path: pathlib.Path,
    images: np.ndarray,
    probabilities: np.ndarray,
    names: Sequence[str],
    value_range: tuple[float, float] = _PIXELS,
) -> None:
    """Each image beside the probabilities of the labels generated from it.

    Args:
      path: of the PNG file.
      images: [examples, height, width, channels].
      probabilities: [examples, classes]; of more classes than can be read, each image has its
        likeliest.
      names: of the classes.
      value_range: what images hold where they are black, and white.
    """
    num_columns = min(5, len(images))
    num_rows = -(-len(images) // num_columns)
    figure = Figure(figsize=(2.4 * num_columns, 1.1 * num_rows + 0.4), layout="constrained")
    grid = figure.subplots(
        num_rows,
        2 * num_columns,
        squeeze=False,
        gridspec_kw={"width_ratios": [1, 1.4] * num_columns},
    )
    for axes in grid.flat:
        axes.axis("off")
    for index, (image, row) in enumerate(zip(images, probabilities, strict=True)):
        place = divmod(index, num_columns)
        picture, bars = grid[place[0], 2 * place[1]], grid[place[0], 2 * place[1] + 1]
        picture.axis("on")
        bars.axis("on")
        show_image(picture, image, value_range)
        shown = names
        if len(row) > _MOST_BARS:
            likeliest = (-row).argsort(kind="stable")[: _MOST_BARS // 2]
            row, shown = row[likeliest], [names[place] for place in likeliest]
        colours = ["tab:blue" if p == row.max() else "lightsteelblue" for p in row]
        bars.bar(range(len(row)), row, color=colours)
        bars.set_ylim(0, 1)
        bars.set_yticks([])
        shown = [short_line(name, 20) for name in shown]
        bars.set_xticks(range(len(row)), shown, fontsize=6, rotation=90 * (len(row) < len(names)))
        bars.spines[["top", "right", "left"]].set_visible(False)
    figure.suptitle("Labels generated from test images: p(label | z), z the mean of q(z | image)")
    save_figure(figure, path)


def attributes_by_image(
    path: pathlib.Path,
    images: np.ndarray,
    generated: np.ndarray,
    true: np.ndarray,
    names: Sequence[str],
    threshold: float = 0.0,
    value_range: tuple[float, float] = _PIXELS,
) -> None:
    """Each image beside its attributes, those generated from it and those it has.

    Args:
      path: of the PNG file.
      images: [examples, height, width, channels].
      generated: [examples, attributes]; above the threshold means that the image has it.
      true: the same.
      names: of the attributes.
      threshold: what parts no from yes.
      value_range: what images hold where they are black, and white.
    """
    num_columns = min(5, len(images))
    num_rows = -(-len(images) // num_columns)
    lines = [_verdicts(*rows, names, threshold) for rows in zip(generated, true, strict=True)]
    height = 0.3 + 0.12 * max(4, *map(len, lines))
    figure = Figure(figsize=(2.7 * num_columns, height * num_rows + 0.5), layout="constrained")
    grid = figure.subplots(
        num_rows,
        2 * num_columns,
        squeeze=False,
        gridspec_kw={"width_ratios": [1, 1.7] * num_columns, "wspace": 0.02, "hspace": 0.02},
    )
    for axes in grid.flat:
        axes.axis("off")
    for index, (image, verdicts) in enumerate(zip(images, lines, strict=True)):
        row, column = divmod(index, num_columns)
        picture, text = grid[row, 2 * column], grid[row, 2 * column + 1]
        picture.axis("on")
        picture.set_anchor("N")
        show_image(picture, image, value_range)
        for place, (words, colour) in enumerate(verdicts):
            text.annotate(
                words,
                (0, 1),
                (2, -1 - 8.5 * place),
                xycoords="axes fraction",
                textcoords="offset points",
                va="top",
                fontsize=7,
                color=colour,
            )
    right = np.mean((generated > threshold) == (true > threshold))
    figure.suptitle(
        "Attributes generated from test images: ✓ told rightly, − missed, + told wrongly "
        f"({right:.1%} of all are right)",
        fontsize=10,
    )
    save_figure(figure, path)


def _verdicts(
    generated: np.ndarray, true: np.ndarray, names: Sequence[str], threshold: float = 0.0
) -> list[tuple[str, str]]:
    """Lines and their colours: what was told rightly, strongest first, then the mistakes."""
    told, has = generated > threshold, true > threshold
    kinds = (
        ("✓", told & has, "tab:green"),
        ("−", ~told & has, "tab:red"),
        ("+", told & ~has, "tab:orange"),
    )
    lines = [
        (f"{mark} {short_line(names[place], 30)}  {generated[place]:z.2f}", colour)
        for mark, of_kind, colour in kinds
        for place in (-np.abs(generated - threshold)).argsort(kind="stable")
        if of_kind[place]
    ]
    more = len(lines) - _MOST_VERDICTS
    return [*lines[:_MOST_VERDICTS], (f"and {more} more", "black")] if more > 0 else lines
