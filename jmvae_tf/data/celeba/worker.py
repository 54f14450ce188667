"""A worker process of CelebA's preparation: finds, crops and resizes faces, part by part.

This module does not import TensorFlow, so a worker starts quickly and needs little memory.
"""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

from jmvae_tf.data import face_crop, image_file
from jmvae_tf.data.celeba import source_images
from jmvae_tf.data.celeba.parts import Outcome, Part
from jmvae_tf.data.work_in_parts import WritePart


def make_part(
    images: source_images.Images, names: Sequence[str], image_size: int, crop: str
) -> Part:
    """Prepares some images.

    Args:
      images: the images of the source.
      names: file names from rows of the list; their images may be missing or broken.
      image_size: side of a face in pixels.
      crop: "face" finds it; "center" takes the centre square.
    """
    prepared = [_prepare(images, name, image_size, crop) for name in names]
    return Part(
        tuple(Outcome.KEPT if isinstance(x, bytes) else x for x in prepared),
        tuple(x for x in prepared if isinstance(x, bytes)),
    )


def _prepare(
    images: source_images.Images, name: str, image_size: int, crop: str
) -> bytes | Outcome:
    if name not in images.names:
        return Outcome.NO_IMAGE
    try:
        image = image_file.decode_image(images.read(name), channels=3)
    except (OSError, ValueError):
        return Outcome.UNREADABLE
    if crop == "center":
        face: np.ndarray | face_crop.Refusal = face_crop.center_square(image, image_size)
    else:
        face = face_crop.crop_face(image, image_size)
    if isinstance(face, face_crop.Refusal):
        return Outcome(face.value)
    return image_file.encode_png(face)


@dataclasses.dataclass(frozen=True)
class FacesWork:
    """The settings that all parts of a preparation have in common.

    Attributes:
      source: folder of the official files.
      names: file names of the images, in the order of the lists' rows; images may be missing or
        broken.
      image_size: side of a face in pixels.
      crop: "face" or "center".
    """

    source: pathlib.Path
    names: Sequence[str]
    image_size: int
    crop: str

    def open(self) -> WritePart:
        """Opens the images of the source."""
        images = source_images.open_images(self.source)

        def write(rows: range, path: pathlib.Path) -> None:
            names = self.names[rows.start : rows.stop]
            make_part(images, names, self.image_size, self.crop).write(path)

        return write
