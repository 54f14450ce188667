"""Rules for the values of settings, with the texts that messages have."""

import collections.abc
import dataclasses
import math
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from jmvae_tf.runtime.errors import UserError

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
A_SHARE = Rule("from 0 to 1", lambda x: 0 <= x <= 1)
BELOW_1 = Rule("from 0 to below 1", lambda x: 0 <= x < 1)

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


def check_value(field: dataclasses.Field, value: Any) -> None:
    """Checks the value of a setting by its type and the rules in its metadata.

    Args:
      field: the field of a setting; its metadata have `rules`.
      value: the value; for a mapping each of its values is checked.

    Raises:
      UserError: if it has the wrong type or is out of range.
    """

    def require(rule: Rule, received: Any) -> None:
        check_rule(field.name, rule, received)

    hint: Any = field.type
    if isinstance(hint, types.UnionType):
        if value is None:
            return
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) is collections.abc.Mapping:
        require(Rule("an object", lambda x: isinstance(x, Mapping)), value)
        hint = typing.get_args(hint)[1]
        values = list(value.values())
    else:
        values = [value]
    for single in values:
        require(OF_TYPE[hint], single)
        for rule in field.metadata["rules"]:
            require(rule, single)
        if hint is int:
            require(at_most(LARGEST_NUMBER), single)


def check_rule(name: str, rule: Rule, value: Any, of: str = "") -> None:
    """Raises UserError if the value of a setting does not obey a rule.

    Args:
      name: of the setting.
      rule: the rule.
      value: the value.
      of: what the rule is for, such as " of mvtcae"; empty for everything.
    """
    if not rule.holds(value):
        raise UserError(
            f"--{name}{of} must be {rule.text}", f"--{name}={value_in_message(value)}", "change it"
        )


def value_in_message(value: Any) -> str:
    """Formats a value for a message; only its type if it is nested or not a plain value."""
    plain = value is None or isinstance(value, str | int | float)
    return str(value) if plain else f"a {type(value).__name__}"


def setting(
    description: str,
    default: Any = dataclasses.MISSING,
    *rules: Rule,
    before: Any = dataclasses.MISSING,
) -> Any:
    """Defines a field of a dataclass of settings.

    Args:
      description: the text in `--help`.
      default: the default for all models and data sets; None for a setting that some of them lack.
      *rules: rules for the value, or for each value of a mapping.
      before: the value that reproduces the versions without this setting; for a mapping, the value
        of each modality. Every setting added since version 0.1 must have one, so that runs of older
        versions are read correctly whatever today's preset is.
    """
    metadata = {"help": description, "rules": rules, "before": before}
    return dataclasses.field(default=default, metadata=metadata)
