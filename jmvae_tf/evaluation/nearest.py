"""Finds the nearest of many images."""

import numpy as np
from sklearn.metrics import pairwise_distances_chunked

_MEGABYTES = 64  # Of distances in memory at once.


def nearest(images: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Finds the nearest of other images by Euclidean distance.

    Args:
      images: [images, *event_shape].
      others: [others, *event_shape], at least one.

    Returns:
      The place of the nearest, integers [images], and its distance, float [images].
    """
    places, distances = [], []
    flat = np.reshape(others, (len(others), -1)).astype(np.float32)
    queries = np.reshape(images, (len(images), -1)).astype(np.float32)
    for part in pairwise_distances_chunked(queries, flat, working_memory=_MEGABYTES):
        closest = part.argmin(axis=1)
        places.append(closest)
        distances.append(part[np.arange(len(part)), closest])
    return np.concatenate(places), np.concatenate(distances)
