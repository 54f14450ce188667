"""Pictures of images, labels and training: from arrays to PNG files with matplotlib."""

import pathlib
import re
import textwrap
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from jmvae_tf.interface.pixels import to_pixels
from jmvae_tf.reporting.drawing import label, save

_INCHES = 0.7
_TITLE_INCHES = 0.5  # Title and column names, which a single row must not pay for.
_LINE_INCHES = 0.12  # Each further line of column names.
_LETTER_INCHES = 0.06  # At the smallest size of names.
_TITLE_LINE_INCHES = 0.17  # Each further line of the title.
_LONGEST_TITLE = 300  # In letters.
_MOST_BARS = 20  # Classes beside an image; of more the likeliest.
_MOST_VERDICTS = 40  # Attributes beside an image; as many as CelebA has.


_PIXELS = (0.0, 1.0)


def _show(axes: Axes, image: np.ndarray, value_range: tuple[float, float] = _PIXELS) -> None:
    """An image (height, width, 1 or 3) from black to white; grey ones white on black."""
    shown = np.clip(to_pixels(image, value_range), 0.0, 1.0)
    axes.imshow(np.squeeze(shown, -1) if shown.shape[-1] == 1 else shown, "gray", vmin=0, vmax=1)
    axes.set_xticks([])
    axes.set_yticks([])


def image_grid(
    path: pathlib.Path,
    images: np.ndarray,
    title: str,
    column_names: Sequence[str] = (),
    row_names: Sequence[str] = (),
    most_columns: int | None = None,
    side: float = _INCHES,
    value_range: tuple[float, float] = _PIXELS,
) -> None:
    """Images in rows and columns.

    Args:
      path: of the PNG file.
      images: [rows, columns, height, width, channels]; an image with NaN in it is left out.
      title: above all.
      column_names: above the columns.
      row_names: left of the rows.
      most_columns: if there are more columns, those that come after go on below the others, with
        the same rows.
      side: of an image, in inches.
      value_range: what images hold where they are black, and white.
    """
    num_blocks = -(-images.shape[1] // (most_columns or images.shape[1]))
    num_columns = -(-images.shape[1] // num_blocks)
    blocks = [slice(start, start + num_columns) for start in range(0, images.shape[1], num_columns)]
    num_rows = len(images)
    letters = int(side / _LETTER_INCHES)
    row_names = [label(name) for name in row_names]
    named = [[_broken(label(name), letters) for name in column_names[block]] for block in blocks]
    lines = sum(max((name.count("\n") for name in names), default=0) for names in named)
    width = side * num_columns + _LETTER_INCHES * max(map(len, row_names), default=0)
    title = textwrap.fill(label(title, _LONGEST_TITLE), max(48, int(13 * width)))
    above = _TITLE_INCHES + _TITLE_LINE_INCHES * title.count("\n")
    size = (width, side * num_rows * num_blocks + _LINE_INCHES * lines + above)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(
        num_rows * num_blocks,
        num_columns,
        squeeze=False,
        gridspec_kw={"wspace": 0.04, "hspace": 0.04},
    )
    for axes in grid.flat:
        axes.axis("off")
    for number, (block, names) in enumerate(zip(blocks, named, strict=True)):
        part = grid[number * num_rows :][:num_rows]
        for axes_of_row, row in zip(part, images[:, block], strict=True):
            for axes, image in zip(axes_of_row, row, strict=False):
                if not np.isnan(image).any():
                    axes.axis("on")
                    _show(axes, image, value_range)
        for axes, name in zip(part[0], names, strict=False):
            axes.set_title(name, fontsize=9 if max(map(len, names)) < 0.8 * letters else 7)
        for axes, name in zip(part[:, 0], row_names, strict=False):
            axes.set_ylabel(name, fontsize=8, rotation=0, ha="right", va="center")
    figure.suptitle(title, fontsize=10)
    save(figure, path)


def _broken(name: str, width: int) -> str:
    """A long name in lines of at most `width` letters, if it has underscores or blanks to part."""
    lines = [""]
    for word in re.findall("[^_ ]*[_ ]?", name):
        if lines[-1] and len(lines[-1]) + len(word.rstrip()) > width:
            lines.append("")
        lines[-1] += word
    return "\n".join(line.rstrip() for line in lines)


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
        _show(picture, image, value_range)
        shown = names
        if len(row) > _MOST_BARS:
            likeliest = (-row).argsort(kind="stable")[: _MOST_BARS // 2]
            row, shown = row[likeliest], [names[place] for place in likeliest]
        colours = ["tab:blue" if p == row.max() else "lightsteelblue" for p in row]
        bars.bar(range(len(row)), row, color=colours)
        bars.set_ylim(0, 1)
        bars.set_yticks([])
        shown = [label(name, 20) for name in shown]
        bars.set_xticks(range(len(row)), shown, fontsize=6, rotation=90 * (len(row) < len(names)))
        bars.spines[["top", "right", "left"]].set_visible(False)
    figure.suptitle("Labels generated from test images: p(label | z), z the mean of q(z | image)")
    save(figure, path)


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
        _show(picture, image, value_range)
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
    save(figure, path)


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
        (f"{mark} {label(names[place], 30)}  {generated[place]:z.2f}", colour)
        for mark, of_kind, colour in kinds
        for place in (-np.abs(generated - threshold)).argsort(kind="stable")
        if of_kind[place]
    ]
    more = len(lines) - _MOST_VERDICTS
    return [*lines[:_MOST_VERDICTS], (f"and {more} more", "black")] if more > 0 else lines


def loss_terms(path: pathlib.Path, history: Sequence[Mapping[str, float]]) -> None:
    """The bound, each of its terms and any other loss, by epoch.

    Args:
      path: of the PNG file.
      history: rows with an "epoch" and columns "<part>_<term>", as `history.csv` has them; not all
        rows must have all columns.
    """
    parts = ("train", "validation", "test")
    columns = dict.fromkeys(column for row in history for column in row)
    terms = [column[len("train_") :] for column in columns if column.startswith("train_")]
    # As the equations have them; Keras sorts them by name. What is no term of a bound comes last.
    terms.sort(key=lambda term: (_place(term), term.endswith("_loss")))
    num_rows = max(1, -(-len(terms) // 3))
    figure = Figure(figsize=(12, 3 * num_rows), layout="constrained")
    grid = figure.subplots(num_rows, 3, squeeze=False)
    epochs = [row["epoch"] for row in history]
    handles = {}
    for axes, term in zip(grid.flat, terms, strict=False):
        for number, part in enumerate(parts):
            if (column := f"{part}_{term}") not in columns:
                continue
            values = [row.get(column, np.nan) for row in history]
            [handles[part]] = axes.plot(epochs, values, label=part, lw=1.2, color=f"C{number}")
        axes.set_title(term.replace("_", " ") if _place(term) == len(_TERMS) else term, fontsize=10)
        axes.set_xlabel("epoch", fontsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylabel(_unit(term), fontsize=8)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
    for axes in grid.flat[len(terms) :]:
        axes.axis("off")
    grid[0, 0].legend(handles=list(handles.values()), fontsize=8)
    figure.suptitle(
        "Terms of the objective (train: with the warm-up's weight in the bound; else full weight)",
        fontsize=10,
    )
    save(figure, path)


_TERMS = ("bound", "kl_prior", "log_p_", "kl_")


def _place(term: str) -> int:
    """Where a column stands among the terms of the bounds; after them if it is none."""
    starts = (place for place, start in enumerate(_TERMS) if term.startswith(start))
    return next(starts, len(_TERMS))


def _unit(term: str) -> str:
    if _place(term) < len(_TERMS):
        return "nats per example"
    return "loss, nats per example" if term.endswith("_loss") else ""


def latent_scatters(
    path: pathlib.Path,
    panels: Mapping[str, Sequence[np.ndarray]],
    classes: np.ndarray,
    class_names: Sequence[str],
    column_names: Sequence[str],
    title: str,
) -> None:
    """Points of a latent space of two dimensions, coloured by class.

    Args:
      path: of the PNG file.
      panels: name of each row to an array [points, 2] for each column; the panels of a row have the
        same axes, so that their spread can be compared.
      classes: of each point, integers [points].
      class_names: of the classes.
      column_names: above the columns.
      title: above all.
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
            # Not class by class, or the last would lie on top of the others.
            axes.scatter(*points.T, s=2, c=colours(_places(classes, class_names)), linewidths=0)
            axes.set(xlim=(left, left + 2 * half), ylim=(bottom, bottom + 2 * half))
            axes.set_aspect("equal")
            axes.tick_params(labelsize=7)
        row[0].set_ylabel(name, fontsize=11)
    for axes, name in zip(grid[0], column_names, strict=True):
        axes.set_title(name, fontsize=10)
    places = _places(np.arange(len(class_names)), class_names)
    handles = [
        Line2D([], [], ls="", marker="o", color=colours(place), label=label(name, 30))
        for place, name in zip(places, class_names, strict=True)
    ]
    figure.legend(handles=handles, loc="outside right center", fontsize=9, frameon=False)
    figure.suptitle(title, fontsize=11)
    save(figure, path)


def _places(classes: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Where the colours of classes stand in a colour map: its first ten, or all over it."""
    return classes if len(names) <= 10 else classes / (len(names) - 1)


def image_panels(
    path: pathlib.Path,
    panels: Mapping[str, np.ndarray],
    column_names: Sequence[str],
    row_names: Mapping[str, Sequence[str]],
    row_label: str,
    title: str,
) -> None:
    """Several grids of images; those with the same number of rows stand beside each other.

    Args:
      path: of the PNG file.
      panels: name of each grid to [rows, columns, height, width, channels], values in [0, 1].
      column_names: above the columns of every grid.
      row_names: name of the grid to names left of its rows; none where a grid is not in it.
      row_label: what these names are.
      title: above all.
    """
    beside: dict[int, list[str]] = {}
    for name, images in panels.items():
        beside.setdefault(len(images), []).append(name)
    # In inches: of an image, and of what stands left of a panel and above it.
    side, left, above = 0.42, 0.6, 0.55
    width = max(map(len, beside.values())) * (left + side * len(column_names))
    bottom = height = sum(above + side * rows for rows in beside) + 0.15
    figure = Figure(figsize=(width, height))
    figure.suptitle(title, fontsize=11, y=1.0, va="top")
    bottom -= 0.15
    for rows, names in beside.items():
        bottom -= above + side * rows
        for place, name in enumerate(names):
            images = panels[name]
            x = left + place * (left + side * len(column_names))
            size = (side * len(column_names) / width, side * rows / height)
            axes = figure.add_axes((x / width, bottom / height, *size))
            _show_tiled(axes, images)
            steps = np.array(images.shape[2:4]) + 1
            axes.set_xticks(steps[1] * (np.arange(images.shape[1]) + 0.5), column_names)
            if name in row_names:
                axes.set_yticks(steps[0] * (np.arange(rows) + 0.5), row_names[name])
                axes.set_ylabel(row_label, fontsize=8)
            axes.tick_params(length=0, labelsize=8, labeltop=True, labelbottom=False)
            axes.set_title(name, fontsize=10)
    save(figure, path)


def _show_tiled(axes: Axes, images: np.ndarray) -> None:
    """Images [rows, columns, height, width, channels] as one, with white lines between them."""
    framed = np.pad(images, ((0, 0), (0, 0), (0, 1), (0, 1), (0, 0)), constant_values=1.0)
    rows, columns, height, width, channels = framed.shape
    _show(axes, framed.swapaxes(1, 2).reshape(rows * height, columns * width, channels))
    axes.spines[:].set_visible(False)


def curves(
    path: pathlib.Path,
    panels: Mapping[str, Mapping[str, tuple[np.ndarray, np.ndarray]]],
    x: Sequence[float],
    x_label: str,
    y_label: str,
    title: str,
) -> None:
    """Lines with error bars, in panels beside each other.

    Args:
      path: of the PNG file.
      panels: name of each panel to name of each line to its values and their standard errors,
        [points] each; of one point, a level line. All panels have lines of the same names.
      x: where the points are, [points].
      x_label: below the panels.
      y_label: left of them.
      title: above all.
    """
    figure = Figure(figsize=(4.8 * len(panels) + 1.0, 3.8), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False)
    handles = {}
    for axes, (panel, lines) in zip(grid[0], panels.items(), strict=True):
        for number, (name, (values, errors)) in enumerate(lines.items()):
            style = {"color": f"C{number}", "lw": 1.4}
            if len(values) == 1:
                handles[name] = axes.axhline(values[0], ls="--", **style)
                band = (values[0] - errors[0], values[0] + errors[0])
                axes.axhspan(*band, color=style["color"], alpha=0.2, lw=0)
            else:
                style["marker"] = "os^vD"[number % 5]
                handles[name] = axes.errorbar(x, values, errors, ms=4, **style)
        axes.set_title(panel, fontsize=10)
        axes.set_xlabel(x_label, fontsize=9)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
    grid[0, 0].set_ylabel(y_label, fontsize=9)
    figure.legend(handles.values(), handles.keys(), loc="outside right center", fontsize=9)
    figure.suptitle(title, fontsize=11)
    save(figure, path)
