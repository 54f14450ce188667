"""Reads uploaded images as a model's inputs, and makes images of a model visible."""

import pathlib

import numpy as np

from jmvae_tf.data.image_file import read_image
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.export_format.value_ranges import to_pixels, to_values

_SCREEN = 320  # Pixels; the smallest length of the longer side of a displayed image.


def from_file(path: str, image: DescribedModality, crop: str | None) -> np.ndarray:
    """Reads an uploaded file as an input of the model, [height, width, channels].

    Args:
      path: the path of the file.
      image: the modality.
      crop: see `read_image`.

    Raises:
      UserError: see `read_image`.
    """
    return to_values(read_image(pathlib.Path(path), image.event_shape, crop), image.support)


def for_screen(values: np.ndarray, image: DescribedModality) -> np.ndarray:
    """Enlarges an image of the model, [height, width, channels].

    Returns:
      uint8, [height, width, 3], or [height, width, 4] if the image has opacity.
    """
    factor = max(1, _SCREEN // max(values.shape[:2]))
    pixels = np.clip(to_pixels(values, image.support), 0.0, 1.0)
    levels = np.round(pixels * 255).astype(np.uint8)
    levels = np.broadcast_to(levels, (*levels.shape[:2], max(3, levels.shape[2])))
    return levels.repeat(factor, axis=0).repeat(factor, axis=1)
