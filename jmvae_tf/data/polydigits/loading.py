"""Digits of MNIST in five views, in the manner of PolyMNIST.

An example is a label and five images. Each image shows a digit of that label, drawn for it alone,
without shades, on a random part of a texture of its own; where the digit is, the colours are 255
minus those of the texture. PolyMNIST (Sutter et al. 2021, arXiv 2105.02470) has photographs for
textures, so numbers on it cannot be compared with these.

An image is stored as the bits of its digit and the place of its texture, 100 bytes. It is put
together when a batch is prepared. So everything is drawn when the data are loaded, within seconds.
"""

import functools
import pathlib
from collections.abc import Mapping

import cv2
import numpy as np
import tensorflow as tf

from jmvae_tf.data import handwritten, mnist
from jmvae_tf.data.data_set import PARTS, Arrays, DataSet
from jmvae_tf.data.polydigits import VIEWS, textures
from jmvae_tf.likelihoods import Laplace
from jmvae_tf.modalities import Modality

SIZE = 28
"""Height and width of an image in pixels."""

SHRUNK = 21
"""Height and width of a translated digit: three quarters."""

SCALE = 0.75
"""Of the Laplace likelihood, as in the code of MMVAE's and of PolyMNIST's authors."""

_INK = 128  # From this grey value on a pixel is part of the digit.
_NUM_BYTES = SIZE * SIZE // 8
_SHIFTS = np.arange(7, -1, -1, dtype=np.uint8)  # The highest bit of a byte comes first.
_CORNERS = textures.TEXTURE_SIDE - SIZE + 1


def load(data_dir: pathlib.Path, split: str, translated: bool) -> DataSet:
    """Loads MNIST and draws five views of each of its labels, with a seed for each part and view.

    No part shows digits of another one.

    Args:
      data_dir: see `mnist.load`.
      split: see `mnist.load`.
      translated: whether digits are shrunk to three quarters and moved to a random place.

    Raises:
      UserError: as `mnist.load`.
    """
    digits = mnist.load(data_dir, split)
    train, validation, test = (
        _draw_views(getattr(digits, part), seed, translated) for seed, part in enumerate(PARTS)
    )
    images = {
        name: Modality(name, (SIZE, SIZE, 3), Laplace(SCALE), kind="image", value_range=(0.0, 1.0))
        for name in VIEWS
    }
    return DataSet(
        name="polydigits",
        modalities={**images, "label": digits.modalities["label"]},
        train=train,
        validation=validation,
        test=test,
        prepare=_prepare,
    )


def draw_view(ink: np.ndarray, labels: np.ndarray, seed: tuple[int, int]) -> np.ndarray:
    """Draws a digit, its place and that of the texture for each label; every digit is taken once.

    Args:
      ink: which pixels digits cover, bool [examples, height, width], at most SIZE each.
      labels: their labels, integers [examples].
      seed: two numbers, 0 or more.

    Returns:
      uint8 [examples, 100], in the order of `labels`: the bits of the digit row by row, and the
      first row and column of the texture.
    """
    generator = np.random.default_rng(seed)
    images = _placed(ink[_with_same_label(labels, generator)], generator)
    corners = generator.integers(0, _CORNERS, (len(labels), 2), np.uint8)
    bits = np.packbits(images.reshape(-1, SIZE * SIZE), axis=1)
    return np.concatenate([bits, corners], axis=1)


def image_of(name: str, stored: tf.Tensor) -> tf.Tensor:
    """Puts images of a view together.

    Args:
      name: the view, one of `VIEWS`.
      stored: from `draw_view`, uint8 [batch, 100].

    Returns:
      float32 in [0, 1], [batch, SIZE, SIZE, 3], red first.
    """
    bits, corners = tf.split(stored, (_NUM_BYTES, 2), axis=1)
    ink = tf.bitwise.right_shift(bits[..., tf.newaxis], _SHIFTS) % 2
    row, column = tf.unstack(tf.cast(corners, tf.int32)[..., tf.newaxis] + tf.range(SIZE), axis=1)
    places = row[:, :, tf.newaxis] * textures.TEXTURE_SIDE + column[:, tf.newaxis]
    behind = tf.gather(tf.constant(_colours(name)), places)
    return tf.where(tf.reshape(ink, (-1, SIZE, SIZE, 1)) == 1, 1 - behind, behind)


def _prepare(stored: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    return {
        **{name: image_of(name, stored[name]) for name in VIEWS},
        "label": tf.one_hot(stored["label"], handwritten.NUM_CLASSES),
    }


@functools.cache
def _colours(name: str) -> np.ndarray:
    """Returns the pixels of a texture row by row, float32 in [0, 1], [pixels, 3]."""
    return textures.draw_texture(name).reshape(-1, 3) / np.float32(255)


def _with_same_label(labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Returns a permutation that leaves labels as they are, at random."""
    shuffled = generator.permutation(len(labels))
    order = np.empty(len(labels), np.int64)
    order[np.argsort(labels, kind="stable")] = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return order


def _draw_views(digits: Arrays, seed: int, translated: bool) -> dict[str, np.ndarray]:
    """Draws all views of a part of MNIST, which may be empty; see `draw_view`."""
    if not digits:
        return {}
    grey, labels = np.asarray(digits["image"])[..., 0], np.asarray(digits["label"])
    if translated:
        shrunk = np.empty((len(grey), SHRUNK, SHRUNK), np.uint8)
        for small, digit in zip(shrunk, grey, strict=True):
            cv2.resize(digit, small.shape, small, interpolation=cv2.INTER_AREA)
        grey = shrunk
    ink = grey >= _INK
    views = {name: draw_view(ink, labels, (seed, view)) for view, name in enumerate(VIEWS)}
    return {**views, "label": labels}


def _placed(ink: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Puts smaller images at random places, bool [examples, SIZE, SIZE]."""
    side = ink.shape[1]
    if side == SIZE:
        return ink
    placed = np.zeros((len(ink), SIZE, SIZE), bool)
    corners = generator.integers(0, SIZE - side, (len(ink), 2), endpoint=True)
    for image, digit, (row, column) in zip(placed, ink, corners.tolist(), strict=True):
        image[row : row + side, column : column + side] = digit
    return placed
