"""A worker process of CelebA's preparation: finds, crops and resizes faces, part by part.

This module does not import TensorFlow, so a worker starts quickly and needs little memory.
"""

import dataclasses
import os
import pathlib
import signal
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection

import cv2
import numpy as np

from jmvae_tf.data import face_crop, image_file
from jmvae_tf.data.celeba import source_images
from jmvae_tf.data.celeba.parts import Outcome, Part

_STDERR = 2


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
class Work:
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


_work: tuple[Work, source_images.Images]
"""The work of this process, if it is a worker."""


def start_worker(work: Work, lifeline: Connection) -> None:
    """Makes this process a worker.

    Args:
      work: the settings of its parts.
      lifeline: a connection on which nothing is sent. This process ends as soon as the other end is
        closed or its process has died, even in the middle of a part.
    """
    global _work
    threading.Thread(target=_die_with, args=(lifeline,), daemon=True).start()
    cv2.setNumThreads(1)
    with open(os.devnull, "wb") as nowhere:  # Hides decoders' warnings; see the outcome.
        os.dup2(nowhere.fileno(), _STDERR)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])  # The pool stops workers with it.
    _work = work, source_images.open_images(work.source)


def _die_with(lifeline: Connection) -> None:
    try:
        lifeline.poll(None)
    finally:
        os._exit(1)


def write_part(rows: range, path: pathlib.Path) -> None:
    """Makes a part and writes it, in a worker.

    Args:
      rows: the rows of the lists.
      path: path of the part.

    Raises:
      OSError: if it cannot be written.
    """
    work, images = _work
    names = work.names[rows.start : rows.stop]
    make_part(images, names, work.image_size, work.crop).write(path)
