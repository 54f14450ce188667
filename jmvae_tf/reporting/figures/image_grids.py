"""Draws images in rows and columns."""

import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from jmvae_tf.export_format.value_ranges import to_pixels
from jmvae_tf.reporting.figures.png_files import WIDTH, save_figure, set_title, short_line

_LARGEST, _SMALLEST = 0.75, 0.3  # Sides of an image in inches.
_NAMES_INCHES = 0.2  # For the first line of column names, in addition to the rows.
_LINE_INCHES = 0.12  # Each further line of column names.
_LETTER_INCHES = 0.06  # At the smallest size of names.
_TITLE_LINE_INCHES = 0.2

_GAP = 0.08  # Between images, of their side.

_FRAME: Mapping[str, Any] = {"color": "#cbd2d9", "linewidth": 0.6}

_PIXELS = (0.0, 1.0)


def show_image(
    axes: Axes,
    image: np.ndarray,
    value_range: tuple[float, float] = _PIXELS,
    extent: tuple[float, float, float, float] | None = None,
) -> None:
    """Shows an image [height, width, 1 or 3] from black to white, without ticks.

    Args:
      axes: the place to show it in.
      image: the image.
      value_range: the values of black and white.
      extent: left, right, bottom and top of the image in `axes`; None for its own pixels.
    """
    shown = np.clip(to_pixels(image, value_range), 0.0, 1.0)
    shown = np.squeeze(shown, -1) if shown.shape[-1] == 1 else shown
    axes.imshow(shown, "gray", vmin=0, vmax=1, extent=extent)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set(visible=True, **_FRAME)


def image_grid(
    path: pathlib.Path,
    images: np.ndarray | Sequence[np.ndarray],
    title: str,
    column_names: Sequence[str] = (),
    row_names: Sequence[str] = (),
    most_columns: int | None = None,
    side: float = _LARGEST,
    value_range: tuple[float, float] = _PIXELS,
    note: str = "",
) -> None:
    """Draws images in rows and columns, smaller than `side` if the figure would be too wide.

    Args:
      path: path of the PNG file.
      images: [rows, columns, height, width, channels], or rows of different sizes; images that
        contain NaN are left out.
      title: title of the figure.
      column_names: names above the columns.
      row_names: names left of the rows.
      most_columns: if there are more columns, the others are drawn below, with the same rows.
      side: largest side of an image in inches.
      value_range: the values of black and white.
      note: a line below the images, in small letters.
    """
    num_images = len(images[0])  # In a row.
    num_blocks = -(-num_images // (most_columns or num_images))
    num_columns = -(-num_images // num_blocks)
    blocks = [slice(start, start + num_columns) for start in range(0, num_images, num_columns)]
    num_rows = len(images)
    row_names = [short_line(name) for name in row_names]
    left = _LETTER_INCHES * max(map(len, row_names), default=0)
    side = max(_SMALLEST, min(side, (WIDTH - left) / num_columns))
    letters = int(side / _LETTER_INCHES)
    named = [
        [_broken(short_line(name), letters) for name in column_names[block]] for block in blocks
    ]
    lines = sum(max((name.count("\n") for name in names), default=0) for names in named)
    height = side * num_rows * num_blocks
    height += _NAMES_INCHES * (len(blocks) if column_names else 1) + _LINE_INCHES * lines
    figure = Figure(figsize=(side * num_columns + left, height), layout="constrained")
    figure.set_figheight(height + _TITLE_LINE_INCHES * set_title(figure, title, note))
    grid = figure.subplots(num_blocks, squeeze=False)[:, 0]
    for axes, block, names in zip(grid, blocks, named, strict=True):
        _show_block(axes, [row[block] for row in images], num_columns, value_range)
        small = max(map(len, names), default=0) >= 0.8 * letters
        axes.set_xticks(np.arange(len(names)) + 0.5, names, fontsize=7.5 if small else 9)
        axes.set_yticks(np.arange(len(row_names)) + 0.5, row_names, fontsize=8)
        axes.tick_params(length=0, labeltop=True, labelbottom=False, labelcolor="#1f2933")
    save_figure(figure, path)


def _show_block(
    axes: Axes,
    rows: Sequence[np.ndarray],
    num_columns: int,
    value_range: tuple[float, float],
) -> None:
    """Shows each image as large as fits into its square of side 1, in one place for all of them.

    A place for each takes matplotlib three times as long.
    """
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            if np.isnan(image).any():
                continue
            height, width = image.shape[:2] / np.max(image.shape[:2]) * (1 - _GAP)
            left, top = x + (1 - width) / 2, y + (1 - height) / 2
            show_image(axes, image, value_range, (left, left + width, top + height, top))
            axes.add_patch(Rectangle((left, top), width, height, fill=False, **_FRAME))
    axes.set(xlim=(0, num_columns), ylim=(len(rows), 0), aspect="equal")
    axes.spines[:].set_visible(False)


def _broken(name: str, width: int) -> str:
    """Breaks a long name into lines of at most `width` letters, after underscores or blanks."""
    lines = [""]
    for word in re.findall("[^_ ]*[_ ]?", name):
        if lines[-1] and len(lines[-1]) + len(word.rstrip()) > width:
            lines.append("")
        lines[-1] += word
    return "\n".join(line.rstrip() for line in lines)


def image_panels(
    path: pathlib.Path,
    panels: Mapping[str, np.ndarray],
    column_names: Sequence[str],
    row_names: Mapping[str, Sequence[str]],
    row_label: str,
    title: str,
) -> None:
    """Draws several grids of images; those with the same number of rows stand side by side.

    Args:
      path: path of the PNG file.
      panels: name of each grid to [rows, columns, height, width, channels], values in [0, 1].
      column_names: names above the columns of every grid.
      row_names: name of a grid to names left of its rows; grids that are left out have none.
      row_label: label of the row names.
      title: title of the figure.
    """
    beside: dict[int, list[str]] = {}
    for name, images in panels.items():
        beside.setdefault(len(images), []).append(name)
    # In inches: an image, and the space left of a panel and above it.
    side, left, above = 0.4, 0.6, 0.55
    width = max(map(len, beside.values())) * (left + side * len(column_names))
    bottom = height = sum(above + side * rows for rows in beside) + 0.15
    figure = Figure(figsize=(width, height))
    figure.suptitle(title, y=1.0, va="top")
    bottom -= 0.15
    for rows, names in beside.items():
        bottom -= above + side * rows
        for place, name in enumerate(names):
            images = panels[name]
            x = left + place * (left + side * len(column_names))
            size = (side * len(column_names) / width, side * rows / height)
            axes = figure.add_axes((x / width, bottom / height, *size))
            show_tiled(axes, images)
            steps = np.array(images.shape[2:4]) + 1
            axes.set_xticks(steps[1] * (np.arange(images.shape[1]) + 0.5), column_names)
            if name in row_names:
                axes.set_yticks(steps[0] * (np.arange(rows) + 0.5), row_names[name])
                axes.set_ylabel(row_label)
            axes.tick_params(length=0, labeltop=True, labelbottom=False)
            axes.set_title(name)
    save_figure(figure, path)


def show_tiled(axes: Axes, images: np.ndarray, gap: int = 1) -> None:
    """Shows images [rows, columns, height, width, 1 or 3] in [0, 1] as one.

    Args:
      axes: the place to show them in.
      images: the images.
      gap: pixels of white between them.
    """
    framed = np.pad(images, ((0, 0), (0, 0), (0, gap), (0, gap), (0, 0)), constant_values=1.0)
    rows, columns, height, width, channels = framed.shape
    show_image(axes, framed.swapaxes(1, 2).reshape(rows * height, columns * width, channels))
    axes.spines[:].set_visible(False)
