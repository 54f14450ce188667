"""Tells whether two data sets are the same, without keeping either."""

import hashlib
from typing import Any

import numpy as np

from jmvae_tf.data.data_set import PARTS, DataSet

_MOST_ROWS = 1000  # Of a modality and a part; all rows of a million images would take minutes.


def fingerprint_of(data: DataSet) -> str:
    """Returns 16 hexadecimal digits of a hash of the examples, or of evenly spaced ones of many.

    The number of examples, masks and weights count completely. The name and the place of the data
    do not count.
    """
    digest = hashlib.sha256()
    for part in PARTS:
        for name, array in sorted(data.values(part).items()):
            kept = np.linspace(0, len(array) - 1, min(len(array), _MOST_ROWS)).astype(np.int64)
            _add(digest, f"{part} {name} {len(array)}", np.asarray(array[kept]))
        for name, array in sorted({**data.masks(part), **data.weights(part)}.items()):
            _add(digest, f"{part} {name}", np.asarray(array))
    return digest.hexdigest()[:16]


def _add(digest: Any, about: str, array: np.ndarray) -> None:
    digest.update(f"{about} {array.dtype} {array.shape}\n".encode())
    digest.update(repr(array.tolist()).encode() if array.dtype.hasobject else array.tobytes())
