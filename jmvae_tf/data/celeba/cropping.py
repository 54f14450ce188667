"""One part of CelebA's preparation: some images made into faces; a worker process makes many.

A worker imports no TensorFlow.
"""

import dataclasses
import enum
import os
import pathlib
import signal
import threading
import zipfile
from collections.abc import Sequence
from multiprocessing.connection import Connection

import cv2
import numpy as np

from jmvae_tf.data import face_crop, image_file
from jmvae_tf.data.celeba import source_files
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import written_atomically

CROPS = ("face", "center")
"""What is cut out of an image: the face found in it, or its centre square."""

IMAGE_SIZES = (32, 64, 128)
"""Of a face, in pixels."""


def check_options(image_size: int, crop: str) -> None:
    """Checks that there is such a configuration.

    Raises:
      UserError: if there is not.
    """
    for name, value, choices in (("image_size", image_size, IMAGE_SIZES), ("crop", crop, CROPS)):
        if value not in choices:
            raise UserError(
                f"celeba's {name} must be {', '.join(map(str, choices[:-1]))} or {choices[-1]}",
                f"--{name}={value}",
                "choose one of them",
            )


class Outcome(enum.Enum):
    """What became of an image or a row of the list."""

    KEPT = "kept"
    NO_FACE = face_crop.Refusal.NO_FACE.value
    BOX_OUTSIDE = face_crop.Refusal.BOX_OUTSIDE.value
    TOO_SMALL = face_crop.Refusal.TOO_SMALL.value
    UNREADABLE = "unreadable"
    NO_ROW = "no attribute row"
    NO_IMAGE = "row without image"


OUTCOMES = tuple(Outcome)

_STDERR = 2


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


def make_part(
    images: source_files.Images, names: Sequence[str], image_size: int, crop: str
) -> Part:
    """Prepares some images.

    Args:
      images: of the source.
      names: of rows of the list; their images may be missing or broken.
      image_size: of a face, in pixels.
      crop: "face" finds it; "center" takes the centre square.
    """
    prepared = [_prepare(images, name, image_size, crop) for name in names]
    return Part(
        tuple(Outcome.KEPT if isinstance(x, bytes) else x for x in prepared),
        tuple(x for x in prepared if isinstance(x, bytes)),
    )


def _prepare(images: source_files.Images, name: str, image_size: int, crop: str) -> bytes | Outcome:
    if name not in images.names:
        return Outcome.NO_IMAGE
    try:
        image = image_file.decode(images.read(name), channels=3)
    except (OSError, ValueError):
        return Outcome.UNREADABLE
    if crop == "center":
        face: np.ndarray | face_crop.Refusal = face_crop.center_square(image, image_size)
    else:
        face = face_crop.crop_face(image, image_size)
    if isinstance(face, face_crop.Refusal):
        return Outcome(face.value)
    return cv2.imencode(".png", cv2.cvtColor(face, cv2.COLOR_RGB2BGR))[1].tobytes()


@dataclasses.dataclass(frozen=True)
class Work:
    """What all parts of a preparation have in common.

    Attributes:
      source: holds the official files.
      names: of the images, in the order of the lists' rows; they may be missing or broken.
      image_size: of a face, in pixels.
      crop: "face" or "center".
    """

    source: pathlib.Path
    names: Sequence[str]
    image_size: int
    crop: str


_work: tuple[Work, source_files.Images]
"""Of this process, if it is a worker."""


def start_worker(work: Work, lifeline: Connection) -> None:
    """Makes this process a worker.

    Args:
      work: of its parts.
      lifeline: on which nothing is sent. When its other end is closed, or the process that has it
        has died, so does this one, even in the middle of a part.
    """
    global _work
    threading.Thread(target=_die_with, args=(lifeline,), daemon=True).start()
    cv2.setNumThreads(1)
    with open(os.devnull, "wb") as nowhere:  # For decoders; the outcome says it.
        os.dup2(nowhere.fileno(), _STDERR)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])  # The pool ends workers so.
    _work = work, source_files.open_images(work.source)


def _die_with(lifeline: Connection) -> None:
    try:
        lifeline.poll(None)
    finally:
        os._exit(1)


def write_part(rows: range, path: pathlib.Path) -> None:
    """Makes a part and writes it; a worker does that.

    Args:
      rows: of the lists.
      path: of the part.

    Raises:
      OSError: if it cannot be written.
    """
    work, images = _work
    names = work.names[rows.start : rows.stop]
    make_part(images, names, work.image_size, work.crop).write(path)
