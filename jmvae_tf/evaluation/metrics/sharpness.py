"""Sharpness: how much of an image is fine detail."""

import cv2
import numpy as np
import tensorflow as tf


def sharpness(images: tf.Tensor) -> np.ndarray:
    """The variance of each image's Laplacian.

    Blur lowers it and noise raises it, so that generated images should come near to real ones: more
    is not better.

    Args:
      images: grey or colour values in [0, 1], [images, height, width, 1 or 3].

    Returns:
      float [images], of grey levels from 0 to 255.
    """
    levels = 255 * np.asarray(images, np.float32)
    return np.array(
        [np.var(cv2.Laplacian(_grey(image), cv2.CV_32F), dtype=np.float64) for image in levels]
    )


def _grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.shape[-1] == 3 else image[..., 0]
