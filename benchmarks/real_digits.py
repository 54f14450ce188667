#!/usr/bin/env python3
"""Scores images that no model has drawn by Eq. 5: the average image of a digit, and real digits.

    .venv/bin/python benchmarks/real_digits.py --data_dir=DIR

Each of MNIST's test digits is scored by the grey values of training images of its label, as the
probabilities of white: their mean, or one of them at random. A real digit is black and white in
most places, so probabilities keep a distance from 0 and 1; without it one wrong pixel would cost
infinitely much. It prints nats per test digit, mean ± standard error.
"""

import pathlib
import sys

_ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))

import numpy as np  # noqa: E402
from absl import app, flags  # noqa: E402

from jmvae_tf.data.pipelines import whole_part  # noqa: E402
from jmvae_tf.data.registry import load  # noqa: E402
from jmvae_tf.evaluation.estimate import estimate  # noqa: E402

_DATA_DIR = flags.DEFINE_string("data_dir", "data", "folder of MNIST's four idx files")
_SEED = flags.DEFINE_integer("seed", 0, "seed of the choice of real digits")

_DISTANCES = (0.01, 0.001)


def log_likelihoods(images: np.ndarray, probabilities: np.ndarray, distance: float) -> np.ndarray:
    """Computes log p(image) of binary images, in nats, [examples].

    Args:
      images: 0 or 1, [examples, height, width, 1].
      probabilities: of 1, of the same shape.
      distance: how near to 0 and 1 probabilities may be.
    """
    p = np.clip(probabilities, distance, 1 - distance)
    return np.sum(np.where(images > 0.5, np.log(p), np.log1p(-p)), axis=(1, 2, 3))


def main(_: list[str]) -> None:
    """Prints the scores."""
    data = load("mnist", pathlib.Path(_DATA_DIR.value), {"split": "paper"})
    training = {x: y.numpy() for x, y in whole_part(data, "train", binarised=False).items()}
    test = {x: y.numpy() for x, y in whole_part(data, "test").items()}
    classes, asked = (np.argmax(x["label"], axis=-1) for x in (training, test))
    averages = np.stack([training["image"][classes == x].mean(axis=0) for x in range(10)])
    random = np.random.default_rng(_SEED.value)
    chosen = [random.choice(np.flatnonzero(classes == x)) for x in asked]
    for name, drawn in (
        ("the average image of the label", averages[asked]),
        ("a real digit of the label", training["image"][chosen]),
    ):
        for distance in _DISTANCES:
            score = estimate(log_likelihoods(test["image"], drawn, distance))
            print(f"{name}, probabilities from {distance} to {1 - distance}: {score}")


if __name__ == "__main__":
    app.run(main)
