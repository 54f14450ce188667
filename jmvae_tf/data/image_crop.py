"""Crops the centre of images and resizes them, for data and for requests alike.

`export/encoded_images.py` does the same in a graph.
"""

import cv2
import numpy as np


def center_part(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[slice, slice]:
    """Finds the largest part around the centre that has the proportions of the wanted image.

    Args:
      size: height and width of the image.
      wanted: height and width of the result.

    Returns:
      The rows and the columns; a square image that shall be square is kept whole.
    """
    (height, width), (high, wide) = size, wanted
    rows = min(height, max(1, width * high // wide))
    columns = min(width, max(1, height * wide // high))
    top, left = (height - rows) // 2, (width - columns) // 2
    return slice(top, top + rows), slice(left, left + columns)


def center_crop(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Crops the centre of an image to the proportions of a size, and resizes it to that size.

    Args:
      image: uint8 [height, width, ...].
      height: height of the result in pixels.
      width: width of the result in pixels.

    Returns:
      uint8 [height, width, ...].
    """
    rows, columns = center_part((image.shape[0], image.shape[1]), (height, width))
    return resize(image[rows, columns], height, width)


def padded(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes an image as a whole, and fills the rest of a size with black; see `center_crop`."""
    scale = min(height / image.shape[0], width / image.shape[1])
    high, wide = (max(1, round(scale * x)) for x in image.shape[:2])
    framed = np.zeros((height, width, *image.shape[2:]), np.uint8)
    top, left = (height - high) // 2, (width - wide) // 2
    framed[top : top + high, left : left + wide] = resize(image, high, wide)
    return framed


def resize(
    image: np.ndarray, height: int, width: int, enlargement: int = cv2.INTER_LINEAR
) -> np.ndarray:
    """Resizes an image.

    Args:
      image: uint8 [height, width, ...].
      height: height of the result in pixels.
      width: width of the result in pixels.
      enlargement: OpenCV's interpolation if the image becomes larger.

    Returns:
      uint8 [height, width, ...].
    """
    # INTER_AREA averages the values in a pixel; for enlarging it would only repeat pixels.
    shrinks = image.shape[0] >= height and image.shape[1] >= width
    method = cv2.INTER_AREA if shrinks else enlargement
    return cv2.resize(image, (width, height), interpolation=method)


FITTED = {"crop": center_crop, "pad": padded, "stretch": resize}
"""How an image gets a size, by the name of a manifest's fit."""
