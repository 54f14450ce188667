"""A map of the latent space: the part of a plane that it shows, and pictures of it."""

from collections.abc import Sequence

import cv2
import numpy as np
from matplotlib import colormaps

from jmvae_tf.export_format.latent_plane import LatentPlane

MAP_SIDE = 480
"""Pixels of a side of the map."""

_REACH = 99.5  # Percent of the points that the map shows.
_MARGIN = 1.08
_DOT, _MARK = 4, 26  # Pixels.
_MOST_DOTS = 2000
_SHIFT = 4  # Bits of fractions of a pixel.


class MapSquare:
    """The square of a plane that the map shows: nearly all examples lie in it.

    Attributes:
      places: where examples lie in it, see `to_places`.

    Args:
      plane: a plane through the latent space.
      latent: means of q(z|image) of examples, [points, latent_dim].
    """

    def __init__(self, plane: LatentPlane, latent: np.ndarray) -> None:
        self._plane = plane
        points = plane.to_plane(latent)
        self._middle = np.median(points, axis=0)
        reach = np.percentile(np.abs(points - self._middle).max(axis=1), _REACH)
        self._reach = max(float(reach) * _MARGIN, 1e-6)
        self.places = self.to_places(latent)

    def to_places(self, latent: np.ndarray) -> np.ndarray:
        """Places latent values, [batch, latent_dim], on the map.

        Returns:
          To the right and up, each -1 to 1 on the map, [batch, 2].
        """
        return (self._plane.to_plane(latent) - self._middle) / self._reach

    def to_latent(self, place: np.ndarray) -> np.ndarray:
        """Returns the latent value, [latent_dim], of a place on the map, [2]."""
        return self._plane.to_z(np.asarray(place) * self._reach + self._middle)

    def nearest(self, place: np.ndarray) -> int:
        """Returns the number of the example next to a place on the map, [2]."""
        return int(np.square(self.places - place).sum(axis=1).argmin())


def colours(number: int) -> np.ndarray:
    """Returns colours that tell classes apart, uint8 [number, 3]."""
    palette = colormaps["tab10" if number <= 10 else "tab20"]
    return np.round(palette(np.arange(number) % palette.N)[:, :3] * 255).astype(np.uint8)


def draw_dots(places: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Draws examples as dots on no background, so that it fits any: uint8 [MAP_SIDE, MAP_SIDE, 4].

    Args:
      places: see `MapSquare`, [points, 2].
      classes: the number of the class of each, [points].
    """
    drawn = np.zeros((MAP_SIDE, MAP_SIDE, 4), np.uint8)
    palette = colours(int(classes.max()) + 1)
    for place, number in zip(places[:_MOST_DOTS], classes[:_MOST_DOTS], strict=True):
        colour = (*palette[number].tolist(), 255)
        center = np.round(np.array(to_pixel(place)) * 2**_SHIFT).astype(int).tolist()
        cv2.circle(drawn, center, _DOT * 2**_SHIFT, colour, -1, cv2.LINE_AA, _SHIFT)
    return drawn


def mark(drawn: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Returns a map with a cross at a place, visible on light and dark."""
    marked = drawn.copy()
    center = np.round(to_pixel(place)).astype(int).tolist()
    for colour, width in (((255, 255, 255, 255), 7), ((0, 0, 0, 255), 3)):
        cv2.drawMarker(marked, center, colour, cv2.MARKER_CROSS, _MARK, width, cv2.LINE_AA)
    return marked


def to_pixel(place: np.ndarray) -> tuple[float, float]:
    """Returns the pixel, from the left and from the top, of a place on the map."""
    right, up = place
    return (right + 1) / 2 * (MAP_SIDE - 1), (1 - up) / 2 * (MAP_SIDE - 1)


def to_place(pixel: Sequence[float]) -> tuple[float, float]:
    """Returns the place on the map of a pixel, from the left and from the top."""
    x, y = np.clip(pixel, 0, MAP_SIDE - 1) / (MAP_SIDE - 1)
    return float(2 * x - 1), float(1 - 2 * y)
