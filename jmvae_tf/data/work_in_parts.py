"""Work on many files, done in parts by several processes.

Parts are files in a folder. Those that are whole are kept, so work that was interrupted resumes.
This module does not import TensorFlow, so that its processes start quickly and need little memory.
"""

import concurrent.futures
import concurrent.futures.process
import contextlib
import multiprocessing
import os
import pathlib
import re
import shutil
import signal
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any, Protocol

import cv2
import numpy as np
from tqdm import tqdm

from jmvae_tf.runtime import signals
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import claimed, read_json, write_json, written_atomically
from jmvae_tf.runtime.progress import shows_bars

_PART_NAME = re.compile(r"part-[0-9]{5,}\.npz")
_STDERR = 2

WritePart = Callable[[range, pathlib.Path], None]
"""Makes the part of some rows and writes it to a path."""


class Work(Protocol):
    """What is to be done; it is sent to each process."""

    def open(self) -> WritePart:
        """Opens what a process needs, and returns the function that makes a part."""


class PartFiles:
    """The parts of a piece of work.

    Attributes:
      folder: their folder.
      source: identifies what they are made from, and how.
      ranges: the rows of each part.
    """

    def __init__(
        self, folder: pathlib.Path, number: int, part_size: int, source: Mapping[str, Any]
    ) -> None:
        """Divides the rows.

        Args:
          folder: folder for the parts.
          number: the number of rows.
          part_size: the number of rows in a part, some seconds of work.
          source: see the class.
        """
        self.folder = folder
        self.source = source
        self.ranges = [
            range(start, min(start + part_size, number)) for start in range(0, number, part_size)
        ]

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Keeps other processes from doing the same work.

        Raises:
          UserError: if another process is doing it.
        """
        return claimed(self.folder, "prepare a data set", "data_dir")

    def path(self, index: int) -> pathlib.Path:
        """Returns the path of a part."""
        return self.folder / f"part-{index:05d}.npz"

    def make(self, work: Work, processes: int, what: str) -> None:
        """Makes the parts that are missing.

        Args:
          work: what is to be done.
          processes: number of processes; the result does not depend on it.
          what: what a process does, as a verb for messages.

        Raises:
          OSError: if a part cannot be written.
          UserError: if a process has died.
        """
        self._forget_other_source()
        missing = [i for i in range(len(self.ranges)) if not self.path(i).is_file()]
        if not missing:
            return
        total = sum(map(len, self.ranges))
        done = total - sum(len(self.ranges[i]) for i in missing)
        progress = PartProgress(
            total=total,
            initial=done,
            unit=" images",
            file=sys.stdout,
            disable=not shows_bars(sys.stdout),
        )
        with progress, _workers(work, min(processes, len(missing)), what) as pool:
            with signals.delayed():
                parts = {pool.submit(write_part, self.ranges[i], self.path(i)): i for i in missing}
            for part in concurrent.futures.as_completed(parts):
                part.result()
                progress.update(len(self.ranges[parts[part]]))

    def _forget_other_source(self) -> None:
        """Removes the parts of another source."""
        state = self.folder / "source.json"
        try:
            same = read_json(state) == self.source
        except (OSError, ValueError):
            same = False
        for entry in self.folder.iterdir():
            if not same and (entry == state or _PART_NAME.fullmatch(entry.name)):
                entry.unlink()
        if not same:
            write_json(state, self.source)

    def size(self) -> int:
        """Sums the bytes of all parts."""
        return sum(self.path(index).stat().st_size for index in range(len(self.ranges)))

    def remove(self) -> None:
        """Removes the parts once they are no longer needed."""
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def _workers(
    work: Work, processes: int, what: str
) -> Iterator[concurrent.futures.ProcessPoolExecutor]:
    """Starts processes that make parts. An exception stops them even in the middle of a part.

    Raises:
      UserError: if one of them has died.
    """
    # Not forked: TensorFlow's threads would be missing in a fork.
    context = multiprocessing.get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    with (
        theirs,
        ours,
        concurrent.futures.ProcessPoolExecutor(
            processes, context, start_worker, (work, theirs)
        ) as pool,
    ):
        try:
            yield pool
        except BaseException as error:
            ours.close()  # This stops the workers; the pool would wait for them.
            if not isinstance(error, concurrent.futures.process.BrokenProcessPool):
                raise
            raise UserError(
                f"A process that {what} must not end before its work is done",
                "the sudden end of one",
                "free memory or choose fewer --processes, and start again: finished parts are kept",
            ) from error


class PartProgress(tqdm):
    """Shows a bar on a terminal; elsewhere prints a line per tenth."""

    def update(self, number: int) -> None:
        """Adds to the number of finished images."""
        if not self.disable:
            super().update(number)
            return
        tenths = self.n * 10 // self.total
        self.n += number
        if tenths < self.n * 10 // self.total:
            print(f"{self.n} of {self.total} images", flush=True)


_write: WritePart
"""What this process does, if it is a worker."""


def start_worker(work: Work, lifeline: Connection) -> None:
    """Makes this process a worker.

    Args:
      work: what is to be done.
      lifeline: a connection on which nothing is sent. This process ends as soon as the other end is
        closed or its process has died, even in the middle of a part.
    """
    global _write
    threading.Thread(target=_die_with, args=(lifeline,), daemon=True).start()
    cv2.setNumThreads(1)
    with open(os.devnull, "wb") as nowhere:  # Hides decoders' warnings; see the outcome.
        os.dup2(nowhere.fileno(), _STDERR)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])  # The pool stops workers with it.
    _write = work.open()


def _die_with(lifeline: Connection) -> None:
    try:
        lifeline.poll(None)
    finally:
        os._exit(1)


def write_part(rows: range, path: pathlib.Path) -> None:
    """Makes a part and writes it, in a worker.

    Args:
      rows: the rows of the part.
      path: path of the part.

    Raises:
      OSError: if it cannot be written.
    """
    _write(rows, path)


def write_files(path: pathlib.Path, files: Sequence[bytes], **arrays: Any) -> None:
    """Writes files, and arrays about them, atomically as a part.

    Raises:
      OSError: if it cannot be written.
    """
    with written_atomically(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            lengths=np.array([len(x) for x in files], np.int64),
            faces=np.frombuffer(b"".join(files), np.uint8),  # So called when all were faces.
            **arrays,
        )


def read_files(path: pathlib.Path) -> tuple[tuple[bytes, ...], dict[str, np.ndarray]]:
    """Reads what `write_files` wrote.

    Returns:
      The files, and the arrays by name.

    Raises:
      UserError: if the part is damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            ends = np.cumsum(arrays["lengths"])
            content = arrays["faces"].tobytes()
            files = tuple(
                content[end - length : end]
                for end, length in zip(ends, arrays["lengths"], strict=True)
            )
            others = {x: arrays[x] for x in arrays.files if x not in ("lengths", "faces")}
            return files, others
    except (ValueError, TypeError, LookupError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(
            "A part of a preparation must be complete",
            f"{path}: {error}",
            "remove it, and start again",
        ) from error
