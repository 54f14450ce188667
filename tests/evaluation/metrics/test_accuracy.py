"""Accuracy of generated labels."""

import numpy as np
import pytest

from jmvae_tf.evaluation.metrics import accuracy
from tests.helpers.evaluation import drawn, image_of, label_of, stand_in
from tests.helpers.small_models import small_model


@pytest.mark.parametrize(("answers", "expected"), [([0, 1, 2], 1.0), ([0, 0, 0], 1 / 3)])
def test_accuracy_of_generated_labels(two_modalities, patterns, answers, expected):
    _, _, labels = patterns
    model = stand_in(two_modalities, lambda n: np.stack([np.eye(3)[answers]] * n))
    # The stand-in reads labels; a real model would be given the images.
    right = accuracy.generated_label_accuracy(
        model, {"image": labels, "label": labels}, ["image"], "label"
    )
    assert right.shape == (60,)
    assert right.mean() == pytest.approx(expected)


def test_labels_are_read_off_many_images_in_batches(monkeypatch, eagerly):
    model = small_model("jmvae_kl", {"image": image_of(), "label": label_of(3)})
    data = drawn([0, 1, 2, 1, 1, 0, 2], 3)
    right = [accuracy.generated_label_accuracy(model, data, ["image"], "label")]
    monkeypatch.setattr("jmvae_tf.evaluation.batches.ROWS", 3)
    right.append(accuracy.generated_label_accuracy(model, data, ["image"], "label"))
    np.testing.assert_array_equal(*right)
