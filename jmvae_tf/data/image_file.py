"""An image file of a user, made into what a model takes."""

import pathlib
from collections.abc import Sequence

import cv2
import numpy as np

from jmvae_tf.errors import UserError


def read_image(path: pathlib.Path, event_shape: Sequence[int]) -> np.ndarray:
    """Reads a JPEG or PNG file, cuts it to its centre square and resizes it.

    Args:
      path: of the file.
      event_shape: height, width and channels, 1 for grey or 3 for RGB.

    Returns:
      float32, [height, width, channels], values in [0, 1].

    Raises:
      UserError: if the file is missing or no image.
    """
    height, width, channels = event_shape
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise UserError(
            "An image file must be readable", f"{path}: {error.strerror}", "name a JPEG or PNG file"
        ) from error
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # It is said below.
    flag = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR
    decoded = cv2.imdecode(content, flag) if content.size else None
    if decoded is None:
        raise UserError(
            "An image file must be a JPEG or PNG", f"{path}, which is none", "convert it first"
        )
    if channels == 3:
        decoded = cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)
    side = min(decoded.shape[:2])
    top, left = ((size - side) // 2 for size in decoded.shape[:2])
    square = decoded[top : top + side, left : left + side]
    # INTER_AREA averages what falls into a pixel; to enlarge it would only repeat pixels.
    method = cv2.INTER_AREA if side >= max(height, width) else cv2.INTER_CUBIC
    resized = cv2.resize(square, (width, height), interpolation=method)
    return resized.reshape(height, width, channels).astype(np.float32) / 255.0
