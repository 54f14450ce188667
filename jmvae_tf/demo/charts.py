"""Draws the charts of the page, as arrays."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.image import imread

from jmvae_tf.reporting.figures.png_files import as_png, short_line


def bars(
    names: Sequence[str],
    values: np.ndarray,
    limits: tuple[float, float],
    line: float = 0.0,
    most: int = 40,
) -> np.ndarray:
    """Draws values by name, the largest on top: uint8 [height, width, 3].

    Args:
      names: the names of the values.
      values: [values].
      limits: the smallest range that the axis shows.
      line: a value to mark, for example the one between yes and no.
      most: how many values are shown; the smallest are left out.
    """
    order = np.argsort(values)[-most:]
    figure = Figure(figsize=(4.6, 0.9 + 0.24 * len(order)))
    figure.set_layout_engine("constrained", rect=(0, 0, 1, 1 - 0.3 / figure.get_figheight()))
    axes = figure.subplots()  # Below the page's own title of the image.
    shown = [short_line(names[index]) for index in order]
    axes.barh(np.arange(len(order)), values[order], tick_label=shown, color="#4472c4")
    axes.set_xlim(min(limits[0], 1.05 * values.min()), max(limits[1], 1.05 * values.max()))
    axes.axvline(line, color="black", linewidth=0.8)
    axes.tick_params(labelsize=9)
    return _drawn(figure)


def scatter(
    points: np.ndarray, labels: np.ndarray, names: Sequence[str], here: np.ndarray | None
) -> np.ndarray:
    """Draws the latent space, one colour per label, with one image: uint8 [h, w, 3].

    Args:
      points: [points, 2].
      labels: the label number of each point, [points].
      names: the names of the labels.
      here: the position of the image, [2]; None for no image.
    """
    figure = Figure(figsize=(6.4, 5.6))
    figure.set_layout_engine("constrained", rect=(0, 0, 1, 0.94))  # Below the page's own title.
    axes = figure.subplots()
    colours = colormaps["tab10" if len(names) <= 10 else "tab20"]
    for number, name in enumerate(names[: labels.max() + 1]):
        x, y = points[labels == number].T
        axes.scatter(x, y, s=8, color=colours(number % 20), label=short_line(name))
    if here is not None:
        axes.scatter(here[0], here[1], s=90, marker="*", color="black", label="the image")
    axes.set_xlabel("z₁")
    axes.set_ylabel("z₂")
    axes.legend(fontsize=8, markerscale=1.5, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return _drawn(figure)


def _drawn(figure: Figure) -> np.ndarray:
    return np.round(imread(io.BytesIO(as_png(figure, 110)))[..., :3] * 255).astype(np.uint8)
