"""A plane through the latent space, for maps of it."""

from typing import NamedTuple

import numpy as np


class LatentPlane(NamedTuple):
    """A plane through the latent space, with coordinates to the right and upwards.

    Attributes:
      center: the point of the latent space at (0, 0), float32 [latent].
      axes: what a step to the right and a step upwards add to it, float32 [2, latent].
    """

    center: np.ndarray
    axes: np.ndarray

    def to_z(self, places: np.ndarray) -> np.ndarray:
        """Maps places of the plane, [..., 2], to latent values, float32 [..., latent]."""
        return (self.center + np.asarray(places, np.float32) @ self.axes).astype(np.float32)

    def to_plane(self, z: np.ndarray) -> np.ndarray:
        """Projects latent values, [examples, latent], onto the plane, float32 [examples, 2]."""
        return ((z - self.center) @ self.axes.T).astype(np.float32)


def principal_plane(z: np.ndarray) -> LatentPlane:
    """Finds the plane in which examples differ most: that of their two principal components.

    With one or two latent values, the coordinates are these values; so they are, of the first two,
    if the examples do not differ.

    Args:
      z: latent values, [examples, latent].
    """
    size = z.shape[1]
    if size <= 2 or not np.ptp(z, axis=0).any():
        return LatentPlane(np.zeros(size, np.float32), np.eye(2, size, dtype=np.float32))
    from sklearn.decomposition import PCA  # Slow to import, and not needed to read a plane.

    pca = PCA(2, svd_solver="covariance_eigh").fit(z.astype(np.float64))
    return LatentPlane(pca.mean_.astype(np.float32), pca.components_.astype(np.float32))


def separation(points: np.ndarray, classes: np.ndarray) -> float:
    """Measures how far apart the classes of examples lie on a plane.

    Args:
      points: the places of the examples, [examples, 2].
      classes: the number of the class of each, [examples].

    Returns:
      The share of the variance that is between classes, of both axes together: from 0 to 2.
    """
    scaled = (points - points.mean(axis=0)) / np.maximum(points.std(axis=0), 1e-9)
    each = [scaled[classes == x] for x in np.unique(classes)]
    return float(sum(len(x) * np.square(x.mean(axis=0)).sum() for x in each) / len(scaled))
