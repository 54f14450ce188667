"""Prepares CelebA's faces in parts, with several processes.

The parts are in `parts-<crop>_<size>/`, next to the final data set. A killed preparation resumes
with the existing parts if the source is the same.
"""

import collections
import contextlib
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

from jmvae_tf.data.celeba import source_files, source_images, source_lists, worker
from jmvae_tf.data.celeba.parts import Outcome, Part
from jmvae_tf.data.work_in_parts import PartFiles

PART_SIZE = 500
"""Images per part: some seconds of work."""

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
        self._work = worker.FacesWork(source, names, image_size, crop)
        self._without_row = sorted(images.names.difference(names))
        self.source = {
            "images": images.fingerprint(),
            "lists": self.lists.fingerprint(),
            "image_size": image_size,
            "crop": crop,
            "algorithm": _ALGORITHM,
        }
        self._parts = PartFiles(folder, len(self.lists.names), PART_SIZE, self.source)

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Keeps other processes from making the same preparation.

        Raises:
          UserError: if another process is making it.
        """
        return self._parts.locked()

    def make(self, processes: int) -> None:
        """Makes the parts that are missing.

        Args:
          processes: number of processes; the result does not depend on it.

        Raises:
          OSError: if a part cannot be written.
          UserError: if a process has died.
        """
        self._parts.make(self._work, processes, "crops faces")

    def faces(self, partition: int) -> Iterator[tuple[int, bytes]]:
        """Reads the faces of a partition, in the order of file names.

        Yields:
          The index into the lists, and the face as a PNG file.
        """
        for index, rows in enumerate(self._parts.ranges):
            if partition not in self.lists.partitions[rows.start : rows.stop]:
                continue
            part = Part.read(self._parts.path(index))
            kept = (i for i, x in zip(rows, part.outcomes, strict=True) if x is Outcome.KEPT)
            for row, face in zip(kept, part.faces, strict=True):
                if self.lists.partitions[row] == partition:
                    yield row, face

    def size(self) -> int:
        """Sums the bytes of all parts."""
        return self._parts.size()

    def report(self) -> dict[str, Any]:
        """Counts the images that were kept and refused, and names the faulty ones.

        Returns:
          "source"; "kept", a count; "refused", outcome to count; "files", outcome to the names of
          its images, for all outcomes but "no face".
        """
        files: dict[Outcome, list[str]] = collections.defaultdict(list)
        files[Outcome.NO_ROW] = self._without_row
        for index, rows in enumerate(self._parts.ranges):
            for row, outcome in zip(rows, Part.read(self._parts.path(index)).outcomes, strict=True):
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
        return self._parts.folder

    def remove(self) -> None:
        """Removes the parts once they are no longer needed."""
        self._parts.remove()
