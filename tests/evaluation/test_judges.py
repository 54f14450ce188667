"""The judge that reads attributes off images."""

import cv2
import numpy as np
import pytest

from jmvae_tf.evaluation import judges
from jmvae_tf.evaluation.judges import fit_judge


@pytest.fixture(autouse=True)
def _small(request, monkeypatch):
    """Fewer features, whose covariance takes less time, but where all are tested."""
    if "whole" not in request.node.name:
        monkeypatch.setattr(judges, "JUDGED_SIZE", 32)
        monkeypatch.setattr(judges, "COLOUR_CELLS", 4)


def drawn(rng, number, size, channels):
    """Discs and squares on the left or the right, in bright or dark, and what they are."""
    round_, right, bright = has = rng.integers(0, 2, (3, number)).astype(bool)
    images = np.zeros((number, size, size, channels), np.float32)
    for image, is_round, is_right, is_bright in zip(images, round_, right, bright, strict=True):
        x, y, r = size // 4 + is_right * size // 2, size // 2 + rng.integers(-1, 2), size // 6
        value = [float(is_bright) * 0.4 + 0.4] * channels
        if is_round:
            cv2.circle(image, (x, int(y)), r, value, -1)
        else:
            cv2.rectangle(image, (x - r, int(y) - r), (x + r, int(y) + r), value, -1)
    noise = 0.05 * rng.normal(size=images.shape)
    return np.clip(images + 0.1 + noise, 0, 1).astype("f"), np.where(has.T, 1, -1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "channels"), [(32, 3), (28, 1), (48, 3), pytest.param(64, 3, id="whole")]
)
def test_judge_learns_what_is_drawn_sharp_and_blurred(rng, size, channels):
    images, attributes = drawn(rng, 160, size, channels)
    judge = fit_judge(images, attributes > 0)
    images, attributes = drawn(rng, 100, size, channels)
    blurred = np.stack([cv2.GaussianBlur(x, (0, 0), size / 64) for x in images])
    for test in (images, blurred.reshape(images.shape)):
        assert ((judge.read(test) == (attributes > 0)).mean(axis=0) >= 0.9).all()


def test_judge_favours_neither_sign_and_is_the_same_again(rng):
    """One example in ten is bright, and noise hides half of it."""
    bright = np.arange(300) % 10 == 0
    levels = 0.4 + 0.03 * bright + 0.02 * rng.normal(size=300)
    images = np.broadcast_to(levels[:, None, None, None], (300, 8, 8, 1)).astype("f")
    attributes = np.where(bright, 1, -1)[:, np.newaxis]
    judge = fit_judge(images, attributes > 0)
    read = judge.read(images)[:, 0]
    # Half-way between means 1.5 standard deviations apart on both sides, 77 % are right.
    assert read[bright].mean() == pytest.approx(0.77, abs=0.2)
    assert (~read[~bright]).mean() == pytest.approx(0.77, abs=0.1)
    np.testing.assert_array_equal(fit_judge(images, attributes > 0).weights, judge.weights)


def test_an_attribute_that_never_varies_is_read_off_every_image(rng):
    images, attributes = drawn(rng, 40, 16, 3)
    attributes[:, 0], attributes[:, 1] = 1, -1
    read = fit_judge(images, attributes > 0).read(images)
    assert read[:, 0].all()
    assert not read[:, 1].any()
