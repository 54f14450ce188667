"""Keeps count of the files uploaded to a page, and knows which paths are among them."""

import contextlib
import os
import pathlib
import stat
import time
from collections.abc import Iterator

LARGEST = 10 * 2**20
"""Bytes of one upload."""

FORGOTTEN_AFTER = 600
"""Seconds, after which uploads and what was shown are removed."""

_MOST = 100
_MOST_BYTES = 256 * 2**20
_COUNTED_FOR = 2 * FORGOTTEN_AFTER  # Seconds; one that is removed late is counted till then.


class Uploads:
    """The folder of one start of the page, with its uploads and what it shows.

    Args:
      folder: the folder, which exists.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = pathlib.Path(folder).resolve(strict=True)
        self._taken: list[tuple[float, int]] = []  # When, and how many bytes; oldest first.

    def holds(self, path: object) -> bool:
        """Whether a path, which may be anything, leads to a regular file in the folder.

        It must be absolute. Links are followed, and must not lead out of the folder.
        """
        if not isinstance(path, str) or not os.path.isabs(path):
            return False
        try:
            resolved = pathlib.Path(path).resolve(strict=True)
            is_regular = stat.S_ISREG(resolved.lstat().st_mode)
        except (OSError, RuntimeError, ValueError):  # Missing, too long, a circle, a null byte.
            return False
        return is_regular and resolved.is_relative_to(self._folder)

    @contextlib.contextmanager
    def place_for(self, size: int) -> Iterator[bool]:
        """Keeps a place for an upload, for good if the body does not raise.

        Args:
          size: its size in bytes, at most.

        Yields:
          Whether there is one: uploads are limited in number and total.
        """
        now = time.monotonic()
        self._taken = [x for x in self._taken if now - x[0] < _COUNTED_FOR]
        total = size + sum(taken for _, taken in self._taken)
        if len(self._taken) >= _MOST or total > _MOST_BYTES:
            yield False
            return
        place = (now, size)
        self._taken.append(place)
        try:
            yield True
        except BaseException:
            with contextlib.suppress(ValueError):  # It has been forgotten meanwhile.
                self._taken.remove(place)
            raise
