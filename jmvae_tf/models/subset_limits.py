"""How many modalities a model takes that visits all their subsets; needs no TensorFlow."""

MANY, MOST = 6, 12
"""Modalities above which the 2^M - 1 subsets are slow, and above which they are refused."""


def rule(model: str) -> str:
    """Returns the rule in a sentence without its full stop."""
    return f"{model} visits all subsets of its modalities, so it takes at most {MOST}"


def warning(model: str, number: int) -> str | None:
    """Returns what to warn about with this number of modalities; None if it is small."""
    if number <= MANY:
        return None
    return f"{model} of {number} modalities visits {2**number - 1} subsets in each step"
