"""One-hot events of labels and texts."""

import numpy as np


def one_hot(places: np.ndarray | int, size: int) -> np.ndarray:
    """Returns 1 at some places and 0 elsewhere, float32 [*places.shape, size].

    It needs no more memory than that: rows of `np.eye` would take the square of the size.

    Args:
      places: whole numbers from 0, of any shape.
      size: the number of classes or symbols.
    """
    return (np.asarray(places)[..., np.newaxis] == np.arange(size)).astype(np.float32)
