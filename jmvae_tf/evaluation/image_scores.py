"""How similar images are to each other, pixel by pixel and in their structure."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

_LEAST_ERROR = 1e-10  # Equal images have 100 dB.

_WINDOW = 11  # Pixels; the published width of the window for SSIM.

_AT_ONCE = 100


def peak_signal_to_noise_ratios(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Computes -10 log10 of the mean squared error of each image, in decibels.

    Args:
      images: values in [0, 1], [images, height, width, channels].
      others: what they are compared with, of the same shape.

    Returns:
      float [images]; at most 100.
    """
    errors = np.square(np.asarray(images, np.float64) - others).mean(axis=(1, 2, 3))
    return -10 * np.log10(np.maximum(errors, _LEAST_ERROR))


def structural_similarities(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Computes the mean structural similarity of each image (Wang et al. 2004), float [images].

    Means, variances and covariances are of a Gaussian window of 11 x 11 pixels, or of the whole
    image if it is smaller. 1 is for equal images. The arguments are those of
    `peak_signal_to_noise_ratios`.
    """
    size = min(_WINDOW, *images.shape[1:3])

    def compare(part: np.ndarray, other: np.ndarray) -> tf.Tensor:
        return tf.image.ssim(
            tf.convert_to_tensor(part, tf.float32),
            tf.convert_to_tensor(other, tf.float32),
            max_val=1.0,
            filter_size=size,
        )

    return _in_parts(compare, images, others)


def _in_parts(
    compare: Callable[[np.ndarray, np.ndarray], tf.Tensor], images: np.ndarray, others: np.ndarray
) -> np.ndarray:
    parts = (slice(start, start + _AT_ONCE) for start in range(0, len(images), _AT_ONCE))
    return np.concatenate([np.asarray(compare(images[part], others[part])) for part in parts])
