"""The digits that scikit-learn has, divided."""

import numpy as np
import pytest
from sklearn import datasets

from jmvae_tf.data import registry


@pytest.fixture
def loaded_digits(tmp_path):
    return registry.load("digits", tmp_path, {"split": "paper"})


def rows(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Images and labels as sorted rows, to compare sets of examples whatever their order."""
    flat = np.column_stack([images.reshape(len(images), -1), labels]).astype(int)
    return flat[np.lexsort(flat.T)]


def test_digits_are_divided_without_loss_or_repetition(loaded_digits):
    parts = [loaded_digits.train, loaded_digits.validation, loaded_digits.test]
    assert [len(part["label"]) for part in parts] == [1199, 299, 299]
    original = datasets.load_digits()
    np.testing.assert_array_equal(
        rows(*(np.concatenate([part[name] for part in parts]) for name in ("image", "label"))),
        rows(original.images, original.target),
    )


def test_digits_of_every_class_are_in_every_part(loaded_digits):
    for part in ("train", "validation", "test"):
        counts = np.bincount(getattr(loaded_digits, part)["label"], minlength=10)
        # A tenth of them each; the neighbours of the file are of one writer, not of one class.
        assert (counts > 0.05 * counts.sum()).all()
