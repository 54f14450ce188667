"""Splits CelebA's faces officially or as in the 2018 paper."""

import hashlib
from collections.abc import Sequence

import numpy as np

from jmvae_tf.data.celeba.source_lists import PARTITION_NAMES

_TEST_SHARE, _VALIDATION_SHARE = 0.1, 0.02  # Of all faces; of the faces not in the test set.
_SPLIT_SEED = 0


def divide_officially(partitions: Sequence[int]) -> dict[str, np.ndarray]:
    """Splits by the official partition.

    Args:
      partitions: 0, 1 or 2 for each face.

    Returns:
      The indices of each part's faces, ascending.
    """
    return {
        name: np.flatnonzero(np.equal(partitions, number))
        for number, name in enumerate(PARTITION_NAMES)
    }


def divide_as_in_paper(file_names: Sequence[str]) -> dict[str, np.ndarray]:
    """Splits as in the 2018 paper, 90 % and 10 %; 2 % of the 90 % are the validation set.

    The split is decided by a hash of each name. So adding or refusing a face moves hardly any other
    face, and the versions of libraries do not matter.

    Args:
      file_names: the file names of all faces.

    Returns:
      The indices of each part's faces, ascending.
    """
    hashes = [hashlib.sha256(f"{_SPLIT_SEED}/{name}".encode()).hexdigest() for name in file_names]
    order = np.argsort(hashes)
    num_test = round(_TEST_SHARE * len(order))
    num_validation = round(_VALIDATION_SHARE * (len(order) - num_test))
    test, validation, train = np.split(order, [num_test, num_test + num_validation])
    return {"train": np.sort(train), "validation": np.sort(validation), "test": np.sort(test)}
