"""Diversity, of what stands for a trained model."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation.metrics import diversity
from tests.helpers.evaluation import face_modalities, faces, redraw, stand_in


def test_mean_distances_by_hand():
    events = np.array([[0, 0], [3, 4], [0, 0], [0, 6]], "f").reshape(4, 2, 1, 1)
    # 5 + 0 + 6, 5 + 5 + sqrt(13), the first again, 6 + sqrt(13) + 6; each over three others.
    expected = np.array([11, 10 + np.sqrt(13), 11, 12 + np.sqrt(13)]) / 3
    np.testing.assert_allclose(diversity.mean_distances(events), expected, rtol=1e-12)


def test_diversity_of_one_image_of_real_ones_and_of_half_their_spread(two_modalities, patterns):
    kinds, images, labels = patterns
    of_label = images.reshape(20, 3, 4, 4, 1)  # As a generator gives them: labels take turns.
    centre = of_label.mean(axis=0)
    for generated, expected in (
        (np.stack([kinds] * 20), 0.0),
        (of_label, 1.0),
        (centre + (of_label - centre) / 2, 0.5),
    ):
        model = stand_in(two_modalities, lambda n, generated=generated: generated[:n])
        found = diversity.label_diversity(model, images, labels, "label", "image", 20)
        assert found.mean == pytest.approx(expected, rel=1e-5)


def test_the_standard_error_of_diversity_is_its_spread_over_draws(two_modalities, patterns, rng):
    """The spread of 200 draws has a relative standard error of 1 / sqrt(2 * 199)."""
    kinds, images, labels = patterns
    found = []
    for _ in range(200):
        spread = rng.uniform(0.5, 2, (30, 3, 1, 1, 1))
        drawn = (kinds + spread * rng.normal(size=(30, *kinds.shape))).astype("f")
        model = stand_in(two_modalities, lambda n, drawn=drawn: drawn[:n])
        found.append(diversity.label_diversity(model, images, labels, "label", "image", 30))
    means, errors = np.transpose(found)
    assert means.std(ddof=1) == pytest.approx(errors.mean(), rel=5 / np.sqrt(2 * 199))


def test_diversity_counts_no_more_real_images_than_enough(two_modalities, patterns, monkeypatch):
    _, images, labels = patterns
    monkeypatch.setattr(diversity, "MAX_REAL", 4)
    of_label = images.reshape(20, 3, 4, 4, 1)
    model = stand_in(two_modalities, lambda n: of_label[:n])
    found = diversity.label_diversity(model, images, labels, "label", "image", 4)
    assert found.mean == pytest.approx(1)


class Generator:
    """Its `generate` gives what a function makes of attributes and a seed."""

    def __init__(self, images_of):
        self.modalities = face_modalities()
        self.images_of = images_of

    def generate(self, target, given, num_samples, seed):
        images = self.images_of(np.asarray(given["attributes"]), int(seed[0]))
        return tf.constant(images, tf.float32)[tf.newaxis]


@pytest.mark.parametrize(
    ("images_of", "expected"), [(redraw, 1.0), (lambda w, seed: 0 * redraw(w, seed), 0.0)]
)
def test_diversity_of_redraws_and_of_one_image(eagerly, images_of, expected):
    vectors = faces(12)["attributes"].numpy()
    model = Generator(images_of)
    found = diversity.redraw_diversity(model, vectors, redraw, "attributes", "image", 8)
    assert found.mean == pytest.approx(expected, abs=0.02)
    tiled = np.tile(vectors, (8, 1))
    images = redraw(tiled, 7)
    found = diversity.cell_diversity(
        model, images, tiled, tiled[:, :2] > 0, "attributes", "image", 20
    )
    assert found.mean == pytest.approx(expected, abs=0.02)


def test_attributes_that_divide_most_evenly(rng):
    rates = np.array([0.5, 0.01, 0.45, 0.99, 0.55])
    has = rng.random((1000, 5)) < rates
    assert diversity.most_even_columns(has) == (0, 2, 4)
    # Two that always agree leave cells without examples.
    has[:, 4] = has[:, 2]
    has[:, 3] = rng.random(1000) < 0.3
    assert diversity.most_even_columns(has)[:1] == (0,)
    assert 3 in diversity.most_even_columns(has)
    assert diversity.most_even_columns(has[:, :2]) == (0, 1)


def test_of_many_attributes_the_most_even_are_combined(rng):
    """All combinations of 1,000 are 166 million."""
    has = rng.random((50, 1000)) < 0.02
    has[:, [7, 500, 900]] = rng.random((50, 3)) < 0.5
    assert diversity.most_even_columns(has) == (7, 500, 900)
