"""The network that reads classes off coloured images."""

import cv2
import numpy as np
import pytest

from jmvae_tf.evaluation import image_classifier


def _bars(rng, lying):
    """Draws a lying or a standing bar anywhere, in the opposite of the colour behind it."""
    images = np.empty((len(lying), 16, 16, 3), np.float32)
    for image, lies in zip(images, lying, strict=True):
        image[:] = rng.uniform(0, 1, 3)
        row, column = rng.integers(0, 6, 2)
        long, short = slice(0, 10), slice(0, 3)
        inside = image[row:, column:][(short, long) if lies else (long, short)]
        inside[:] = 1 - inside
    return images


@pytest.fixture(scope="module")
def classifier():
    """A network that tells 7, standing bars, from 2, lying ones."""
    rng = np.random.default_rng(0)
    lying = np.arange(400) % 2 == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_classifier, "NUM_STEPS", 40)
        return image_classifier.fit_network(_bars(rng, lying), np.where(lying, 2, 7))


@pytest.mark.parametrize("blur", [0.0, 1.0])
def test_what_is_in_front_is_read_wherever_it_is(classifier, rng, blur):
    lying = rng.integers(0, 2, 200) == 1
    images = _bars(rng, lying)
    if blur:
        images = np.stack([cv2.GaussianBlur(image, (0, 0), blur) for image in images])
    found = classifier(images)
    assert set(found) == {2, 7}
    assert (found == np.where(lying, 2, 7)).mean() > 0.9
