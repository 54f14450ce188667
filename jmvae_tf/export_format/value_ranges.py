"""The meaning of values in a modality's range: yes and no of attributes, pixels of images.

Attributes are 0 or 1 with a Bernoulli likelihood, and -1 or 1 with a Gaussian one. Files, screens
and figures have pixels from 0 (black) to 1 (white). Models use the data's own range, for example
[-1, 1]. The values of an image without a range are used as pixels directly.
"""

import math
from typing import Any, Protocol

import numpy as np

from jmvae_tf.runtime.errors import one_line

_REALS = (-math.inf, math.inf)

_LARGEST = float(np.finfo(np.float32).max)  # Models compute in float32.

_ROUNDING, _NOISE = 1e-5, 5.0
"""How far a value may lie outside its range, as a multiple of the range's width.

`_ROUNDING` holds if the likelihood itself has that range, `_NOISE` if it covers all real numbers:
noisy values are accepted, values in a wrong unit are not.
"""

Support = tuple[float, float]
"""The lowest and the highest value; infinite for no limit."""


class Ranged(Protocol):
    """Anything with values of a range."""

    @property
    def support(self) -> Support:
        """The lowest and the highest value."""


class YesOrNo:
    """The meaning of values of a range as attributes."""

    @property
    def threshold(self: Ranged) -> float:
        """The middle of the range; an attribute above it means yes."""
        return _middle(self.support)

    @property
    def no_and_yes(self: Ranged) -> tuple[float, float]:
        """The values for a certain no and yes: -1 and 1 if the middle is 0, otherwise the ends."""
        return _no_and_yes(self.support)

    def probability_of_yes(self: Ranged, means: np.ndarray) -> np.ndarray:
        """Returns p of attributes whose mean is (1 - p) no + p yes, of the same shape.

        It is above 0.5 where the mean is above the threshold; means out of range are cut off.
        """
        no, yes = _no_and_yes(self.support)
        return np.clip((means - no) / (yes - no), 0.0, 1.0)


def checked_range(value_range: Any) -> Support:
    """Returns a range as two numbers; raises ValueError if it is something else."""
    try:
        low, high = map(float, value_range)
    except (TypeError, ValueError):
        raise ValueError(
            "A range is two numbers, the lowest and the highest value. "
            f"Received: value_range={one_line(repr(value_range))}"
        ) from None
    return low, high


def fault_in(values: np.ndarray, support: Support, noisy: bool) -> str | None:
    """Says why a model does not accept values.

    Args:
      values: at least one real number.
      support: the lowest and the highest value.
      noisy: whether values may be out of range by noise, not only by rounding.

    Returns:
      The rule and what was received if a value is not finite in float32, or outside the support by
      more than rounding or noise; None if the values can be used.
    """
    lowest, highest = float(np.min(values)), float(np.max(values))
    low, high = support
    bounded = math.isfinite(low) and math.isfinite(high)
    slack = (_NOISE if noisy else _ROUNDING) * (high - low) if bounded else 0.0
    # With NaN among them, min and max are NaN, which is within no range.
    holds = low - slack <= lowest and highest <= high + slack
    if holds and max(-lowest, highest) <= _LARGEST:
        return None
    rule = f"from {low:g} to {high:g}" if (low, high) != _REALS else "finite"
    remedy = ", scaled if need be" if math.isfinite(highest - lowest) else ""
    return f"must be {rule}{remedy}. Received: values from {lowest:g} to {highest:g}"


def has_middle(support: Support) -> bool:
    """Tells whether values are bounded on both sides or on neither."""
    return math.isfinite(support[0]) == math.isfinite(support[1])


def to_values(pixels: Any, support: Support) -> Any:
    """Converts pixels in [0, 1] to values of a modality.

    Args:
      pixels: an array or a tensor of any shape.
      support: the lowest and the highest value of the modality.
    """
    low, high = support
    if _holds_pixels(support):
        return pixels
    return pixels * high + (1.0 - pixels) * low  # Within the range, and exact at its ends.


def to_pixels(values: Any, support: Support) -> Any:
    """Converts values of a modality to pixels; values out of range fall outside [0, 1].

    Args:
      values: an array or a tensor of any shape.
      support: the lowest and the highest value of the modality.
    """
    low, high = support
    return values if _holds_pixels(support) else (values - low) / (high - low)


def _middle(support: Support) -> float:
    return (support[0] + support[1]) / 2 if all(map(math.isfinite, support)) else 0.0


def _no_and_yes(support: Support) -> tuple[float, float]:
    low, high = support
    return (max(low, -1.0), min(high, 1.0)) if _middle(support) == 0 else (low, high)


def _holds_pixels(support: Support) -> bool:
    return support == (0.0, 1.0) or not all(map(math.isfinite, support))
