"""Cartoon faces of 64x64 pixels and their attributes, drawn when they are asked for.

The attributes bear CelebA's names and go together as in life. All else about a face varies
freely, so that one vector of attributes has many faces.
"""

import pathlib
from collections.abc import Iterator

import numpy as np

from jmvae_tf.data import faces
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.data.toyfaces import painting
from jmvae_tf.data.toyfaces.painting import ATTRIBUTES, VARIATIONS
from jmvae_tf.modalities import Modality

SIZE = painting.UNITS

NUM_EXAMPLES = {"train": 10_000, "validation": 1_000, "test": 2_000}

_SEEDS = {"train": 0, "validation": 1, "test": 2}

# What a seed and an index are folded with, so that a face's attributes and its looks share no draw.
_OF_ATTRIBUTES, _OF_LOOKS = 0, 1


def modalities() -> dict[str, Modality]:
    """An image of 64x64 colour pixels, and the attributes of the face in it."""
    return faces.modalities(SIZE, ATTRIBUTES)


def load(data_dir: pathlib.Path, split: str) -> DataSet:
    """Draws the faces to train on, to validate on and to test on, by a seed each.

    Args:
      data_dir: not used.
      split: "paper" is the only one.

    Raises:
      UserError: for another split.
    """
    del data_dir
    parts = {part: examples(number, _SEEDS[part]) for part, number in NUM_EXAMPLES.items()}
    return DataSet(
        name="toyfaces",
        modalities=modalities(),
        prepare=faces.prepare,
        redraw=lambda attributes, seed: redraw(attributes, seed) / np.float32(255),
        **parts,
    )


def examples(number: int, seed: int) -> dict[str, np.ndarray]:
    """Faces as they come: attributes as often as in life, and a face of each.

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
    images = np.empty((len(attributes), SIZE, SIZE, 3), np.uint8)
    for index, image in enumerate(drawings(attributes, seed)):
        images[index] = image
    return images


def drawings(
    attributes: np.ndarray, seed: int, size: int = SIZE, margin: int = 0
) -> Iterator[np.ndarray]:
    """The faces of `redraw` one by one, of any size.

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
        yield painting.draw(
            {name for name, has in zip(ATTRIBUTES, row, strict=True) if has},
            dict(zip(VARIATIONS, looks, strict=True)),
            size,
            margin,
        )


def sample_attributes(number: int, seed: int) -> np.ndarray:
    """Draws vectors of attributes that go together as in life.

    Args:
      number: how many; the first are the same for any number.
      seed: 0 or more.

    Returns:
      int8 [number, 18], -1 or 1, in the order of `ATTRIBUTES`.
    """
    rows = np.full((number, len(ATTRIBUTES)), -1, np.int8)
    for index in range(number):
        shown = _Person(np.random.default_rng((seed, index, _OF_ATTRIBUTES))).attributes()
        rows[index, [ATTRIBUTES.index(name) for name in shown]] = 1
    return rows


class _Person:
    """Draws the attributes of one person, each after those that it depends on."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.shares = iter(generator.random(2 * len(ATTRIBUTES)).tolist())

    def attributes(self) -> list[str]:
        """The names of the attributes that the person has."""
        # Sex and age are not drawn: they are why other attributes go together.
        man, old = self._is(0.5), self._is(0.25)
        bald = self._is((0.45 if old else 0.25) if man else 0.01)
        hat = not bald and self._is(0.25)
        hair = [] if bald else self._hair_colour(old)
        goatee = man and self._is(0.42)
        mustache = man and self._is(0.65 if goatee else 0.3)
        bearded = goatee or mustache
        smiling = self._is(0.5)
        others = {
            "Bald": bald,
            "Wearing_Hat": hat,
            "Bangs": not bald and not hat and self._is(0.3 if man else 0.55),
            "Goatee": goatee,
            "Mustache": mustache,
            "Smiling": smiling,
            "Mouth_Slightly_Open": self._is(0.6 if smiling else 0.35),
            "Wearing_Lipstick": not bearded and self._is(0.02 if man else 0.7),
            "Wearing_Earrings": self._is(0.12 if man else 0.6),
            "Bushy_Eyebrows": self._is(0.5 if man else 0.2),
            "Big_Nose": self._is(0.45 if man else 0.25),
            "Eyeglasses": self._is(0.45 if old else 0.25),
            "Narrow_Eyes": self._is(0.3),
            "Pale_Skin": self._is(0.3),
        }
        return hair + [name for name, has in others.items() if has]

    def _is(self, probability: float) -> bool:
        return next(self.shares) < probability

    def _hair_colour(self, old: bool) -> list[str]:
        colours = (
            ("Gray_Hair", 0.65 if old else 0.05),
            ("Black_Hair", 0.35),
            ("Blond_Hair", 0.45),
            ("Brown_Hair", 0.7),
        )
        # Each colour takes its share of what those before it left; red hair has no attribute.
        return next(([name] for name, probability in colours if self._is(probability)), [])
