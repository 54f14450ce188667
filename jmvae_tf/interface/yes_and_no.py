"""Yes and no: what values of attributes mean, by the lowest and the highest that they may have.

Attributes are 0 or 1 where their likelihood is Bernoulli, and -1 or 1 where it is Gaussian.
"""

import math

Support = tuple[float, float]


def has_middle(support: Support) -> bool:
    """Whether values are bounded on both sides or on neither."""
    return math.isfinite(support[0]) == math.isfinite(support[1])


def threshold(support: Support) -> float:
    """The middle of the support; a value above it means yes."""
    return (support[0] + support[1]) / 2 if all(map(math.isfinite, support)) else 0.0


def no_and_yes(support: Support) -> tuple[float, float]:
    """The values that mean no and yes for certain: -1 and 1 around 0, else the ends."""
    low, high = support
    if threshold(support) == 0:
        return max(low, -1.0), min(high, 1.0)
    return low, high
