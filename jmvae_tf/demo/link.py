"""The link to a picture: what is set on the page, as the query of its address, and back.

Anyone can write such a link, so only numbers within limits are taken from one.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

import numpy as np

SEED, VALUES = "seed", "values"

LARGEST_SEED = 2**31 - 1

PARAMETERS = {
    SEED: re.compile("[0-9]{1,10}"),
    VALUES: re.compile(r"[-0-9.]{1,12}(,[-0-9.]{1,12})*"),
}
"""The parameters of a link, and what they may be."""

_LONGEST = 2**13  # Characters of a value.


class LinkedState(NamedTuple):
    """What a link says.

    Attributes:
      seed: a seed of samples.
      values: a label or attributes, float32 [values].
    """

    seed: int
    values: np.ndarray


def known_parameters(query: Mapping[str, str]) -> dict[str, str]:
    """Returns the parameters of a query that may be of a link; the others are dropped."""
    return {
        name: query[name]
        for name, form in PARAMETERS.items()
        if len(query.get(name, "")) <= _LONGEST and form.fullmatch(query.get(name, ""))
    }


def query_of(state: LinkedState) -> str:
    """Returns the query of a link to what is set on the page."""
    values = ",".join(np.format_float_positional(x, 2, trim="-") for x in state.values)
    return "?" + urlencode({SEED: state.seed, VALUES: values}, safe=",")


def state_in(query: Mapping[str, str], number: int) -> LinkedState | None:
    """Reads a link.

    Args:
      query: its parameters.
      number: how many values the model has.

    Returns:
      What it says; None if it says nothing, or nothing that such a model can have.
    """
    known = known_parameters(query)
    try:
        values = np.array([float(x) for x in known[VALUES].split(",")], np.float32)
        seed = int(known.get(SEED, "0"))
    except (KeyError, ValueError):
        return None
    return LinkedState(seed, values) if len(values) == number and seed <= LARGEST_SEED else None
