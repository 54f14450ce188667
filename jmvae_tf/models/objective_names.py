"""What the value of an objective is called, in histories and metrics; needs no TensorFlow.

It is a bound only if it is one, a lower bound on a log-likelihood.
"""

from collections.abc import Mapping

BOUND, OBJECTIVE = "bound", "objective"


def name_in(values: Mapping[str, float], part: str = "") -> str | None:
    """Returns how the value is called in a row of a history or in logs; None if it is not there.

    Args:
      values: names to values, such as "validation_bound".
      part: what precedes the name, such as "validation_".
    """
    return next((name for name in (BOUND, OBJECTIVE) if part + name in values), None)


def value_in(values: Mapping[str, float], part: str = "") -> float | None:
    """Returns the value of the objective; None if it is not there. See `name_in`."""
    name = name_in(values, part)
    return None if name is None else values[part + name]
