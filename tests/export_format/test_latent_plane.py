"""The plane of a map of the latent space: where examples lie on it, and back."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from jmvae_tf.export_format.latent_plane import LatentPlane, principal_plane, separation


def test_places_and_latent_values():
    center = np.array([1.0, 2.0, 3.0], np.float32)
    plane = LatentPlane(center, np.eye(2, 3, dtype=np.float32)[::-1])
    places = np.array([[1.0, 2.0], [0.0, 0.0]])
    z = plane.to_z(places)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z, [center + np.array([2, 1, 0]), center])
    np.testing.assert_allclose(plane.to_plane(z), places)
    np.testing.assert_allclose(plane.to_z(places[0]), z[0])


def test_more_values_have_the_directions_of_most_variance(rng):
    z = (rng.normal(size=(400, 6)) * (0.01, 5, 0.01, 0.01, 3, 0.01) + 7).astype(np.float32)
    plane = principal_plane(z)
    points = plane.to_plane(z)
    np.testing.assert_allclose(np.abs(points), np.abs(PCA(2).fit_transform(z)), atol=1e-4)
    np.testing.assert_allclose(plane.to_z(points), z, atol=0.1)


@pytest.mark.parametrize("size", [1, 2])
def test_two_values_are_the_coordinates(rng, size):
    z = rng.normal(size=(50, size)).astype(np.float32)
    plane = principal_plane(z)
    points = plane.to_plane(z)
    np.testing.assert_array_equal(points, np.pad(z, ((0, 0), (0, 2 - size))))
    np.testing.assert_array_equal(plane.to_z(points), z)


@pytest.mark.parametrize("number", [1, 5])
def test_examples_that_are_all_the_same_have_a_plane(number):
    z = np.full((number, 3), 0.1, np.float32)
    plane = principal_plane(z)
    np.testing.assert_allclose(plane.to_plane(z), z[:, :2])


def test_two_examples_have_a_plane():
    z = np.array([[0, 0, 0], [0, 3, 4]], np.float32)
    points = principal_plane(z).to_plane(z)
    np.testing.assert_allclose(np.abs(points), [[2.5, 0], [2.5, 0]], atol=1e-6)


def test_classes_are_apart_as_the_plane_says(rng):
    points = rng.normal(size=(300, 2))
    sides = points[:, 0] > 0
    correlations = [np.corrcoef(x, sides)[0, 1] for x in points.T]
    assert separation(points, sides) == pytest.approx(np.square(correlations).sum())
    assert separation(points, sides) > 0.5 > separation(points, rng.integers(5, size=300))
    assert separation(points, np.arange(300)) == pytest.approx(2)
    assert separation(points, np.zeros(300)) == pytest.approx(0)
    assert separation(np.ones((3, 2)), np.arange(3)) == 0
