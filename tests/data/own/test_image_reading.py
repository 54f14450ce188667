"""What images are taken for, in folders and in data sets of TensorFlow Datasets alike."""

import cv2
import numpy as np
import pytest

from jmvae_tf.data.own.image_reading import resolve_images
from jmvae_tf.data.own.manifest import ModalityColumns
from jmvae_tf.data.own.tfds_features import Facts


@pytest.mark.parametrize(
    ("grey_levels", "likelihood"), [(0.08, "Bernoulli"), (0.14, "Bernoulli"), (0.16, "Gaussian")]
)
def test_nearly_black_and_white_images_are_that_wherever_they_come_from(
    tmp_path, grey_levels, likelihood
):
    image = np.zeros((10, 10, 1), np.uint8)
    image.flat[:30] = 255
    image.flat[: round(100 * grey_levels)] = 128
    cv2.imwrite(str(tmp_path / "1.png"), image)
    one = ModalityColumns("image", ("file",))
    assert resolve_images(one, tmp_path, ["1.png"]).columns.likelihood == likelihood
    facts = Facts()
    facts.add_images("image", [image])
    assert facts.is_black_or_white["image"] == (likelihood == "Bernoulli")


def test_colours_that_jpeg_rounded_are_grey():
    image = np.full((4, 4, 3), 100, np.uint8)
    image[0, 0, 2] = 108
    facts = Facts()
    facts.add_images("image", [image])
    assert facts.is_grey["image"]
    facts.add_images("image", [image + np.array([0, 0, 1], np.uint8)])
    assert not facts.is_grey["image"]
