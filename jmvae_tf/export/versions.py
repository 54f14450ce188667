"""The versions of a model below its folder: whole ones only, numbered one above the last."""

import contextlib
import os
import pathlib
import re
from collections.abc import Iterator

from jmvae_tf.runtime.files import locked, remove_unfinished, unfinished_folder

_VERSION_NAME = re.compile("0|[1-9][0-9]{0,17}")  # Servers hold the number in 64 bits.


class NewVersion:
    """A version that is being written.

    Attributes:
      path: where to write; `<folder>/<version>` once it is whole.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path


@contextlib.contextmanager
def new_version(folder: pathlib.Path, keep: int | None = None) -> Iterator[NewVersion]:
    """Gives a path to write a version to, which becomes the next whole number at the end.

    It is written beside the versions, under a name that no server takes for one, and then renamed;
    so a reader never sees half of one, and exports at the same time get different numbers. What an
    export that was killed left behind is removed by the next one. If the body raises, nothing is
    left.

    Args:
      folder: of the model; made if it is not there.
      keep: how many of the newest versions stay; None for all. A reader may lose the one that it
        is reading if that is among those removed.

    Raises:
      ValueError: if no version is to be kept.
      OSError: if it cannot be written.
    """
    if keep is not None and keep < 1:
        raise ValueError(f"At least one version is kept. Received: keep_versions={keep}")
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as held:
        with locked(folder):  # None may look between making and locking.
            remove_unfinished(folder)
            temporary = held.enter_context(unfinished_folder(folder))
        version = NewVersion(temporary / "version")
        yield version
        _flush(version.path)
        with locked(folder):
            number = max(versions(folder), default=0) + 1
            while os.path.lexists(folder / str(number)):  # Something else has that name.
                number += 1
            version.path = version.path.rename(folder / str(number))
            if keep is not None:
                for old in versions(folder)[:-keep]:
                    path = folder / str(old)
                    if not path.is_symlink():  # A link was made by hand.
                        path.rename(temporary / str(old))  # For readers at once.


def versions(folder: pathlib.Path) -> list[int]:
    """The numbers of the versions that are there, oldest first."""
    return sorted(
        int(path.name)
        for path in folder.iterdir()
        if _VERSION_NAME.fullmatch(path.name) and path.is_dir()
    )


def _flush(path: pathlib.Path) -> None:
    """Sees to it that files are on disk before their folder gets its name."""
    for entry in [path, *path.rglob("*")]:
        descriptor = os.open(entry, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
