"""What tests of the evaluation share."""

import numpy as np
import pytest

from jmvae_tf.evaluation import judges


@pytest.fixture
def quick_judge(monkeypatch):
    """Fewer features, whose covariance takes less time."""
    monkeypatch.setattr(judges, "JUDGED_SIZE", 32)
    monkeypatch.setattr(judges, "COLOUR_CELLS", 4)


@pytest.fixture
def patterns(rng):
    """Three kinds of image and sixty noisy examples of them."""
    kinds = rng.integers(0, 2, (3, 4, 4, 1)).astype("f")
    labels = np.arange(60) % 3
    images = np.clip(kinds[labels] + 0.1 * rng.normal(size=(60, 4, 4, 1)), 0, 1).astype("f")
    return kinds, images, np.eye(3, dtype="f")[labels]


@pytest.fixture
def flat_batch(two_modality_batch):
    """Its image and label as rows for NumPy."""
    image, label = (two_modality_batch[name].numpy() for name in ("image", "label"))
    return image.reshape(6, 16), label
