"""An image file of a user, made into what a model takes."""

import pathlib
from collections.abc import Sequence

import cv2
import numpy as np

from jmvae_tf.data import face_crop
from jmvae_tf.errors import UserError

_RIVAL_SHARE = 0.5
"""Of the largest face's width; a smaller one is somebody in the background, or none at all."""


def read_image(
    path: pathlib.Path, event_shape: Sequence[int], crop: str | None = None
) -> np.ndarray:
    """Reads a JPEG or PNG file, cuts a square out of it and resizes it.

    Args:
      path: of the file.
      event_shape: height and width, which are the same, and channels, 1 for grey or 3 for RGB.
      crop: "face" for the square around the face, of an image in colour; otherwise the centre
        square.

    Returns:
      float32, [height, width, channels], values in [0, 1].

    Raises:
      UserError: if the file is missing or no image, or if its face is asked for and there is none,
        more than one of about the same size, or one too near to the edge.
    """
    size, _, channels = event_shape
    decoded = _decoded(path, channels)
    if crop == "face":
        square = face_crop.resize(_face(path, decoded).cut(decoded), size)
    else:
        square = face_crop.center_square(decoded, size)
    return square.reshape(event_shape).astype(np.float32) / 255.0


def _decoded(path: pathlib.Path, channels: int) -> np.ndarray:
    """uint8 [height, width] of a grey image, [height, width, 3], red first, of one in colour."""
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise UserError(
            "An image file must be readable", f"{path}: {error.strerror}", "name a JPEG or PNG file"
        ) from error
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # It is said below.
    flag = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR
    try:
        decoded = cv2.imdecode(content, flag) if content.size else None
    except cv2.error:  # A size that OpenCV refuses: OPENCV_IO_MAX_IMAGE_PIXELS.
        decoded = None
    if decoded is None:
        raise UserError(
            "An image file must be a JPEG or PNG",
            f"{path}, which is none, or too large to be read",
            "convert it first",
        )
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB) if channels == 3 else decoded


def _face(path: pathlib.Path, image: np.ndarray) -> face_crop.Box:
    """The square around the one face of a photograph, as large as in training."""
    faces = face_crop.find_faces(image)
    height, width = image.shape[:2]
    if not faces:
        raise UserError(
            "A photograph must show a face from the front",
            f"{path}, {width}x{height} pixels, in which none was found",
            "choose another, or cut it so that the face is upright and fills at least a tenth",
        )
    rivals = [face for face in faces if face.side >= _RIVAL_SHARE * faces[0].side]
    if len(rivals) > 1:
        places = ", ".join(f"{x.side}x{x.side} at ({x.left}, {x.top})" for x in rivals)
        raise UserError(
            "A photograph must show one face",
            f"{path}, in which {len(rivals)} were found, in pixels from the upper left: {places}",
            "cut it to one of them",
        )
    box = faces[0].enlarged()
    if not box.is_inside(image):
        raise UserError(
            f"A photograph must show a margin around the face, {face_crop.ENLARGEMENT} times its "
            "width in all",
            f"{path}, {width}x{height} pixels, with a face of {faces[0].side}x{faces[0].side} at "
            f"({faces[0].left}, {faces[0].top})",
            "choose one with more around the face",
        )
    return box
