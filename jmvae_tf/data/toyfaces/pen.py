"""A pen that draws filled shapes and lines in the units of a face."""

import math
from collections.abc import Mapping

import cv2
import numpy as np

from jmvae_tf.data.toyfaces.colours import Colour

_SUBPIXEL_BITS = 4

_ANGLES = np.linspace(0, 2 * np.pi, 33)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
UPPER_HALF = _CIRCLE[16:]
"""Points of a circle from the left over the top to the right, [number, 2]."""
LOWER_HALF = _CIRCLE[:17]
"""Points of a circle from the right over the bottom to the left, [number, 2]."""


class Pen:
    """Draws filled shapes and lines, in the units of a face, on a canvas.

    Args:
      canvas: the image to draw on, uint8 [height, width, 3].
      variation: gives the position of the face.
      pixels: pixels of the canvas per unit.
    """

    def __init__(self, canvas: np.ndarray, variation: Mapping[str, float], pixels: float) -> None:
        self.canvas = canvas
        self.tilt = variation["tilt"]
        self.pixels = pixels * variation["scale"]
        angle = math.radians(self.tilt)
        self.along = self.pixels * math.cos(angle)
        self.across = self.pixels * math.sin(angle)
        # Half a pixel, since OpenCV counts from the centre of the first pixel.
        self.x = canvas.shape[1] / 2 + pixels * variation["left"] - 0.5
        self.y = canvas.shape[0] / 2 + pixels * (3 + variation["down"]) - 0.5
        self.to_canvas = np.array([[self.along, self.across], [-self.across, self.along]])

    def ellipse(
        self,
        x: float,
        y: float,
        radius_x: float,
        radius_y: float,
        colour: Colour,
        line: float = 0.0,
    ) -> None:
        """Draws an ellipse: filled, or with `line` only an outline of that width."""
        fine = 1 << _SUBPIXEL_BITS
        centre = (
            round(fine * (self.x + self.along * x - self.across * y)),
            round(fine * (self.y + self.across * x + self.along * y)),
        )
        axes = (round(fine * self.pixels * radius_x), round(fine * self.pixels * radius_y))
        width = max(1, round(line * self.pixels)) if line else cv2.FILLED
        cv2.ellipse(
            self.canvas,
            centre,
            axes,
            self.tilt,
            0,
            360,
            colour,
            width,
            cv2.LINE_AA,
            _SUBPIXEL_BITS,
        )

    def polygon(self, points: np.ndarray, colour: Colour) -> None:
        """Draws a filled polygon of points [number, 2]."""
        cv2.fillPoly(self.canvas, [self._fine(points)], colour, cv2.LINE_AA, _SUBPIXEL_BITS)

    def line(self, points: np.ndarray, colour: Colour, width: float) -> None:
        """Draws a line through points [number, 2]."""
        pixels = max(1, round(width * self.pixels))
        cv2.polylines(
            self.canvas, [self._fine(points)], False, colour, pixels, cv2.LINE_AA, _SUBPIXEL_BITS
        )

    def _fine(self, points: np.ndarray) -> np.ndarray:
        pixels = np.asarray(points) @ self.to_canvas + (self.x, self.y)
        return np.rint(pixels * (1 << _SUBPIXEL_BITS)).astype(np.int32)
