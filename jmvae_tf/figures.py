"""Pictures of images, labels and training: from arrays to PNG files with matplotlib."""

import pathlib
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from jmvae_tf.files import written_atomically

matplotlib.use("Agg")

_INCHES = 0.7
_DPI = 150


def _save(figure: Figure, path: pathlib.Path) -> None:
    with written_atomically(path) as temporary:
        figure.savefig(temporary, dpi=_DPI, bbox_inches="tight")


def _show(axes: Axes, image: np.ndarray) -> None:
    """An image (height, width, 1 or 3) of values in [0, 1]; grey ones white on black."""
    axes.imshow(np.squeeze(image, -1) if image.shape[-1] == 1 else image, "gray", vmin=0, vmax=1)
    axes.set_xticks([])
    axes.set_yticks([])


def image_grid(
    path: pathlib.Path,
    images: np.ndarray,
    title: str,
    column_names: Sequence[str] = (),
    row_names: Sequence[str] = (),
) -> None:
    """Images in rows and columns.

    Args:
      path: of the PNG file.
      images: [rows, columns, height, width, channels], values in [0, 1].
      title: above all.
      column_names: above the columns.
      row_names: left of the rows.
    """
    num_rows, num_columns = images.shape[:2]
    figure = Figure(figsize=(_INCHES * num_columns, _INCHES * num_rows), layout="constrained")
    grid = figure.subplots(
        num_rows, num_columns, squeeze=False, gridspec_kw={"wspace": 0.04, "hspace": 0.04}
    )
    for row in range(num_rows):
        for column in range(num_columns):
            _show(grid[row, column], images[row, column])
    for axes, name in zip(grid[0], column_names, strict=False):
        axes.set_title(name, fontsize=9)
    for axes, name in zip(grid[:, 0], row_names, strict=False):
        axes.set_ylabel(name, fontsize=8, rotation=0, ha="right", va="center")
    figure.suptitle(title, fontsize=10)
    _save(figure, path)


def labels_by_image(
    path: pathlib.Path, images: np.ndarray, probabilities: np.ndarray, names: Sequence[str]
) -> None:
    """Each image beside the probabilities of the labels generated from it.

    Args:
      path: of the PNG file.
      images: [examples, height, width, channels], values in [0, 1].
      probabilities: [examples, classes].
      names: of the classes.
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
        _show(picture, image)
        colours = ["tab:blue" if p == row.max() else "lightsteelblue" for p in row]
        bars.bar(range(len(row)), row, color=colours)
        bars.set_ylim(0, 1)
        bars.set_yticks([])
        bars.set_xticks(range(len(row)), names, fontsize=6)
        bars.spines[["top", "right", "left"]].set_visible(False)
    figure.suptitle("Labels generated from test images: p(label | z), z the mean of q(z | image)")
    _save(figure, path)


def loss_terms(path: pathlib.Path, history: Sequence[Mapping[str, float]]) -> None:
    """The bound and each of its terms by epoch.

    Args:
      path: of the PNG file.
      history: rows with an "epoch" and columns "<part>_<term>", as `history.csv` has them.
    """
    parts = [
        part
        for part in ("train", "validation", "test")
        if any(column.startswith(f"{part}_") for column in history[0])
    ]
    terms = [column[len("train_") :] for column in history[0] if column.startswith("train_")]
    # As the equations have them; Keras sorts them by name.
    order = ("bound", "kl_prior", "log_p_", "kl_")
    terms.sort(key=lambda term: next(i for i, start in enumerate(order) if term.startswith(start)))
    num_rows = -(-len(terms) // 3)
    figure = Figure(figsize=(12, 3 * num_rows), layout="constrained")
    grid = figure.subplots(num_rows, 3, squeeze=False)
    epochs = [row["epoch"] for row in history]
    for axes, term in zip(grid.flat, terms, strict=False):
        for part in parts:
            axes.plot(epochs, [row[f"{part}_{term}"] for row in history], label=part, lw=1.2)
        axes.set_title(term, fontsize=10)
        axes.set_xlabel("epoch", fontsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylabel("nats per example", fontsize=8)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
    for axes in grid.flat[len(terms) :]:
        axes.axis("off")
    grid[0, 0].legend(fontsize=8)
    figure.suptitle(
        "Terms of the objective (train: with the warm-up's weight in the bound; else full weight)",
        fontsize=10,
    )
    _save(figure, path)
