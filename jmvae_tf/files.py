"""Reading files with limits, and writing them so that no half-written one has its name."""

import contextlib
import errno
import fcntl
import json
import os
import pathlib
import shutil
import stat
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


def read_limited(path: pathlib.Path, limit: int, pipe: bool = False) -> bytes:
    """Reads a regular file that may be anybody's: never endless, and never waiting for a writer.

    Args:
      path: of the file; links are followed.
      limit: the most bytes that are read.
      pipe: read a pipe too. Set it only for what the user named on the command line, where it may
        be a process substitution of the shell.

    Raises:
      OSError: if the file cannot be read, or is no regular file.
      ValueError: if it is larger than the limit.
    """
    if pipe and stat.S_ISFIFO(path.stat().st_mode):
        flags = os.O_RDONLY
    else:
        flags = os.O_RDONLY | os.O_NONBLOCK  # Opening a pipe would wait for its writer.
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) and not (pipe and stat.S_ISFIFO(mode)):
            number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
            reason = os.strerror(number) if stat.S_ISDIR(mode) else "Not a regular file"
            raise OSError(number, reason, str(path))
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise ValueError(f"more than the {limit} bytes that are read of it")
    return content


def read_json(path: pathlib.Path, limit: int = 1 << 24) -> dict[str, Any]:
    """Reads a JSON object that may be anybody's.

    Args:
      path: of the file.
      limit: the most bytes that are read.

    Raises:
      OSError: if the file cannot be read, or is no regular file.
      ValueError: if it holds something else, or more than the limit.
    """
    content = read_limited(path, limit)
    try:
        value = json.loads(content)
    except RecursionError as error:
        raise ValueError("objects too deep in each other") from error
    if not isinstance(value, dict):
        raise ValueError(f"{type(value).__name__} where an object was expected")
    return value
