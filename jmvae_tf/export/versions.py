"""The versions of a model below its folder: whole ones only, numbered one above the last."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator

_WRITING = ".writing-"


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
        with _locked(folder):
            number = max(versions(folder), default=0) + 1
            version.path = version.path.rename(folder / str(number))
            if keep is not None:
                for old in versions(folder)[:-keep]:
                    (folder / str(old)).rename(temporary / str(old))  # For readers at once.
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(lock)


def versions(folder: pathlib.Path) -> list[int]:
    """The numbers of the versions that are there, oldest first."""
    return sorted(
        int(path.name)
        for path in folder.iterdir()
        if path.name.isdecimal() and str(int(path.name)) == path.name and path.is_dir()
    )


def _claim(folder: pathlib.Path) -> tuple[pathlib.Path, int]:
    """A temporary folder and its lock, which tells other exports that it is in use.

    A lock ends with its process, however that ends.
    """
    with _locked(folder):  # None may look between making and locking.
        for left in folder.glob(f"{_WRITING}*"):
            _remove_if_abandoned(left)
        temporary = pathlib.Path(tempfile.mkdtemp(prefix=_WRITING, dir=folder))
        lock = os.open(temporary, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return temporary, lock


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[None]:
    """Has other exports to the folder wait."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


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
