"""Paints cartoon faces: background, face and light.

Faces are drawn in their own units: the centre is (0, 0), x points right, y points down, and an
image is 64 units wide. A `Pen` converts them to pixels of the canvas.
"""

import math
from collections.abc import Collection, Mapping

import cv2
import numpy as np

from jmvae_tf.data.toyfaces.colours import from_hue
from jmvae_tf.data.toyfaces.face_parts import draw_face
from jmvae_tf.data.toyfaces.pen import Pen
from jmvae_tf.data.toyfaces.variations import UNITS

_SUPERSAMPLING = 2  # For smooth edges in images of less than two pixels per unit.


def paint(
    shown: Collection[str], variation: Mapping[str, float], size: int = UNITS, margin: int = 0
) -> np.ndarray:
    """Paints one face.

    Args:
      shown: the names of the face's attributes, from `variations.ATTRIBUTES`. Attributes that
        exclude each other are all drawn: a hat over hair over a bald head.
      variation: a value for each name of `variations.VARIATIONS`.
      size: the width of the image in pixels, and its height without margins.
      margin: rows added above and below the square, which continue the image.

    Returns:
      uint8 [size + 2 * margin, size, 3], red first.
    """
    finer = _SUPERSAMPLING if size < 2 * UNITS else 1
    width, height = size * finer, (size + 2 * margin) * finer
    canvas = _background(variation, width, height)
    pen = Pen(canvas, variation, width / UNITS)
    draw_face(pen, shown, variation)
    if finer > 1:
        canvas = cv2.resize(canvas, (size, size + 2 * margin), interpolation=cv2.INTER_AREA)
    return _lit(canvas, variation)


def _background(variation: Mapping[str, float], width: int, height: int) -> np.ndarray:
    """Paints a background colour that fades in one direction."""
    colour = from_hue(
        variation["background_hue"],
        variation["background_saturation"],
        variation["background_value"],
    )
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = np.rint(colour)
    return _times(canvas, 1.0, variation["background_fade"], variation["background_direction"])


def _lit(image: np.ndarray, variation: Mapping[str, float]) -> np.ndarray:
    """Lights the image from one side."""
    return _times(image, variation["light"], variation["light_fall"], variation["light_direction"])


def _times(image: np.ndarray, centre: float, change: float, direction: float) -> np.ndarray:
    """Multiplies an image by a plane: `centre` in the middle, `change` more at half a width."""
    height, width = image.shape[:2]
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) * (2 / width)
    y = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) * (2 / width)
    plane = np.add.outer(
        change * math.sin(direction) * y, centre + change * math.cos(direction) * x
    )
    return cv2.multiply(image, cv2.merge([plane] * 3), dtype=cv2.CV_8U)
