"""Chooses the size that all images of a modality get."""

from collections.abc import Sequence

import numpy as np

from jmvae_tf.data.own.manifest import LONGEST_SIDE

_SIDE = 64  # Pixels of the shorter side.
_MULTIPLE = 16  # So that four halvings of a network leave whole pixels.


def usual_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Returns the size of small images if all are alike, else one of the median's proportions.

    Args:
      sizes: height and width of each image, or of some.

    Returns:
      Height and width in pixels. The shorter side has 64 pixels, and both sides are multiples of
      16, unless all images have one size whose shorter side is no longer.
    """
    if not sizes:
        return _SIDE, _SIDE
    if len(set(sizes)) == 1 and min(sizes[0]) <= _SIDE and max(sizes[0]) <= LONGEST_SIDE:
        return sizes[0]
    proportions = np.sort([height / width for height, width in sizes])
    median = float(proportions[len(proportions) // 2])
    return _side(max(1.0, median)), _side(max(1.0, 1 / median))


def _side(ratio: float) -> int:
    return min(LONGEST_SIDE, round(_SIDE * ratio / _MULTIPLE) * _MULTIPLE)
