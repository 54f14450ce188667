"""True edits of drawn faces, and the distance of a model's edits from them, part by part."""

import pathlib
import sys
from typing import NamedTuple

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import numpy as np

from jmvae_tf.data.toyfaces import loading, painting
from jmvae_tf.data.toyfaces.variations import ATTRIBUTES, VARIATIONS

EDITED = (
    "Big_Nose",
    "Bushy_Eyebrows",
    "Eyeglasses",
    "Mouth_Slightly_Open",
    "Narrow_Eyes",
    "Pale_Skin",
    "Smiling",
    "Wearing_Earrings",
)
"""Attributes that any face may have or lack, whatever its others are."""

_MOSTLY = 0.75  # Of a pixel's colour.

_EVEN = {"background_fade": 0.0, "light": 1.0, "light_fall": 0.0}


class TrueEdits(NamedTuple):
    """Drawn faces before and after one attribute of each is changed.

    Attributes:
      attributes: -1 or 1, float32 [faces, 18], of the faces as they are.
      changed: the same with one attribute changed in each row.
      images: the faces as they are, float32 [faces, 64, 64, 3], values in [0, 1].
      edited: the same faces drawn with the changed attributes.
      background: the pixels that show the background, bool [faces, 64, 64].
      skin: the pixels that show skin.
    """

    attributes: np.ndarray
    changed: np.ndarray
    images: np.ndarray
    edited: np.ndarray
    background: np.ndarray
    skin: np.ndarray


def true_edits(attributes, seed, names=EDITED):
    """Draws faces and their true edits; each face has one attribute changed, in turns.

    Args:
      attributes: -1 or 1, [faces, 18].
      seed: see `loading.redraw`.
      names: the attributes to change.
    """
    attributes = np.asarray(attributes, np.float32)
    changed = attributes.copy()
    rows = np.arange(len(attributes))
    columns = np.array([ATTRIBUTES.index(name) for name in names])[rows % len(names)]
    changed[rows, columns] *= -1
    images, edited = (loading.redraw(x, seed) / np.float32(255) for x in (attributes, changed))
    background, skin = (
        np.stack([_shows(look, row, index, seed) for index, row in enumerate(attributes)])
        for look in ("background_value", "skin")
    )
    return TrueEdits(attributes, changed, images, edited, background, skin)


def distances(truth, images):
    """Compares edited images with the faces as they were, and with the true edits.

    A pixel is asked to change if it differs between the face and its true edit.

    Args:
      truth: `TrueEdits`.
      images: what a model made of `truth.images`, [faces, 64, 64, 3], values in [0, 1].

    Returns:
      Mean absolute differences, levels of 0 to 255, [faces] each, NaN for a face without such
      pixels: to the face as it was in background, skin and the rest, of pixels that are not asked
      to change; and to the true edit in those that are.
    """
    asked = (truth.images != truth.edited).any(axis=-1)
    kept = _levels(images, truth.images)
    parts = {
        "background": truth.background & ~asked,
        "skin": truth.skin & ~asked,
        "rest": ~(truth.background | truth.skin | asked),
    }
    return {
        **{name: _mean_within(part, kept) for name, part in parts.items()},
        "asked for": _mean_within(asked, _levels(images, truth.edited)),
    }


def _levels(images, others):
    """Absolute differences, the mean over colours, levels of 0 to 255."""
    return 255 * np.abs(np.asarray(images, np.float64) - others).mean(axis=-1)


def _mean_within(part, values):
    """Means over the pixels of each face's part, [faces]; NaN for a face without any."""
    return np.ma.array(values, mask=~part).mean(axis=(1, 2)).filled(np.nan)


def _shows(look, row, index, seed):
    """The pixels that are mostly of what a look colours, found by changing that look alone."""
    shown, looks = loading.shown_by(row), {**loading.looks_of(index, seed), **_EVEN}
    first, second = (
        painting.paint(shown, {**looks, look: end}).astype(int) for end in VARIATIONS[look]
    )
    difference = np.abs(first - second).sum(axis=-1)
    return difference > _MOSTLY * difference.max()
