"""Cartoon faces of 64x64 pixels and their attributes, drawn on demand.

The attributes have CelebA's names and are correlated as in real life. Everything else about a face
varies freely, so one vector of attributes has many faces.
"""

import pathlib
from collections.abc import Iterator

import numpy as np

from jmvae_tf.data import faces
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.data.toyfaces import painting
from jmvae_tf.data.toyfaces.people import OF_ATTRIBUTES, sample_attributes
from jmvae_tf.data.toyfaces.variations import ATTRIBUTES, UNITS, VARIATIONS

NUM_EXAMPLES = {"train": 10_000, "validation": 1_000, "test": 2_000}

_SEEDS = {"train": 0, "validation": 1, "test": 2}

_OF_LOOKS = OF_ATTRIBUTES + 1


def load(data_dir: pathlib.Path, split: str) -> DataSet:
    """Draws the training, validation and test faces, with one seed each.

    Args:
      data_dir: unused; nothing is read from disk.
      split: unused; "paper" is the only one.
    """
    del data_dir, split  # Every data set takes both.
    parts = {part: examples(number, _SEEDS[part]) for part, number in NUM_EXAMPLES.items()}
    return DataSet(
        name="toyfaces",
        modalities=faces.face_modalities(UNITS, ATTRIBUTES),
        prepare=faces.values_of_faces,
        redraw=lambda attributes, seed: redraw(attributes, seed) / np.float32(255),
        **parts,
    )


def examples(number: int, seed: int) -> dict[str, np.ndarray]:
    """Draws random faces: attributes with realistic frequencies, and one face per vector of them.

    Args:
      number: the number of faces; the first ones do not depend on it.
      seed: 0 or more.

    Returns:
      "image", uint8 [number, 64, 64, 3], red first, and "attributes", int8 [number, 18], -1 or 1,
      in the order of `ATTRIBUTES`.
    """
    attributes = sample_attributes(number, seed)
    return {"image": redraw(attributes, seed), "attributes": attributes}


def redraw(attributes: np.ndarray, seed: int) -> np.ndarray:
    """Draws a new face for each vector of attributes.

    Args:
      attributes: -1 or 1, [number, 18], in the order of `ATTRIBUTES`.
      seed: seed of all that varies freely; 0 or more.

    Returns:
      uint8 [number, 64, 64, 3], red first.

    Raises:
      ValueError: if the attributes have another shape or other values.
    """
    images = np.empty((len(attributes), UNITS, UNITS, 3), np.uint8)
    for index, image in enumerate(drawings(attributes, seed)):
        images[index] = image
    return images


def drawings(
    attributes: np.ndarray, seed: int, size: int = UNITS, margin: int = 0
) -> Iterator[np.ndarray]:
    """Draws the faces of `redraw` one by one, of any size.

    A face's looks depend only on the seed and the row's index, so changing an attribute changes
    nothing else.

    Args:
      attributes: see `redraw`.
      seed: see `redraw`.
      size: the width of the images in pixels.
      margin: rows added above and below the square.

    Yields:
      uint8 [size + 2 * margin, size, 3], red first.

    Raises:
      ValueError: see `redraw`.
    """
    attributes = np.asarray(attributes)
    if attributes.ndim != 2 or attributes.shape[1] != len(ATTRIBUTES):
        raise ValueError(
            f"Attributes have the shape [number, {len(ATTRIBUTES)}]. "
            f"Received: shape {attributes.shape}"
        )
    if not np.isin(attributes, (-1, 1)).all():
        raise ValueError(f"Attributes are -1 or 1. Received: {np.unique(attributes)}")
    lowest, highest = np.array(list(VARIATIONS.values())).T
    for index, row in enumerate(attributes > 0):
        shares = np.random.default_rng((seed, index, _OF_LOOKS)).random(len(VARIATIONS))
        looks = (lowest + (highest - lowest) * shares).tolist()
        yield painting.paint(
            {name for name, has in zip(ATTRIBUTES, row, strict=True) if has},
            dict(zip(VARIATIONS, looks, strict=True)),
            size,
            margin,
        )
