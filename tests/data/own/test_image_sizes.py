"""The size that images get."""

import pytest

from jmvae_tf.data.own.image_sizes import usual_size


@pytest.mark.parametrize(
    ("sizes", "size"),
    [
        ([], (64, 64)),
        ([(28, 28)] * 3, (28, 28)),
        ([(30, 200)], (30, 200)),
        ([(64, 64)], (64, 64)),
        ([(128, 128)], (64, 64)),
        ([(218, 178)], (80, 64)),
        ([(30, 40), (30, 41)], (64, 80)),
        ([(500, 667), (500, 700), (900, 500)], (64, 80)),
        ([(10, 5000)], (64, 1024)),
    ],
)
def test_shorter_side_is_64_unless_all_images_are_small_and_alike(sizes, size):
    assert usual_size(sizes) == size
