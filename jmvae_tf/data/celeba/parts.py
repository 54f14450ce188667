"""Parts of CelebA's preparation as files: some images, what became of each, and their faces.

It imports no TensorFlow, as worker processes import it.
"""

import dataclasses
import enum
import pathlib
import zipfile

import numpy as np

from jmvae_tf.data import face_crop
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import written_atomically


class Outcome(enum.Enum):
    """What became of an image, or of a row of the list."""

    KEPT = "kept"
    NO_FACE = face_crop.Refusal.NO_FACE.value
    BOX_OUTSIDE = face_crop.Refusal.BOX_OUTSIDE.value
    TOO_SMALL = face_crop.Refusal.TOO_SMALL.value
    UNREADABLE = "unreadable"
    NO_ROW = "no attribute row"
    NO_IMAGE = "row without image"


OUTCOMES = tuple(Outcome)


@dataclasses.dataclass(frozen=True)
class Part:
    """Some images after preparation.

    Attributes:
      outcomes: one for each image.
      faces: PNG files, one for each that was kept.
    """

    outcomes: tuple[Outcome, ...]
    faces: tuple[bytes, ...]

    def write(self, path: pathlib.Path) -> None:
        """Writes it, whole or not at all.

        Raises:
          OSError: if it cannot be written.
        """
        with written_atomically(path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                outcomes=np.array([OUTCOMES.index(outcome) for outcome in self.outcomes], np.int8),
                lengths=np.array([len(face) for face in self.faces], np.int64),
                faces=np.frombuffer(b"".join(self.faces), np.uint8),
            )

    @classmethod
    def read(cls, path: pathlib.Path) -> "Part":
        """Reads what `write` wrote.

        Raises:
          UserError: if the file is damaged.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                ends = np.cumsum(arrays["lengths"])
                content = arrays["faces"].tobytes()
                return cls(
                    tuple(OUTCOMES[index] for index in arrays["outcomes"]),
                    tuple(
                        content[end - length : end]
                        for end, length in zip(ends, arrays["lengths"], strict=True)
                    ),
                )
        except (ValueError, TypeError, LookupError, EOFError, zipfile.BadZipFile) as error:
            raise UserError(
                "A part of a preparation must be whole",
                f"{path}: {error}",
                "remove it, and start again",
            ) from error
