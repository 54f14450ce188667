"""One part of CelebA's preparation: some images made into faces; a worker process makes many.

A worker is `python -m jmvae_tf.data.celeba_part`. It reads one request a line, in JSON, and
answers each with a line. It imports no TensorFlow.
"""

import dataclasses
import enum
import json
import pathlib
import signal
import sys
import zipfile
import zlib
from collections.abc import Sequence

import cv2
import numpy as np

from jmvae_tf.data import celeba_files, face_crop
from jmvae_tf.errors import UserError
from jmvae_tf.files import written_atomically

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
        """Reads what `write` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            ends = np.cumsum(arrays["lengths"])
            content = arrays["faces"].tobytes()
            return cls(
                tuple(OUTCOMES[index] for index in arrays["outcomes"]),
                tuple(
                    content[end - length : end]
                    for end, length in zip(ends, arrays["lengths"], strict=True)
                ),
            )


def make_part(
    images: celeba_files.Images, names: Sequence[str], image_size: int, crop: str
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


def _prepare(images: celeba_files.Images, name: str, image_size: int, crop: str) -> bytes | Outcome:
    if name not in images.names:
        return Outcome.NO_IMAGE
    image = _decode(images, name)
    if image is None:
        return Outcome.UNREADABLE
    if crop == "center":
        face: np.ndarray | face_crop.Refusal = face_crop.center_square(image, image_size)
    else:
        face = face_crop.crop_face(image, image_size)
    if isinstance(face, face_crop.Refusal):
        return Outcome(face.value)
    return cv2.imencode(".png", cv2.cvtColor(face, cv2.COLOR_RGB2BGR))[1].tobytes()


def _decode(images: celeba_files.Images, name: str) -> np.ndarray | None:
    """uint8 [height, width, 3], red first; None if the file is broken."""
    try:
        content = images.read(name)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    # OpenCV fills the rest of a JPEG that breaks off with grey.
    if name.endswith(".jpg") and not content.rstrip(b"\0\r\n").endswith(b"\xff\xd9"):
        return None
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB) if content else None


def main() -> None:
    """Answers requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # It is for the process that asks.
    cv2.setNumThreads(1)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # The outcome says it.
    images = celeba_files.open_images(pathlib.Path(sys.argv[1]))
    for line in sys.stdin:
        request = json.loads(line)
        part = make_part(images, request["names"], request["image_size"], request["crop"])
        try:
            part.write(pathlib.Path(request["path"]))
        except OSError as error:
            print(json.dumps([error.errno, error.strerror, error.filename]), flush=True)
        else:
            print("null", flush=True)


if __name__ == "__main__":
    main()
