"""The centre of images, cut to any proportions."""

import numpy as np
import pytest

from jmvae_tf.data.image_crop import center_crop, center_part, padded, resize


@pytest.mark.parametrize(
    ("size", "wanted", "rows", "columns"),
    [
        ((10, 20), (4, 4), (0, 10), (5, 15)),
        ((10, 20), (5, 10), (0, 10), (0, 20)),
        ((10, 20), (8, 4), (0, 10), (7, 12)),
        ((20, 10), (4, 8), (7, 12), (0, 10)),
        ((1, 1), (64, 48), (0, 1), (0, 1)),
        ((1, 4096), (4096, 1), (0, 1), (2047, 2048)),
    ],
)
def test_the_largest_part_of_the_wanted_proportions(size, wanted, rows, columns):
    assert center_part(size, wanted) == (slice(*rows), slice(*columns))


def test_a_crop_of_the_wanted_size_is_exact(rng):
    image = rng.integers(0, 256, (8, 12, 4), np.uint8)
    np.testing.assert_array_equal(center_crop(image, 8, 6), image[:, 3:9])
    assert center_crop(image, 5, 9).shape == (5, 9, 4)


def test_enlarging_is_smooth():
    square = np.repeat(np.arange(0, 200, 50, np.uint8), 4).reshape(4, 4).T
    enlarged = resize(square, 8, 8)
    assert len(np.unique(enlarged)) > 4


def test_black_margins_keep_the_whole_image():
    image = np.full((4, 8, 3), 200, np.uint8)
    framed = padded(image, 8, 8)
    assert (framed[2:6] == 200).all()
    assert (framed[[0, 1, 6, 7]] == 0).all()
    assert padded(image, 4, 8).tolist() == image.tolist()
