"""Prepares CelebA's faces in parts, with several processes.

The parts are in `parts-<crop>_<size>/`, next to the final data set. A killed preparation resumes
with the existing parts if the source is the same.
"""

import collections
import concurrent.futures
import concurrent.futures.process
import contextlib
import multiprocessing
import pathlib
import re
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from tqdm import tqdm

from jmvae_tf.data.celeba import source_files, source_images, source_lists, worker
from jmvae_tf.data.celeba.parts import Outcome, Part
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import claimed, read_json, write_json

PART_SIZE = 500
"""Images per part: some seconds of work."""

_PART_NAME = re.compile(r"part-[0-9]{5,}\.npz")
_ALGORITHM = 1  # Increase it if the same source gives other faces.


class Preparation:
    """The parts of one preparation.

    Attributes:
      lists: the lists of the source.
      image_size: side of a face in pixels.
      crop: "face" or "center".
      source: identifies the source and how it is prepared.
    """

    def __init__(
        self,
        source: pathlib.Path,
        folder: pathlib.Path,
        attribute_names: Sequence[str],
        image_size: int,
        crop: str,
    ) -> None:
        """Reads the lists and the names of the images.

        Args:
          source: folder of the official files.
          folder: folder for the parts.
          attribute_names: the attributes that the list must have.
          image_size: side of a face in pixels.
          crop: "face" or "center".

        Raises:
          UserError: if the source is damaged or not CelebA.
        """
        source_files.check_source(source)
        self.lists = source_lists.read_lists(source, attribute_names)
        self.image_size = image_size
        self.crop = crop
        images = source_images.open_images(source)
        names = source_images.match(self.lists.names, images.names)
        self._work = worker.Work(source, names, image_size, crop)
        self._without_row = sorted(images.names.difference(names))
        self.source = {
            "images": images.fingerprint(),
            "lists": self.lists.fingerprint(),
            "image_size": image_size,
            "crop": crop,
            "algorithm": _ALGORITHM,
        }
        self._folder = folder
        self._ranges = [
            range(start, min(start + PART_SIZE, len(self.lists.names)))
            for start in range(0, len(self.lists.names), PART_SIZE)
        ]

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Keeps other processes from making the same preparation.

        Raises:
          UserError: if another process is making it.
        """
        return claimed(self._folder, "prepare a data set", "data_dir")

    def make(self, processes: int) -> None:
        """Makes the parts that are missing.

        Args:
          processes: number of processes; the result does not depend on it.

        Raises:
          OSError: if a part cannot be written.
          UserError: if a process has died.
        """
        self._forget_other_source()
        missing = [i for i in range(len(self._ranges)) if not self._path(i).is_file()]
        if not missing:
            return
        total = len(self.lists.names)
        done = total - sum(len(self._ranges[i]) for i in missing)
        progress = _Progress(
            total=total, initial=done, unit=" images", file=sys.stdout, disable=None
        )
        with progress, _workers(self._work, min(processes, len(missing))) as pool:
            with _interrupts_blocked():
                parts = {
                    pool.submit(worker.write_part, self._ranges[i], self._path(i)): i
                    for i in missing
                }
            for part in concurrent.futures.as_completed(parts):
                part.result()
                progress.update(len(self._ranges[parts[part]]))

    def _forget_other_source(self) -> None:
        """Removes the parts of another source."""
        state = self._folder / "source.json"
        try:
            same = read_json(state) == self.source
        except (OSError, ValueError):
            same = False
        for entry in self._folder.iterdir():
            if not same and (entry == state or _PART_NAME.fullmatch(entry.name)):
                entry.unlink()
        if not same:
            write_json(state, self.source)

    def _path(self, index: int) -> pathlib.Path:
        return self._folder / f"part-{index:05d}.npz"

    def faces(self, partition: int) -> Iterator[tuple[int, bytes]]:
        """Reads the faces of a partition, in the order of file names.

        Yields:
          The index into the lists, and the face as a PNG file.
        """
        for index, rows in enumerate(self._ranges):
            if partition not in self.lists.partitions[rows.start : rows.stop]:
                continue
            part = Part.read(self._path(index))
            kept = (i for i, x in zip(rows, part.outcomes, strict=True) if x is Outcome.KEPT)
            for row, face in zip(kept, part.faces, strict=True):
                if self.lists.partitions[row] == partition:
                    yield row, face

    def size(self) -> int:
        """Sums the bytes of all parts."""
        return sum(self._path(index).stat().st_size for index in range(len(self._ranges)))

    def report(self) -> dict[str, Any]:
        """Counts the images that were kept and refused, and names the faulty ones.

        Returns:
          "source"; "kept", a count; "refused", outcome to count; "files", outcome to the names of
          its images, for all outcomes but "no face".
        """
        files: dict[Outcome, list[str]] = collections.defaultdict(list)
        files[Outcome.NO_ROW] = self._without_row
        for index, rows in enumerate(self._ranges):
            for row, outcome in zip(rows, Part.read(self._path(index)).outcomes, strict=True):
                files[outcome].append(self.lists.names[row])
        refused = [outcome for outcome in Outcome if outcome is not Outcome.KEPT]
        return {
            "source": self.source,
            "kept": len(files[Outcome.KEPT]),
            "refused": {outcome.value: len(files[outcome]) for outcome in refused},
            "files": {
                outcome.value: files[outcome]
                for outcome in refused
                if outcome is not Outcome.NO_FACE
            },
        }

    @property
    def folder(self) -> pathlib.Path:
        """The folder of the parts."""
        return self._folder

    def remove(self) -> None:
        """Removes the parts once they are no longer needed."""
        shutil.rmtree(self._folder, ignore_errors=True)


@contextlib.contextmanager
def _workers(work: worker.Work, processes: int) -> Iterator[concurrent.futures.ProcessPoolExecutor]:
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
            processes, context, worker.start_worker, (work, theirs)
        ) as pool,
    ):
        try:
            yield pool
        except BaseException as error:
            ours.close()  # This stops the workers; the pool would wait for them.
            if not isinstance(error, concurrent.futures.process.BrokenProcessPool):
                raise
            raise UserError(
                "A process that crops faces must not end before its work is done",
                "the sudden end of one",
                "free memory or choose fewer --processes, and start again: finished parts are kept",
            ) from error


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Delays interrupts, and hides Ctrl-C from processes started inside the block.

    A terminal sends Ctrl-C to all its processes; only the parent process should handle it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Progress(tqdm):
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
