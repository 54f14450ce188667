"""Reads images of known size that this package prepared, from files of TensorFlow Datasets."""

import struct
from typing import Any

import cv2
import numpy as np

from jmvae_tf.data.png_format import PNG_HEADER_START
from jmvae_tf.runtime.errors import UserError

_FLAGS = {1: cv2.IMREAD_GRAYSCALE, 3: cv2.IMREAD_COLOR_RGB, 4: cv2.IMREAD_UNCHANGED}


class StoredImages:
    """Images that stay on disk, in files of TFDS, until they are read."""

    def __init__(
        self, source: Any, rows: np.ndarray, shape: tuple[int, ...], name: str = "image"
    ) -> None:
        """Selects images of a data source.

        Args:
          source: a data source of TFDS.
          rows: indices into the source.
          shape: height, width and channels.
          name: the key of the image, a PNG file, in an example.
        """
        self._source = source
        self._rows = rows
        self._name = name
        self.shape: tuple[int, ...] = (len(rows), *shape)
        self.dtype = np.dtype(np.uint8)

    def __len__(self) -> int:
        """Returns the number of images."""
        return len(self._rows)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Reads the images at the given indices, uint8 [indices, height, width, channels]."""
        examples = self._source.__getitems__(self._rows[indices].tolist())
        images = np.empty((len(examples), *self.shape[1:]), self.dtype)
        for image, example in zip(images, examples, strict=True):
            decode_stored(example[self._name], image)
        return images

    def take(self, indices: np.ndarray) -> "StoredImages":
        """Selects some of the images, which stay on disk."""
        return StoredImages(self._source, self._rows[indices], self.shape[1:], self._name)


def decode_stored(png: bytes, image: np.ndarray) -> None:
    """Decodes a PNG file into uint8 [height, width, channels], red first.

    Raises:
      UserError: if it is damaged, or of another size.
    """
    height, width, channels = image.shape
    decoded = None
    # Decoders allocate memory for as many pixels as the header says.
    if png.startswith(PNG_HEADER_START + struct.pack(">II", width, height)):
        decoded = cv2.imdecode(np.frombuffer(png, np.uint8), _FLAGS[channels])
    if decoded is None or decoded.size != image.size:
        raise UserError(
            f"A prepared image must be a PNG of {width}x{height} pixels",
            f"{len(png)} bytes that are not such an image",
            "remove the prepared data set, and prepare it again",
        )
    if channels == 4:
        decoded = cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA)
    image[...] = decoded.reshape(image.shape)
