"""Cartoon faces of 64x64 pixels and their attributes, drawn on demand.

The attributes have CelebA's names and go together as in life. Everything else about a face varies
freely, so that one vector of attributes has many faces.
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
    """Draws the faces to train on, to validate on and to test on, by a seed each.

    Args:
      data_dir: unused; nothing is read from disk.
      split: unused, as "paper" is the only one.
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
    """Draws faces at random: attributes as often as in life, and a face for each vector of them.

    Args:
      number: how many; the first are the same for any number.
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
      seed: of all that varies freely; 0 or more.

    Returns:
      uint8 [number, 64, 64, 3], red first.

    Raises:
      ValueError: for attributes of another shape or with other values.
    """
    images = np.empty((len(attributes), UNITS, UNITS, 3), np.uint8)
    for index, image in enumerate(drawings(attributes, seed)):
        images[index] = image
    return images


def drawings(
    attributes: np.ndarray, seed: int, size: int = UNITS, margin: int = 0
) -> Iterator[np.ndarray]:
    """Draws the faces of `redraw` one by one, of any size.

    Looks follow from the seed and the index of the row alone, so that another attribute changes
    nothing else of a face.

    Args:
      attributes: as for `redraw`.
      seed: as for `redraw`.
      size: the width of the images in pixels.
      margin: rows added above and below the square.

    Yields:
      uint8 [size + 2 * margin, size, 3], red first.

    Raises:
      ValueError: as `redraw`.
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
