"""Samples people whose attributes are correlated as in real life."""

import numpy as np

from jmvae_tf.data.toyfaces.variations import ATTRIBUTES

OF_ATTRIBUTES = 0
"""Folded with seed and index, so that attributes and looks of a face share no random values."""


def sample_attributes(number: int, seed: int) -> np.ndarray:
    """Draws vectors of attributes that are correlated as in real life.

    Args:
      number: the number of vectors; the first ones do not depend on it.
      seed: 0 or more.

    Returns:
      int8 [number, 18], -1 or 1, in the order of `ATTRIBUTES`.
    """
    rows = np.full((number, len(ATTRIBUTES)), -1, np.int8)
    for index in range(number):
        shown = _Person(np.random.default_rng((seed, index, OF_ATTRIBUTES))).attributes()
        rows[index, [ATTRIBUTES.index(name) for name in shown]] = 1
    return rows


class _Person:
    """Draws the attributes of one person, each after those that it depends on."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.shares = iter(generator.random(2 * len(ATTRIBUTES)).tolist())

    def attributes(self) -> list[str]:
        """The names of the attributes that the person has."""
        # Sex and age are not shown; they make other attributes correlated.
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
        # Each colour gets its share of what the previous ones left; red hair has no attribute.
        return next(([name] for name, probability in colours if self._is(probability)), [])
