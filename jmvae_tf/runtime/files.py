"""Folder locks, temporary names, atomic writing and reading within limits.

All locks and all temporary names of the package are made here.
"""

import collections
import contextlib
import errno
import fcntl
import functools
import glob
import json
import os
import pathlib
import shutil
import stat
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from jmvae_tf.runtime.errors import UserError, one_line

_UNFINISHED = ".writing-"
_MARK = ".jmvae_tf.lock"
_NO_FLOCK = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
_SHOWN = 80  # Characters of a name in a message.
_PATIENCE = 3.0  # Seconds; filelock takes over a mark with an incomplete record after two.


@contextlib.contextmanager
def locked(folder: pathlib.Path, wait: bool = True) -> Iterator[None]:
    """Locks an existing folder against other callers; afterwards removes it if it is empty.

    The lock ends with its process, however the process ends. If the file system has no `flock`, a
    file in the folder marks the lock, and a mark is taken over once its process is dead. That is
    only known for processes of this host.

    Args:
      folder: the folder to lock.
      wait: whether to wait if another process holds the lock.

    Raises:
      BlockingIOError: if another process holds the lock and `wait` is not set.
      OSError: if the folder cannot be locked.
    """
    while True:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            is_flocked = _flock(descriptor, folder, wait)
            if is_flocked and not _is_at(descriptor, folder):
                # The last holder has removed the folder, so this lock would protect nothing.
                if not wait:
                    raise BlockingIOError(errno.EAGAIN, "another process held it", str(folder))
                folder.mkdir(parents=True, exist_ok=True)
                continue
            with contextlib.nullcontext() if is_flocked else _marked(folder, wait):
                yield
            with contextlib.suppress(OSError):  # Usually it is not empty.
                folder.rmdir()
            return
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def claimed(folder: pathlib.Path, purpose: str, flag: str) -> Iterator[None]:
    """Makes a folder and locks it, or raises an error if another process holds it.

    Removes what killed processes left in it. Afterwards removes the folders it made if they are
    still empty.

    Args:
      folder: the folder to lock.
      purpose: what only one process may do at a time, as a verb for the message.
      flag: the program's flag that chooses another folder.

    Raises:
      UserError: if another process holds the lock.
      OSError: if the folder cannot be made or locked.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(locked(folder, wait=False))
        except BlockingIOError as error:
            raise UserError(
                f"Only one process may {purpose}",
                f"{folder}, where another is at work: {error.strerror}",
                f"wait for it, or choose another --{flag}",
            ) from error
        remove_unfinished(folder)
        try:
            yield
        finally:
            for path in made:
                with contextlib.suppress(OSError):  # Usually it is not empty.
                    path.rmdir()


def _is_at(descriptor: int, path: pathlib.Path) -> bool:
    """Tells whether an open file or folder still has this path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _flock(descriptor: int, folder: pathlib.Path, wait: bool) -> bool:
    """Locks an open folder as `locked` does; returns False if the file system cannot."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError as error:
        raise BlockingIOError(error.errno, "another process holds it", str(folder)) from error
    except OSError as error:
        if error.errno not in _NO_FLOCK:
            raise OSError(error.errno, error.strerror, str(folder)) from error
        return False
    return True


@contextlib.contextmanager
def _marked(folder: pathlib.Path, wait: bool) -> Iterator[None]:
    """Locks as `locked` does, with a file."""
    from filelock import SoftFileLock, Timeout  # Rarely needed.

    _warn_of_marks()
    path = folder / _MARK
    lock = SoftFileLock(path)
    while True:
        try:
            lock.acquire(timeout=_PATIENCE)
            break
        except Timeout:
            holder = _living_holder(path)
            if holder is not None and not wait:
                reason = f"{holder} holds it; if that has died, remove {path}"
                raise BlockingIOError(errno.EAGAIN, reason, str(folder)) from None
    try:
        yield
    finally:
        lock.release()


@functools.cache
def _warn_of_marks() -> None:
    warnings.warn(
        "a file system has no flock: locks are files there, which do not show whether a process "
        "of another host has died",
        RuntimeWarning,
        stacklevel=1,
    )


def _living_holder(mark: pathlib.Path) -> str | None:
    """Names the process that holds a mark; removes a dead process's mark if filelock did not.

    To take over a mark, filelock exchanges two names, which NFS and other file systems cannot do.
    It also never removes empty marks, of processes killed before they wrote their number.

    Returns:
      A phrase; None if the mark is gone.
    """
    from filelock import SoftFileLock, Timeout

    try:
        record = mark.read_bytes()
        if record:
            with tempfile.TemporaryDirectory() as elsewhere:
                copy = pathlib.Path(elsewhere) / mark.name
                copy.write_bytes(record)
                SoftFileLock(copy).acquire(timeout=_PATIENCE).lock.release()  # It is dead.
        aside = pathlib.Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=mark.parent))
        try:
            taken = mark.rename(aside / mark.name)
            if taken.read_bytes() != record:  # Another process was faster and holds the folder.
                os.link(taken, mark)
        finally:
            shutil.rmtree(aside)
    except Timeout:
        return "process " + " of ".join(record.decode("utf-8", "replace").split()[:2])
    except FileNotFoundError:
        pass
    return None


@contextlib.contextmanager
def unfinished_folder(parent: pathlib.Path) -> Iterator[pathlib.Path]:
    """Makes a temporary folder that `remove_unfinished` keeps while its process lives.

    Args:
      parent: the folder to make it in.

    Raises:
      OSError: if it cannot be made.
    """
    folder = pathlib.Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=parent))
    with locked(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def written_atomically(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields a temporary path to write to and renames it to `path` afterwards.

    If the body raises, the file at `path` is unchanged. The temporary path has the suffix of
    `path`, for writers that choose a format by it.

    Raises:
      OSError: if it cannot be written; the error names `path`, which not all libraries do.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished_folder(path.parent) as folder:
            temporary = folder / path.name
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno or errno.EIO, reason, str(path)) from error


def check_can_write(folder: pathlib.Path, flag: str) -> None:
    """Checks before long work that files can be written in a folder, which may not exist yet.

    Permissions do not tell it, so a temporary folder is made there, or in the lowest folder above
    it, and removed.

    Args:
      folder: the folder.
      flag: the program's flag that names it.

    Raises:
      UserError: if files cannot be written there.
    """
    try:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        os.rmdir(tempfile.mkdtemp(prefix=_UNFINISHED, dir=there))
    except OSError as error:
        raise UserError(
            f"--{flag} must name a place where files can be written",
            f"{folder}: {error.strerror or error}",
            f"choose another --{flag}",
        ) from error


def is_temporary(path: pathlib.Path) -> bool:
    """Tells whether a path was left by `written_atomically`, `unfinished_folder` or `locked`."""
    return path.name.startswith((_UNFINISHED, _MARK))


def remove_unfinished(folder: pathlib.Path) -> None:
    """Deletes temporary folders of killed processes in `folder` and its direct subfolders."""
    patterns = (f"{_UNFINISHED}*", f"*/{_UNFINISHED}*")
    # Unlike pathlib's, this glob does not fail if others remove folders meanwhile.
    for left in [folder / name for x in patterns for name in glob.glob(x, root_dir=folder)]:
        if left.parent != folder and left.parent.is_symlink():  # Outside of `folder`.
            continue
        with contextlib.suppress(OSError):  # It is gone or a process still writes to it.
            with locked(left, wait=False):
                shutil.rmtree(left)


def replace_folder(new: pathlib.Path, path: pathlib.Path) -> None:
    """Replaces a folder with another; a kill at any moment loses neither.

    Moves the old folder aside, renames the new one, then removes the old one. After a kill between
    the two renames there is no folder at `path`; `restore_folder` repairs that.

    Args:
      new: the new folder, on the same file system.
      path: the old folder, which may be missing.

    Raises:
      OSError: if it cannot be replaced; the old folder is restored if possible.
    """
    restore_folder(path)
    aside = _aside(path)
    if path.exists():
        path.rename(aside)
    try:
        new.rename(path)
    finally:
        restore_folder(path)


def restore_folder(path: pathlib.Path) -> None:
    """Finishes a killed `replace_folder`: restores the old folder, or removes it."""
    aside = _aside(path)
    if not aside.is_dir():
        return
    if path.exists():
        shutil.rmtree(aside)
    else:
        aside.rename(path)


def _aside(path: pathlib.Path) -> pathlib.Path:
    return path.with_name(f".replaced-{path.name}")


def write_json(path: pathlib.Path, value: Mapping[str, Any]) -> None:
    """Writes a JSON file atomically."""
    with written_atomically(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def read_limited(path: pathlib.Path, limit: int, pipe: bool = False) -> bytes:
    """Reads an untrusted regular file; never reads endlessly or waits for a writer.

    Args:
      path: path of the file; links are followed.
      limit: the most bytes to read.
      pipe: whether to read a pipe too. Set it only for a path that the user named on the command
        line: the shell's process substitution is a pipe.

    Raises:
      OSError: if the file cannot be read or is not a regular file.
      ValueError: if it is larger than the limit.
    """
    if pipe and stat.S_ISFIFO(path.stat().st_mode):
        flags = os.O_RDONLY
    else:
        flags = os.O_RDONLY | os.O_NONBLOCK  # Otherwise opening a pipe waits for its writer.
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
        raise ValueError(f"more than the {limit} bytes allowed")
    return content


def read_json(path: pathlib.Path, limit: int = 1 << 24) -> dict[str, Any]:
    """Reads a JSON object from an untrusted file.

    Args:
      path: path of the file.
      limit: the most bytes to read.

    Raises:
      OSError: if the file cannot be read or is not a regular file.
      ValueError: if it is not a JSON object, repeats a name, or is larger than the limit.
    """
    content = read_limited(path, limit)
    try:
        value = json.loads(content, object_pairs_hook=_unambiguous)
    except RecursionError as error:
        raise ValueError("objects nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError(f"{type(value).__name__} where an object was expected")
    return value


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Makes a JSON object; raises ValueError for a repeated name, which is ambiguous."""
    named = dict(pairs)
    if len(named) < len(pairs):
        [(name, _)] = collections.Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"an object that repeats the name {one_line(name)[:_SHOWN]!r}")
    return named
