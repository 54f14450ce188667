"""Writing files so that no half-written one is ever found under its name."""

import contextlib
import errno
import fcntl
import json
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

_UNFINISHED = ".writing-"


@contextlib.contextmanager
def written_atomically(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a temporary path to write to; what was written takes the name `path` at the end.

    If the body raises, the file that was at `path` stays as it was. The ending of the temporary
    name is that of `path`, for writers that go by it.

    Raises:
      OSError: if it cannot be written; it names `path`, which not all libraries do by themselves.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = pathlib.Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=path.parent))
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # Says that this process lives.
            temporary = folder / path.name
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno or errno.EIO, reason, str(path)) from error


def is_unfinished(path: pathlib.Path) -> bool:
    """Whether that is where `written_atomically` writes before a file has its name."""
    return path.name.startswith(_UNFINISHED)


def remove_unfinished(folder: pathlib.Path) -> None:
    """Removes what killed processes have left, in a folder and those in it, of their writing."""
    for left in [*folder.glob(f"{_UNFINISHED}*"), *folder.glob(f"*/{_UNFINISHED}*")]:
        with contextlib.suppress(OSError):  # It is gone, or a process is still writing.
            lock = os.open(left, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left)
            finally:
                os.close(lock)


def write_json(path: pathlib.Path, value: Mapping[str, Any]) -> None:
    """Writes a JSON file atomically."""
    with written_atomically(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def read_json(path: pathlib.Path) -> dict[str, Any]:
    """Reads a JSON object.

    Raises:
      OSError: if the file cannot be read.
      ValueError: if it holds something else.
    """
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise ValueError(f"{type(value).__name__} where an object was expected")
    return value
