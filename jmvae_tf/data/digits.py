"""Handwritten digits, 8x8, embedded in scikit-learn: needs no download.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.
"""

import pathlib
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from sklearn import datasets

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.errors import UserError
from jmvae_tf.likelihoods import Bernoulli, Categorical
from jmvae_tf.modalities import Modality

NUM_CLASSES = 10
_HIGHEST = 16  # Grey levels count the dark pixels of a 4x4 block.

IMAGE = Modality("image", (8, 8, 1), Bernoulli(), shown_as="image")
LABEL = Modality(
    "label",
    (NUM_CLASSES,),
    Categorical(),
    shown_as="label",
    value_names=tuple(map(str, range(NUM_CLASSES))),
)


def prepare(stored: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Grey values in [0, 1] and one-hot labels."""
    return {
        "image": tf.cast(stored["image"], tf.float32) / _HIGHEST,
        "label": tf.one_hot(stored["label"], NUM_CLASSES),
    }


def load(data_dir: pathlib.Path, split: str) -> DataSet:
    """The 1,797 digits: of every six in a row four to train, one to validate, one to test.

    Neighbours share their writer, so that all three parts have digits of every writer.

    Args:
      data_dir: not used.
      split: "paper" is the only one.

    Raises:
      UserError: for another split.
    """
    del data_dir
    if split != "paper":
        raise UserError("digits has one --split, paper", f"--split={split}", "leave --split out")
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
        modalities={"image": IMAGE, "label": LABEL},
        train=part(turn < 4),
        validation=part(turn == 4),
        test=part(turn == 5),
        prepare=prepare,
    )
