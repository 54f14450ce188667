"""The Fréchet distance, of Gaussians with a known one and of images."""

import cv2
import numpy as np
import pytest
import scipy.linalg
import tensorflow as tf

from jmvae_tf.evaluation.judges import judged_features
from jmvae_tf.evaluation.metrics import frechet
from jmvae_tf.evaluation.metrics.frechet import (
    estimated_distance,
    frechet_distance,
    frechet_distance_by_label,
    principal_components,
    squared_frechet_distance,
)
from jmvae_tf.likelihoods import Bernoulli
from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.models.base import Direction
from tests.helpers.evaluation import face_modalities, label_of
from tests.helpers.predictor import Predictor, subject_of

TO_IMAGE = Direction(("attributes",), "image")


def white(rng, number, size):
    """Draws values whose mean is 0 and whose covariance is 1, exactly."""
    x = rng.normal(size=(number, size))
    x -= x.mean(axis=0)
    return x @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False))).T


def test_of_equal_shifted_and_scaled_gaussians(rng):
    x = white(rng, 50, 4)
    scales = np.array([0.5, 1.0, 2.0, 3.0])
    shift = np.array([1.0, -2.0, 0.0, 0.5])
    assert squared_frechet_distance(x, x) == pytest.approx(0, abs=1e-12)
    assert squared_frechet_distance(x, x + shift) == pytest.approx(np.square(shift).sum())
    # Where covariances commute, deviations are compared one by one.
    assert squared_frechet_distance(x, x * scales) == pytest.approx(np.square(scales - 1).sum())
    assert squared_frechet_distance(x * 3, x * 5 + shift) == pytest.approx(4 * 4 + 5.25)


@pytest.mark.parametrize("rank", [6, 2])
def test_of_any_covariances_it_is_that_of_the_definition(rng, rank):
    x, y = (
        rng.normal(size=(40, rank)) @ rng.normal(size=(rank, 6)) + rng.normal(size=6)
        for _ in range(2)
    )
    first, second = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = scipy.linalg.sqrtm(first @ second + 1e-10 * np.eye(6)).real
    shift = np.square(x.mean(axis=0) - y.mean(axis=0)).sum()
    expected = shift + np.trace(first + second - 2 * root)
    assert squared_frechet_distance(x, y) == pytest.approx(expected, rel=1e-3)
    assert squared_frechet_distance(y, x) == pytest.approx(squared_frechet_distance(x, y))


def test_the_standard_error_is_the_spread_over_samples(rng):
    found = [
        estimated_distance(rng.normal(size=(200, 3)), 0.5 + 1.5 * rng.normal(size=(200, 3)))
        for _ in range(40)
    ]
    means, errors = np.transpose(found)
    assert means.mean() == pytest.approx(3 * (0.25 + 0.25), rel=0.2)
    assert errors.mean() == pytest.approx(means.std(ddof=1), rel=0.4)


def test_components_are_those_of_a_singular_value_decomposition(rng):
    features = (rng.normal(size=(30, 40)) * 0.7 ** np.arange(40) + 5).astype("f")
    found = principal_components(features, 7)
    _, _, expected = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(np.sum(found.T * expected[:7], axis=1)), 1, rtol=1e-4)
    np.testing.assert_allclose(found.T @ found, np.eye(7), atol=1e-6)
    alike = principal_components(np.ones((10, 12), "f"), 3)
    np.testing.assert_allclose(alike.T @ alike, np.eye(3), atol=1e-6)


def drawn(rng, number):
    """Draws discs at random places in random colours."""
    images = np.zeros((number, 16, 16, 3), "f")
    for image in images:
        x, y = rng.integers(4, 12, 2).tolist()
        cv2.circle(image, (x, y), 3, (0.2 + 0.8 * rng.random(3)).tolist(), -1)
    return images


@pytest.fixture
def few(quick_judge, monkeypatch):
    """Distances of few images in few components."""
    monkeypatch.setattr(frechet, "NUM_COMPONENTS", 4)
    monkeypatch.setattr(frechet, "LEAST_IMAGES", 60)


def subject(rng, number, blur):
    """Makes the subject of a model whose images are new ones, blurred."""
    images = drawn(rng, number)
    if blur:
        images = np.stack([cv2.GaussianBlur(each, (0, 0), blur) for each in images])
    test, training = (
        {"image": drawn(rng, each), "attributes": np.ones((each, 4), "f")}
        for each in (number, 2 * number)
    )
    tensors = {name: tf.constant(x) for name, x in training.items()}
    model = Predictor(face_modalities(16), lambda given: tf.constant(images[: len(given)]))
    return subject_of(model, test, tensors)


def test_new_real_images_are_near_and_blurred_ones_far(eagerly, rng, few):
    sharp, floor = frechet_distance(subject(rng, 80, blur=0), TO_IMAGE)
    blurred, _ = frechet_distance(subject(rng, 80, blur=4), TO_IMAGE)
    assert sharp.name == "attributes_to_image_frechet_distance"
    assert floor.name == "attributes_to_image_frechet_distance_real"
    assert "4 principal components of the judge's features" in sharp.description
    assert sharp.examples is None
    assert 5 * max(sharp.value.mean, floor.value.mean) < blurred.value.mean
    assert 0 < blurred.value.standard_error < blurred.value.mean / 5


def test_both_sides_have_as_many_images_and_those_of_the_same_examples(eagerly, rng, few):
    """Test images that are missing are left out of both, and the floor has no more either."""
    one = subject(rng, 90, blur=0)
    there = np.arange(90) % 10 > 0
    one.data.grey[observed_key("image")] = tf.constant(there)
    distance, _ = frechet_distance(one, TO_IMAGE)
    assert distance.examples == 81
    components = principal_components(judged_features(np.asarray(one.data.training["image"])), 4)
    images = (
        np.asarray(one.model.means_of(np.ones(90)))[there],
        one.data.grey["image"].numpy()[there],
    )
    expected = squared_frechet_distance(*(judged_features(x) @ components for x in images))
    assert distance.value.mean == pytest.approx(expected, rel=1e-3)


def test_too_few_images_are_said_to_be(eagerly, rng, few):
    [note] = frechet_distance(subject(rng, 59, blur=0), TO_IMAGE)
    assert note == (
        "the Fréchet distance is left out of image by attributes: it needs 60 test and training "
        "examples, and there are 59"
    )


def of_digits(rng, number, blur, channels=1):
    """Makes the subject of a model of grey images and a label, as `subject` does."""
    one = subject(rng, number, blur)
    model, (test, training) = one.model, (one.data.grey, one.data.training)
    shown = np.asarray(model.means_of(np.ones(number)))[..., :channels]

    def grey(examples):
        images = np.asarray(examples["image"])[..., :channels]
        return {"image": images, "label": np.ones((len(images), 1), "f")}

    size = Modality("image", (16, 16, channels), Bernoulli(), kind="image")
    digits = Predictor(
        {"image": size, "label": label_of(1)}, lambda given: tf.constant(shown[: len(given)])
    )
    tensors = {name: tf.constant(x) for name, x in grey(training).items()}
    return subject_of(digits, grey(test), tensors)


TO_DIGIT = Direction(("label",), "image")


def test_images_of_a_label_have_a_distance_too(eagerly, rng, few):
    sharp, floor = frechet_distance_by_label(of_digits(rng, 80, blur=0), TO_DIGIT)
    blurred, _ = frechet_distance_by_label(of_digits(rng, 80, blur=4), TO_DIGIT)
    assert (sharp.name, floor.name) == ("frechet_distance", "frechet_distance_real")
    assert 3 * max(sharp.value.mean, floor.value.mean) < blurred.value.mean


def test_images_of_other_channels_have_no_features(eagerly, rng, few):
    [note] = frechet_distance_by_label(of_digits(rng, 60, blur=0, channels=4), TO_DIGIT)
    assert note.startswith("the Fréchet distance is left out of image: its features")
