"""Rules for the values of settings, with the texts that messages have."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

LARGEST_NUMBER = 2**31 - 1
"""The largest whole number of a setting."""

_MOST_CHARACTERS = 1000  # Of a network's notation; the longest in the papers has 64.


class Rule(NamedTuple):
    """A rule for a setting's values.

    Attributes:
      text: what the value must be, for messages.
      holds: tells whether a value obeys the rule.
    """

    text: str
    holds: Callable[[Any], bool]


def one_of(*choices: str | int) -> Rule:
    """Returns the rule that a value is one of some."""
    *first, last = map(str, choices)
    return Rule(f"{', '.join(first)} or {last}", choices.__contains__)


def at_most(highest: int) -> Rule:
    """Returns the rule that a value is not above another."""
    return Rule(f"at most {highest}", lambda x: x <= highest)


AT_LEAST_1 = Rule("at least 1", lambda x: x >= 1)
NOT_NEGATIVE = Rule("0 or more", lambda x: x >= 0)
A_SEED = Rule(f"from 0 to {LARGEST_NUMBER}", lambda x: 0 <= x <= LARGEST_NUMBER)
A_RATE = Rule("positive and finite", lambda x: 0 < x < math.inf)
A_WEIGHT = Rule("finite and 0 or more", lambda x: 0 <= x < math.inf)
A_MOMENTUM = Rule("from 0 to below 1", lambda x: 0 <= x < 1)

OF_TYPE: dict[Any, Rule] = {
    bool: Rule("true or false", lambda x: isinstance(x, bool)),
    int: Rule("a whole number", lambda x: isinstance(x, int) and not isinstance(x, bool)),
    float: Rule(
        "a number",
        lambda x: (
            isinstance(x, float)
            or (isinstance(x, int) and not isinstance(x, bool) and abs(x) <= LARGEST_NUMBER)
        ),
    ),
    str: Rule(
        f"a printable text of at most {_MOST_CHARACTERS} characters",
        lambda x: isinstance(x, str) and len(x) <= _MOST_CHARACTERS and x.isprintable(),
    ),
}
"""The rule for the values of each type."""
