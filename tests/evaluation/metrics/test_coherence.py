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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("channels", "number", "fits"), [(3, 30, True), (3, 29, False), (1, 30, False)]
)
def test_enough_coloured_images_are_read_by_a_network(monkeypatch, rng, channels, number, fits):
    monkeypatch.setattr(coherence, "LEAST_FOR_NETWORK", 30)
    seen = []

    def fit(images, classes):
        seen.append((images.shape, list(classes)))
        return lambda images: np.full(len(images), 2)

    monkeypatch.setattr(coherence, "fit_network", fit)
    classes = np.arange(number) % 3
    images = rng.uniform(0, 1, (number, 40, 80, channels)).astype(np.float32)
    classifier = coherence.fit_classifier(images, np.eye(3)[classes])
    assert seen == ([((number, 32, 32, channels), list(classes))] if fits else [])
    assert len(classifier(images[:5])) == 5


def test_texts_are_read_as_the_nearest_ones(rng):
    classes = np.arange(30) % 3
    words = np.eye(5, dtype=np.float32)[np.stack([[0, 1, 4], [2, 2, 4], [3, 4, 4]])[classes]]
    classifier = coherence.fit_classifier(words, np.eye(3)[classes])
    unsure = 0.6 * words + 0.4 * rng.dirichlet(np.ones(5), words.shape[:2])
    np.testing.assert_array_equal(classifier(unsure), classes)
