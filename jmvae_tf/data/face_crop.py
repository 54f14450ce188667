"""Finds and crops faces as the authors of the papers did; needs no TensorFlow.

Their steps: convert the image to grey; find faces with OpenCV's `haarcascade_frontalface_alt`,
scale factor 1.2, at least 2 neighbours, from 10x10 pixels; enlarge the box 1.3 times around its
centre; refuse it unless it lies inside the image and is higher than 0.4 times the image; resize it.
The papers leave two things open: here the largest of several faces is used, and resizing averages
over pixels (`INTER_AREA`).
"""

import bisect
import dataclasses
import enum
import functools
from collections.abc import Sequence

import cv2
import numpy as np
from cv2 import data as cv2_data

from jmvae_tf.data import image_crop

SCALE_FACTOR = 1.2
MIN_NEIGHBORS = 2
ENLARGEMENT = 1.3
LOWEST_SHARE = 0.4
"""A crop must be higher than this share of the image."""

_WINDOW = 20  # Pixels; the smallest face that the cascade finds.
_GROUPING = 0.2  # How far boxes of one face may differ; OpenCV's own constant.
_PHOTOGRAPH_SHARE = 0.1  # Of a photograph's shorter side; smaller faces are ignored.


Boxes = Sequence[Sequence[int]]
"""Left, top, width and height of each box, as OpenCV returns them."""


class Refusal(enum.Enum):
    """The reason why there is no crop."""

    NO_FACE = "no face"
    BOX_OUTSIDE = "box outside"
    TOO_SMALL = "too small"


@dataclasses.dataclass(frozen=True)
class Box:
    """A square of an image, in pixels."""

    left: int
    top: int
    side: int

    def enlarged(self) -> "Box":
        """Returns the square 1.3 times as large around the same centre."""
        side = round(ENLARGEMENT * self.side)
        margin = (side - self.side) // 2
        return Box(self.left - margin, self.top - margin, side)

    def is_inside(self, image: np.ndarray) -> bool:
        """Tells whether the box lies inside an image.

        Args:
          image: [height, width, ...].
        """
        height, width = image.shape[:2]
        return (
            min(self.left, self.top) >= 0
            and self.left + self.side <= width
            and self.top + self.side <= height
        )

    def cut(self, image: np.ndarray) -> np.ndarray:
        """Returns the part of an image inside the box, [side, side, ...]."""
        return image[self.top : self.top + self.side, self.left : self.left + self.side]


def crop_face(image: np.ndarray, size: int) -> np.ndarray | Refusal:
    """Crops the face from an aligned image of CelebA.

    Args:
      image: uint8 [height, width, 3], red first.
      size: side of the crop in pixels.

    Returns:
      uint8 [size, size, 3], or the reason why there is no crop.
    """
    box = find_crop(image)
    # Bicubic, so that the same source gives the same faces as in earlier versions.
    return (
        box
        if isinstance(box, Refusal)
        else image_crop.resize(box.cut(image), size, size, cv2.INTER_CUBIC)
    )


def find_crop(image: np.ndarray) -> Box | Refusal:
    """Finds the enlarged box of the largest face, or returns why the image is refused.

    Uses the authors' parameters.

    Args:
      image: uint8 [height, width, 3], red first.
    """
    lowest = LOWEST_SHARE * image.shape[0]
    faces = _largest_first(_faces_worth_a_crop(_grey(image), lowest / ENLARGEMENT))
    if not faces:
        return Refusal.NO_FACE
    box = faces[0].enlarged()
    if not box.is_inside(image):
        return Refusal.BOX_OUTSIDE
    return box if box.side > lowest else Refusal.TOO_SMALL


def find_faces(image: np.ndarray) -> list[Box]:
    """Finds the faces in a photograph of any size, largest first; boxes are not enlarged.

    Args:
      image: uint8 [height, width, 3], red first.
    """
    smallest = max(_WINDOW, round(_PHOTOGRAPH_SHARE * min(image.shape[:2])))
    boxes = _cascade().detectMultiScale(
        _grey(image), SCALE_FACTOR, MIN_NEIGHBORS, minSize=(smallest, smallest)
    )
    return _largest_first(boxes)


def center_square(image: np.ndarray, size: int) -> np.ndarray:
    """Crops the centre square of an image and resizes it.

    Args:
      image: uint8 [height, width, ...].
      size: side of the result in pixels.

    Returns:
      uint8 [size, size, ...].
    """
    return image_crop.center_crop(image, size, size)


@functools.cache
def _cascade() -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(f"{cv2_data.haarcascades}haarcascade_frontalface_alt.xml")


def _grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def _largest_first(boxes: Boxes) -> list[Box]:
    faces = [Box(int(left), int(top), int(side)) for left, top, side, _ in boxes]
    return sorted(faces, key=lambda face: (-face.side, face.top, face.left))


def _faces_worth_a_crop(grey: np.ndarray, lowest: float) -> Boxes:
    """Finds the same faces as `detectMultiScale` from `lowest` pixels on, four times faster.

    The cascade scans with windows of 20, 24, 29, … pixels and spends most of its time on small
    ones. A face is the mean of more than two matching windows, each within a factor of 1.2 of the
    next. So a face of at least `lowest` pixels has a window of at least that size, and smaller
    windows join it only if the next larger size found something. The sizes are therefore scanned
    from large to small, stopping where nothing is found.

    Args:
      grey: uint8 [height, width].
      lowest: smallest size in pixels; most smaller faces are left out.

    Returns:
      [faces, 4]: left, top, width, height.
    """
    sizes = []
    factor = 1.0
    while round(_WINDOW * factor) <= min(grey.shape):
        sizes.append(round(_WINDOW * factor))
        factor *= SCALE_FACTOR
    first = bisect.bisect_left(sizes, lowest)
    if first == len(sizes):
        return ()
    windows = _windows(grey, sizes[first], sizes[-1])
    last = [window for window in windows if window[2] == sizes[first]]
    for size in reversed(sizes[:first]):
        if not last:
            break
        last = _windows(grey, size, size)
        windows += last
    return cv2.groupRectangles(windows, MIN_NEIGHBORS, _GROUPING)[0]


def _windows(grey: np.ndarray, smallest: int, largest: int) -> list:
    """Finds the windows in a range of sizes that pass the cascade, not grouped into faces."""
    return list(
        _cascade().detectMultiScale(
            grey, SCALE_FACTOR, 0, minSize=(smallest, smallest), maxSize=(largest, largest)
        )
    )
