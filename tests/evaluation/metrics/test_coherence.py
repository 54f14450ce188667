"""Coherence, of what stands for a trained model."""

import numpy as np
import pytest

from jmvae_tf.evaluation.metrics import coherence
from tests.helpers.evaluation import stand_in


@pytest.mark.parametrize(
    ("answers", "expected"), [([0, 1, 2], 1.0), ([2, 0, 1], 0.0), ([0, 0, 0], 1 / 3)]
)
def test_coherence_of_a_perfect_a_shifted_and_a_constant_generator(
    two_modalities, patterns, answers, expected
):
    kinds, images, labels = patterns
    classifier = coherence.fit_classifier(images, labels)
    assert coherence.classifier_accuracy(classifier, images, labels).mean() == 1
    model = stand_in(two_modalities, lambda n: np.stack([kinds[answers]] * n))
    right = coherence.label_coherence(model, classifier, "label", "image", 8)
    assert right.shape == (24,)
    assert right.mean() == pytest.approx(expected)
