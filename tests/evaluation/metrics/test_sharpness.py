"""Sharpness."""

import cv2
import numpy as np
import pytest

from jmvae_tf.evaluation.metrics.sharpness import sharpness


def test_sharpness_of_a_plane_of_stripes_and_of_blur(rng):
    plane = np.full((8, 8), 0.3, "f")
    stripes = np.tile([0.0, 1.0], (8, 4)).astype("f")
    images = np.stack([plane, stripes])[..., np.newaxis]
    flat, striped = sharpness(images)
    assert flat == pytest.approx(0, abs=1e-6)
    # Each value's neighbours left and right are both 255 away, mirrored at the borders too.
    assert striped == pytest.approx(510.0**2)
    np.testing.assert_allclose(sharpness(np.repeat(images, 3, axis=-1)), [flat, striped], rtol=1e-4)
    noise = rng.random((1, 16, 16, 3)).astype("f")
    assert sharpness(np.stack([cv2.GaussianBlur(noise[0], (0, 0), 1)])) < sharpness(noise) / 5
