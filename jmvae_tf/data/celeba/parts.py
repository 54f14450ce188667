"""Parts of CelebA's preparation as files: the outcome for each image, and the faces.

This module does not import TensorFlow, since worker processes import it.
"""

import dataclasses
import enum
import pathlib

import numpy as np

from jmvae_tf.data import face_crop
from jmvae_tf.data.work_in_parts import read_files, write_files
from jmvae_tf.runtime.errors import UserError


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
        outcomes = [OUTCOMES.index(outcome) for outcome in self.outcomes]
        write_files(path, self.faces, outcomes=np.array(outcomes, np.int8))

    @classmethod
    def read(cls, path: pathlib.Path) -> "Part":
        """Reads what `write` wrote.

        Raises:
          UserError: if the file is damaged.
        """
        faces, arrays = read_files(path)
        try:
            return cls(tuple(OUTCOMES[index] for index in arrays["outcomes"]), faces)
        except (TypeError, LookupError) as error:
            raise UserError(
                "A part of a preparation must hold an outcome for each image",
                f"{path}: {error}",
                "remove it, and start again",
            ) from error
