"""Scores of images, held to SciPy's filters and scikit-learn's neighbours."""

import numpy as np
import pytest
from scipy.ndimage import correlate1d
from sklearn.neighbors import NearestNeighbors

from jmvae_tf.evaluation import image_scores
from jmvae_tf.evaluation.nearest import nearest


def similarity_by_scipy(image, other, size=11, deviation=1.5):
    """Computes SSIM as Wang et al. (2004) define it, of one channel."""
    places = np.arange(size) - (size - 1) / 2
    window = np.exp(-np.square(places) / (2 * deviation**2))
    window /= window.sum()

    def blurred(x):
        x = correlate1d(correlate1d(x, window, axis=0), window, axis=1)
        lost = size // 2  # Where the window leaves the image.
        return x[lost : x.shape[0] - (size - 1 - lost), lost : x.shape[1] - (size - 1 - lost)]

    first, second = blurred(image), blurred(other)
    variances = blurred(image**2) - first**2, blurred(other**2) - second**2
    covariance = blurred(image * other) - first * second
    c1, c2 = 0.01**2, 0.03**2
    top = (2 * first * second + c1) * (2 * covariance + c2)
    return (top / ((first**2 + second**2 + c1) * (sum(variances) + c2))).mean()


@pytest.mark.parametrize(("shape", "size"), [((20, 28, 3), 11), ((7, 9, 1), 7)])
def test_similarity_is_that_of_its_definition(rng, shape, size):
    images = rng.random((3, *shape))
    others = np.clip(images + 0.3 * rng.normal(size=images.shape), 0, 1)
    found = image_scores.structural_similarities(images, others)
    expected = [
        np.mean([similarity_by_scipy(x[..., c], y[..., c], size) for c in range(shape[-1])])
        for x, y in zip(images, others, strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=2e-5)
    np.testing.assert_allclose(image_scores.structural_similarities(images, images), 1, atol=1e-5)


def test_signal_to_noise_by_hand():
    images = np.zeros((3, 4, 5, 1))
    others = images + np.array([0.1, 1.0, 0.0]).reshape(3, 1, 1, 1)
    np.testing.assert_allclose(
        image_scores.peak_signal_to_noise_ratios(images, others), [20, 0, 100]
    )


def test_nearest_images_are_those_of_scikit_learn(rng):
    images, others = rng.random((30, 4, 5, 1)), rng.random((80, 4, 5, 1))
    places, distances = nearest(images, others)
    flat = NearestNeighbors(n_neighbors=1).fit(others.reshape(80, -1))
    expected, neighbours = flat.kneighbors(images.reshape(30, -1))
    np.testing.assert_array_equal(places, neighbours[:, 0])
    np.testing.assert_allclose(distances, expected[:, 0], rtol=1e-4)
