"""Sets up matplotlib, makes untrusted text safe for figures, and writes PNG files."""

import io
import pathlib
import textwrap
import warnings
from typing import Any

import matplotlib
import numpy as np
from matplotlib import style
from matplotlib.figure import Figure

from jmvae_tf.runtime.errors import one_line
from jmvae_tf.runtime.files import written_atomically

matplotlib.use("Agg")
matplotlib.rcdefaults()  # A matplotlibrc may ask for LaTeX or another look.
style.use(pathlib.Path(__file__).with_name("figures.mplstyle"))

WIDTH = 8.3
"""Inches of a whole figure's width; its texts are legible where a page shows it 830 pixels wide."""

RIGHT, MISSED, WRONG = "#1f6fb4", "#8d6b00", "#d1480c"
"""Colours of what is right, missed and wrong; a mark always says the same."""

_DPI = 150
_LONGEST = 60
_LONGEST_TITLE = 300
_LEAST_TITLE = 4.8  # Inches; saved figures grow to hold their titles.
_TITLE_LETTER, _NOTE_LETTER = 0.108, 0.067  # Inches of a letter.


def short_line(text: object, longest: int = _LONGEST) -> str:
    """Makes untrusted text safe for a figure: one line, without the middle if it is long."""
    line = one_line(text)
    if len(line) > longest:
        line = f"{line[: longest // 2]}…{line[-(longest - longest // 2 - 1) :]}"
    return line


def spaced(name: str) -> str:
    """Returns the name of an attribute as words, "Wearing Hat" for "Wearing_Hat"."""
    return name.replace("_", " ").strip() or name


def set_title(figure: Figure, title: str, note: str = "") -> int:
    """Sets the title of a figure, and a note in small letters below it all.

    Args:
      figure: a figure of its final width.
      title: the title, broken into lines if it is long.
      note: how to read the figure, or how it was made; empty for none.

    Returns:
      The number of lines of both.
    """
    width = max(figure.get_figwidth(), _LEAST_TITLE)
    lines = textwrap.wrap(short_line(title, _LONGEST_TITLE), int(width / _TITLE_LETTER))
    figure.suptitle("\n".join(lines), linespacing=1.3)
    notes = textwrap.wrap(short_line(note, _LONGEST_TITLE), int(width / _NOTE_LETTER))
    if notes:
        figure.supxlabel("\n".join(notes), fontsize=8, color="#616e7c", linespacing=1.3)
    return len(lines) + len(notes)


def class_colours(number: int) -> list[Any]:
    """Returns a colour for each of a number of classes; those of ten can be told apart."""
    if number <= 10:
        return [f"C{place}" for place in range(number)]
    return list(matplotlib.colormaps["turbo"](np.linspace(0, 1, number)))


def as_png(figure: Figure, dpi: float, bbox_inches: str | None = None) -> bytes:
    """Encodes a figure; draws a box for each character that the font lacks."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ ", UserWarning)
        figure.savefig(file, format="png", dpi=dpi, bbox_inches=bbox_inches)
    return file.getvalue()


def save_figure(figure: Figure, path: pathlib.Path) -> None:
    """Writes a figure to a PNG file.

    Raises:
      OSError: if it cannot be written.
    """
    with written_atomically(path) as temporary:
        temporary.write_bytes(as_png(figure, _DPI, "tight"))
