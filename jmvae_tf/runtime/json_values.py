"""Values of JSON files, which may be anybody's: arrays, and what a file was made of."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

MOST_NUMBERS = 2**22
"""Most values of an array: 16 MiB in memory."""

_LARGEST_NUMBER = 1e15  # Sums of squares of so large ones are finite in float32.
_LONGEST_NAME = 200


def array_of_lists(name: str, values: Any, shape: Sequence[int]) -> np.ndarray:
    """Makes an array of nested lists.

    Args:
      name: what the numbers are, for messages.
      values: what a JSON file holds.
      shape: the shape that they must have.

    Returns:
      float32 of that shape, finite.

    Raises:
      ValueError: if they are not numbers of that shape, or above a limit of size or number.
    """
    if np.prod(shape, dtype=float) > MOST_NUMBERS or not _has_shape(values, shape):
        raise ValueError(
            f"{name[:_LONGEST_NAME]} that are no finite numbers of the shape {list(shape)}"
        )
    return np.array(values, np.float32)


def origin_in(content: Mapping[str, Any]) -> tuple[int, str]:
    """Reads what was made of training examples: their number, and the name of the checkpoint.

    Raises:
      ValueError: if either is missing, or is none.
    """
    number, checkpoint = content.get("num_examples"), content.get("checkpoint")
    if type(number) is not int or number < 1:
        raise ValueError("no number of examples")
    if not isinstance(checkpoint, str) or len(checkpoint) > _LONGEST_NAME:
        raise ValueError("no name of a checkpoint")
    return number, checkpoint


def _has_shape(values: Any, shape: Sequence[int]) -> bool:
    if not shape:
        # NaN is outside any limits.
        return type(values) in (int, float) and -_LARGEST_NUMBER <= values <= _LARGEST_NUMBER
    return (
        isinstance(values, list)
        and len(values) == shape[0]
        and all(_has_shape(x, shape[1:]) for x in values)
    )
