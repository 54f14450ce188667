"""The versions of a model below its folder: whole ones only, numbered one above the last."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator

_WRITING = ".writing-"
_REMOVING = ".removing-"


class NewVersion:
    """A version that is being written.

    Attributes:
      path: where to write; `<folder>/<version>` once it is whole.
    """

    def __init__(self, path: pathlib.Path) -> None:
        """See the class."""
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
    temporary, lock = _claim(folder)
    try:
        version = NewVersion(temporary / "version")
        yield version
        _flush(version.path)
        version.path = _take_next(version.path, folder)
        if keep is not None:
            for number in versions(folder)[:-keep]:
                _remove(folder / str(number))
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(lock)


def versions(folder: pathlib.Path) -> list[int]:
    """The numbers of the versions that are there, oldest first."""
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal())


def _claim(folder: pathlib.Path) -> tuple[pathlib.Path, int]:
    """A temporary folder and its lock, which tells other exports that it is in use.

    A lock ends with its process, however that ends.
    """
    parent = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(parent, fcntl.LOCK_EX)  # None may look between making and locking.
        for left in [*folder.glob(f"{_WRITING}*"), *folder.glob(f"{_REMOVING}*")]:
            _remove_if_abandoned(left)
        temporary = pathlib.Path(tempfile.mkdtemp(prefix=_WRITING, dir=folder))
        lock = os.open(temporary, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return temporary, lock
    finally:
        os.close(parent)


def _remove_if_abandoned(path: pathlib.Path) -> None:
    try:
        lock = os.open(path, os.O_RDONLY)
    except OSError:  # Its own export has just removed it.
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(lock)


def _flush(path: pathlib.Path) -> None:
    """Sees to it that files are on disk before their folder gets its name."""
    for entry in [path, *path.rglob("*")]:
        descriptor = os.open(entry, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _take_next(written: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """Renames `written` to the next whole number that no other export takes first."""
    while True:
        path = folder / str(max(versions(folder), default=0) + 1)
        try:
            # Renaming onto a folder that is not empty fails: another export was faster.
            return written.rename(path)
        except OSError:
            if not path.exists():
                raise


def _remove(version: pathlib.Path) -> None:
    """Removes a version, for readers all at once."""
    removing = version.with_name(f"{_REMOVING}{version.name}")
    with contextlib.suppress(FileNotFoundError):  # Another export removes it.
        version.rename(removing)
        shutil.rmtree(removing, ignore_errors=True)
