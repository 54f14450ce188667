"""Counts the files uploaded to a page and checks which paths are among them."""

import contextlib
import os
import pathlib
import stat
import time
from collections.abc import Iterator

LARGEST = 10 * 2**20
"""Bytes of one upload."""

FORGOTTEN_AFTER = 600
"""Seconds after which uploads and displayed files are removed."""

_MOST = 100
_MOST_BYTES = 256 * 2**20
_COUNTED_FOR = 2 * FORGOTTEN_AFTER  # Seconds; includes uploads that are removed late.


class Uploads:
    """The folder of the running page, with its uploads and displayed files.

    Args:
      folder: the folder, which must exist.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = pathlib.Path(folder).resolve(strict=True)
        self._taken: list[tuple[float, int]] = []  # Time and bytes; oldest first.

    def holds(self, path: object) -> bool:
        """Tells whether a path, which may be any object, leads to a regular file in the folder.

        It must be absolute. Links are followed, and must not lead out of the folder.
        """
        if not isinstance(path, str) or not os.path.isabs(path):
            return False
        try:
            resolved = pathlib.Path(path).resolve(strict=True)
            is_regular = stat.S_ISREG(resolved.lstat().st_mode)
        except (OSError, RuntimeError, ValueError):  # Missing, too long, a loop, a null byte.
            return False
        return is_regular and resolved.is_relative_to(self._folder)

    @contextlib.contextmanager
    def place_for(self, size: int) -> Iterator[bool]:
        """Reserves a place for an upload; keeps it if the body does not raise.

        Args:
          size: its largest possible size in bytes.

        Yields:
          Whether there is a place; uploads are limited in number and total size.
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
            with contextlib.suppress(ValueError):  # It has been removed meanwhile.
                self._taken.remove(place)
            raise
