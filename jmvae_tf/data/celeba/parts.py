"""Parts of CelebA's preparation as files: the outcome for each image, and the faces.

This module does not import TensorFlow, since worker processes import it.
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
    """The outcome for an image or for a row of the list."""

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
    """A number of images after preparation.

    Attributes:
      outcomes: one outcome per image.
      faces: PNG files, one per image that was kept.
    """

    outcomes: tuple[Outcome, ...]
    faces: tuple[bytes, ...]

    def write(self, path: pathlib.Path) -> None:
        """Writes the part atomically.

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
                "A part of a preparation must be complete",
                f"{path}: {error}",
                "remove it, and start again",
            ) from error
