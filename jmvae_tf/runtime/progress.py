"""Shows how far long work is: a bar on a terminal, elsewhere a plain line now and then."""

import io
import os
import sys
from collections.abc import Iterable
from typing import Any, TextIO, TypeVar

from tqdm import tqdm

_BAR = "{desc} {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left"
_LINE = "{desc}: {percentage:.0f}% after {elapsed}, about {remaining} left"

_SECONDS_BEFORE_A_BAR = 1.0  # Bars of shorter work would only flicker.
_SECONDS_BETWEEN_LINES = 30.0

_Item = TypeVar("_Item")


def time_in_words(seconds: float) -> str:
    """Writes a time in minutes, or in hours if it is long."""
    minutes = max(1, round(seconds / 60))
    return f"{minutes} min" if minutes < 120 else f"{seconds / 3600:.1f} h"


def shows_bars(stream: TextIO) -> bool:
    """Tells whether a stream is a terminal; tqdm shows nothing on one without columns."""
    try:
        return stream.isatty() and os.get_terminal_size(stream.fileno()).columns > 0
    except OSError:  # Its size cannot be asked for.
        return True


class _PlainLines(tqdm):
    """Prints lines, and none for work that is done before the first would be due."""

    monitor_interval = 0  # No thread that redraws a bar.

    def display(self, msg: str | None = None, pos: int | None = None) -> bool:
        """Prints a line; the end of the work, which clears a bar, has none."""
        if msg is None:
            print(self.format_meter(**self.format_dict), flush=True)
        return True


def with_progress(items: Iterable[_Item], description: str) -> Iterable[_Item]:
    """Yields the items, and shows how many have been done.

    Args:
      items: what is worked on, of a known number.
      description: what is done, for the bar or the lines.
    """
    options: dict[str, Any] = {"desc": description, "leave": False}
    if shows_bars(sys.stderr):
        return tqdm(
            items, bar_format=_BAR, dynamic_ncols=True, delay=_SECONDS_BEFORE_A_BAR, **options
        )
    return _PlainLines(
        items,
        bar_format=_LINE,
        file=io.StringIO(),  # Of what clears a bar.
        miniters=1,
        mininterval=_SECONDS_BETWEEN_LINES,
        delay=_SECONDS_BETWEEN_LINES,
        **options,
    )
