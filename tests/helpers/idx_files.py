"""Makes small files in MNIST's idx format."""

import struct

import numpy as np

from jmvae_tf.data import mnist

TRAIN_IMAGES, TRAIN_LABELS = mnist.FILES["train-images"], mnist.FILES["train-labels"]
NUM_TRAIN, NUM_TEST = 6, 4


def idx(array: np.ndarray, magic: int | None = None, count: int | None = None) -> bytes:
    """Encodes an array in the idx format, uncompressed, perhaps with a false header."""
    magic = 0x0800 + array.ndim if magic is None else magic
    sizes = [len(array) if count is None else count, *array.shape[1:]]
    return struct.pack(f">{1 + len(sizes)}I", magic, *sizes) + array.tobytes()


def arrays(
    rng: np.random.Generator, num_train: int = NUM_TRAIN, num_test: int = NUM_TEST
) -> dict[str, np.ndarray]:
    """Maps file names to the images or labels, uint8, of small idx files."""
    made = {}
    for part, count in (("train", num_train), ("test", num_test)):
        made[mnist.FILES[f"{part}-images"]] = rng.integers(0, 256, (count, 28, 28), np.uint8)
        made[mnist.FILES[f"{part}-labels"]] = rng.integers(0, 10, count, np.uint8)
    return made
