"""Sets up matplotlib, makes untrusted text safe for figures, and writes PNG files."""

import io
import pathlib
import warnings

import matplotlib
from matplotlib.figure import Figure

from jmvae_tf.runtime.errors import one_line
from jmvae_tf.runtime.files import written_atomically

matplotlib.use("Agg")
matplotlib.rcdefaults()  # A matplotlibrc may ask for LaTeX or another look.
matplotlib.rcParams["text.parse_math"] = False  # Names may contain dollar signs.

_DPI = 150
_LONGEST = 60


def short_line(text: object, longest: int = _LONGEST) -> str:
    """Makes untrusted text safe for a figure: one line, without the middle if it is long."""
    line = one_line(text)
    if len(line) > longest:
        line = f"{line[: longest // 2]}…{line[-(longest - longest // 2 - 1) :]}"
    return line


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
