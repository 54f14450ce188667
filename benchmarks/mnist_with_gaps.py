"""MNIST with most labels hidden, for a file that `bin/train --data=FILE.py:FUNCTION` names."""

import dataclasses
import pathlib

import numpy as np

from jmvae_tf.data import mnist
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.modalities import observed_key


def with_labels(data_dir: pathlib.Path, number: int, seed: int, num_tests: int) -> DataSet:
    """Returns MNIST with labels for some of its 60,000 training and validation digits.

    Args:
      data_dir: the folder of the four idx files.
      number: how many labels stay, in both parts together; those of test digits all stay.
      seed: draws which.
      num_tests: how many of the test digits to take, from the first.
    """
    data = mnist.load(data_dir, "paper")
    sizes = [data.num_examples(part) for part in ("train", "validation")]
    observed = np.zeros(sum(sizes), bool)
    observed[np.random.default_rng(seed).permutation(len(observed))[:number]] = True
    in_training, in_validation = np.split(observed, sizes[:1])
    tests = {name: array[:num_tests] for name, array in data.test.items()}
    return dataclasses.replace(
        data,
        train=_masked(data.train, in_training),
        validation=_masked(data.validation, in_validation),
        test=_masked(tests, np.ones(num_tests, bool)),
    )


def _masked(part, observed):
    """Adds the mask, and puts 0 in place of hidden labels, so that none can leak."""
    label = np.where(observed, part["label"], 0).astype(np.uint8)
    return {**part, "label": label, observed_key("label"): observed}
