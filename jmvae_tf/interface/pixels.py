"""Pixels of pictures, from 0 (black) to 1 (white), and the values that a modality has for them.

Files, screens and figures know pixels; what a model takes and gives has the data's own range, such
as [-1, 1]. Without a range there is nothing to convert: such images hold pixels as they are.
"""

import math
from typing import Any


def to_values(pixels: Any, support: tuple[float, float]) -> Any:
    """What a modality holds for pixels in [0, 1].

    Args:
      pixels: an array or a tensor of any shape.
      support: the lowest and the highest value of the modality.
    """
    low, high = support
    if _is_of_pixels(support):
        return pixels
    return pixels * high + (1.0 - pixels) * low  # Within the range, and at its ends exactly.


def to_pixels(values: Any, support: tuple[float, float]) -> Any:
    """The pixels for what a modality holds; those of values beyond the range are beyond [0, 1].

    Args:
      values: an array or a tensor of any shape.
      support: the lowest and the highest value of the modality.
    """
    low, high = support
    return values if _is_of_pixels(support) else (values - low) / (high - low)


def _is_of_pixels(support: tuple[float, float]) -> bool:
    return support == (0.0, 1.0) or not all(map(math.isfinite, support))
