"""Version folders of a model: written whole, numbered one above the last, found by readers."""

import contextlib
import os
import pathlib
import re
from collections.abc import Iterator

from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import locked, remove_unfinished, unfinished_folder

# Servers hold the number in 64 bits. They also read zeros in front, which are never written here:
# such a folder was named by hand, so it is found but not counted or removed.
_READ = re.compile("[0-9]{1,18}")
_WRITTEN = re.compile("0|[1-9][0-9]{0,17}")


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

    The version is written beside the others, under a name that no server reads, and then renamed:
    a reader never sees half of one, and simultaneous exports get different numbers. Leftovers of a
    killed export are removed by the next one. If the body raises, nothing is left.

    Args:
      folder: the folder of the model; made if it is missing.
      keep: how many of the newest versions stay; None for all. A reader may lose the version that
        it is reading if that one is removed.

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
            number = max(version_numbers(folder), default=0) + 1
            while os.path.lexists(folder / str(number)):  # Something else has that name.
                number += 1
            version.path = version.path.rename(folder / str(number))
            if keep is not None:
                for old in version_numbers(folder)[:-keep]:
                    path = folder / str(old)
                    if not path.is_symlink():  # A link was made by hand.
                        path.rename(temporary / str(old))  # For readers at once.


def version_numbers(folder: pathlib.Path) -> list[int]:
    """Lists the numbers of the versions that exports have written, oldest first."""
    return sorted(int(path.name) for path in _versions(folder, _WRITTEN))


def newest_version(folder: pathlib.Path) -> pathlib.Path:
    """Finds the folder of a SavedModel: the one given, or its newest version as servers choose it.

    Raises:
      UserError: if there is none.
    """
    if (folder / "saved_model.pb").is_file():
        return folder
    versions = _versions(folder, _READ)
    if not versions:
        raise UserError(
            "A SavedModel or the folder above its versions must be named",
            f"{folder}, which is neither",
            "name one below saved_models/, or export a run with bin/export",
        )
    return max(versions, key=lambda path: int(path.name))


def _versions(folder: pathlib.Path, name: re.Pattern[str]) -> list[pathlib.Path]:
    return [path for path in folder.glob("*") if name.fullmatch(path.name) and path.is_dir()]


def _flush(path: pathlib.Path) -> None:
    """Makes sure that files are on disk before their folder gets its name."""
    for entry in [path, *path.rglob("*")]:
        descriptor = os.open(entry, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
