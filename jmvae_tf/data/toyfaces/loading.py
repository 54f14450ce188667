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

SEEDS = {"train": 0, "validation": 1, "test": 2}
"""Seeds of the faces of each part."""

_OF_LOOKS = OF_ATTRIBUTES + 1


def load(data_dir: pathlib.Path, split: str) -> DataSet:
    """Draws the training, validation and test faces, with one seed each.

    Args:
      data_dir: unused; nothing is read from disk.
      split: unused; "paper" is the only one.
    """
    del data_dir, split  # Every data set takes both.
    parts = {part: examples(number, SEEDS[part]) for part, number in NUM_EXAMPLES.items()}
    return DataSet(
        name="toyfaces",
        modalities=faces.face_modalities(UNITS, ATTRIBUTES),
        prepare=faces.values_of_faces,
        redraw=lambda attributes, seed: redraw(attributes, seed) / np.float32(255),
        empty=empty_corners(),
        **parts,
    )


def empty_corners() -> np.ndarray:
    """Returns the places in the upper corners that neither hair nor hats reach, bool [64, 64].

    There a colour fades evenly, so that any detail in generated images is an artefact.
    """
    empty = np.zeros((UNITS, UNITS), bool)
    for columns in (slice(2, 10), slice(55, 63)):
        empty[2:13, columns] = True
    return empty


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
    for index, row in enumerate(attributes):
        yield painting.paint(shown_by(row), looks_of(index, seed), size, margin)


def shown_by(row: np.ndarray) -> set[str]:
    """Returns the names of the attributes that are 1 in one row of `redraw`."""
    return {name for name, value in zip(ATTRIBUTES, row, strict=True) if value > 0}


def looks_of(index: int, seed: int) -> dict[str, float]:
    """Returns all that varies freely in a face of `redraw`, by the names of `VARIATIONS`.

    Args:
      index: the index of its row.
      seed: see `redraw`.
    """
    lowest, highest = np.array(list(VARIATIONS.values())).T
    shares = np.random.default_rng((seed, index, _OF_LOOKS)).random(len(VARIATIONS))
    return dict(zip(VARIATIONS, (lowest + (highest - lowest) * shares).tolist(), strict=True))
