"""Version folders of a model: writes them atomically with ascending numbers, and finds them."""

import contextlib
import os
import pathlib
import re
from collections.abc import Iterator

from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import locked, remove_unfinished, unfinished_folder

# Servers store the number in 64 bits. They also accept leading zeros, which are never written here.
# Such a folder was named by hand, so it is found but not counted or removed.
_READ = re.compile("[0-9]{1,18}")
_WRITTEN = re.compile("0|[1-9][0-9]{0,17}")


class NewVersion:
    """A version that is being written.

    Attributes:
      path: the path to write to; `<folder>/<version>` once it is complete.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path


@contextlib.contextmanager
def new_version(folder: pathlib.Path, keep: int | None = None) -> Iterator[NewVersion]:
    """Yields a path to write a version to, which gets the next number at the end.

    The version is written next to the others under a name that servers ignore, and then renamed. So
    a reader never sees an incomplete version, and simultaneous exports get different numbers. The
    next export removes what a killed export left. If the body raises, nothing is left.

    Args:
      folder: the folder of the model; made if it is missing.
      keep: the number of newest versions to keep; None for all. A reader may lose the version that
        it is reading if that version is removed.

    Raises:
      ValueError: if `keep` is below 1.
      OSError: if it cannot be written.
    """
    if keep is not None and keep < 1:
        raise ValueError(f"At least one version must be kept. Received: keep_versions={keep}")
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as held:
        with locked(folder):  # Nobody may look between making and locking.
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
                    if not path.is_symlink():  # Links were made by hand.
                        path.rename(temporary / str(old))  # Atomic for readers.


def version_numbers(folder: pathlib.Path) -> list[int]:
    """Lists the numbers of the versions that exports wrote, oldest first."""
    return sorted(int(path.name) for path in _versions(folder, _WRITTEN))


def newest_version(folder: pathlib.Path) -> pathlib.Path:
    """Finds the folder of a SavedModel: the given one, or its newest version as for servers.

    Raises:
      UserError: if there is no SavedModel.
    """
    if (folder / "saved_model.pb").is_file():
        return folder
    versions = _versions(folder, _READ)
    if not versions:
        raise UserError(
            "A SavedModel or the folder above its versions is needed",
            f"{folder}, which is neither",
            "name one below saved_models/, or export a run with bin/export",
        )
    return max(versions, key=lambda path: int(path.name))


def _versions(folder: pathlib.Path, name: re.Pattern[str]) -> list[pathlib.Path]:
    return [path for path in folder.glob("*") if name.fullmatch(path.name) and path.is_dir()]


def _flush(path: pathlib.Path) -> None:
    """Flushes files to disk before their folder gets its name."""
    for entry in [path, *path.rglob("*")]:
        descriptor = os.open(entry, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
