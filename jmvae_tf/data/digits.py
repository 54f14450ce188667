"""Handwritten digits, 8x8, which come with scikit-learn: no download needed.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.
"""

import pathlib

import numpy as np
from sklearn import datasets

from jmvae_tf.data import handwritten
from jmvae_tf.data.data_set import DataSet

_HIGHEST = 16  # Grey levels count the dark pixels of a 4x4 block.


def load(data_dir: pathlib.Path, split: str) -> DataSet:
    """Loads the 1,797 digits: of six in a row, four train, one validates and one tests.

    Neighbouring digits have the same writer, so all three parts contain every writer.

    Args:
      data_dir: unused.
      split: unused; "paper" is the only one.
    """
    del data_dir, split
    digits = datasets.load_digits()
    stored = {
        "image": digits.images[..., np.newaxis].astype(np.uint8),
        "label": digits.target.astype(np.uint8),
    }
    turn = np.arange(len(digits.target)) % 6

    def part(chosen: np.ndarray) -> dict[str, np.ndarray]:
        return {name: array[chosen] for name, array in stored.items()}

    return DataSet(
        name="digits",
        modalities=handwritten.digit_modalities(8),
        train=part(turn < 4),
        validation=part(turn == 4),
        test=part(turn == 5),
        prepare=handwritten.values_of_digits(_HIGHEST),
    )
