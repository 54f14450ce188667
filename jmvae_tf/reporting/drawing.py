"""What all figures share: matplotlib's settings, text of any origin, and files."""

import io
import pathlib
import warnings

import matplotlib
from matplotlib.figure import Figure

from jmvae_tf.runtime.errors import one_line
from jmvae_tf.runtime.files import written_atomically

matplotlib.use("Agg")
matplotlib.rcdefaults()  # A matplotlibrc may ask for LaTeX, or for another look.
matplotlib.rcParams["text.parse_math"] = False  # Names may have dollars in them.

_DPI = 150
_LONGEST = 60


def label(text: object, longest: int = _LONGEST) -> str:
    """Makes text of any origin fit for a figure: one line, whose middle goes if it is long."""
    line = one_line(text)
    if len(line) > longest:
        line = f"{line[: longest // 2]}…{line[-(longest - longest // 2 - 1) :]}"
    return line


def png(figure: Figure, dpi: float, bbox_inches: str | None = None) -> bytes:
    """A figure as a PNG file; what the font does not have is drawn as a box."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ ", UserWarning)
        figure.savefig(file, format="png", dpi=dpi, bbox_inches=bbox_inches)
    return file.getvalue()


def save(figure: Figure, path: pathlib.Path) -> None:
    """Writes a figure to a PNG file.

    Raises:
      OSError: if it cannot be written.
    """
    with written_atomically(path) as temporary:
        temporary.write_bytes(png(figure, _DPI, "tight"))
