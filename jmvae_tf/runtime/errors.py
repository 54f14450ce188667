"""The error type for users' mistakes, as opposed to defects of this package."""

import difflib
from collections.abc import Collection

_LONGEST = 2000


def one_line(text: object) -> str:
    """Makes untrusted text safe for one line of a terminal.

    Runs of white space become one space. Unprintable characters (control characters, escape
    sequences, marks that change the writing direction, undecodable bytes) are escaped as in Python.
    The middle of a long text is left out.

    Args:
      text: any object, converted with `str`.

    Returns:
      At most about 2,000 printable characters.
    """
    written = str(text)
    if len(written) > _LONGEST:
        half = _LONGEST // 2
        cut = len(written) - 2 * half
        written = f"{written[:half]} … ({cut} characters left out) … {written[-half:]}"
    return "".join(
        x if x.isprintable() else x.encode("unicode_escape").decode("ascii")
        for x in " ".join(written.split())
    )


class UserError(ValueError):
    """A mistake that the user can correct, in one line: the rule, what was received, what to do.

    Programs print it as `error: <wrong>; received <received>; <remedy>` and exit with status 1.
    """

    def __init__(self, wrong: str, received: object, remedy: str) -> None:
        """Joins the three parts into one line.

        Args:
          wrong: the rule that was broken, as a sentence.
          received: the value received instead.
          remedy: what to do, in the imperative.
        """
        self._parts = one_line(wrong), one_line(received), one_line(remedy)
        super().__init__("{}; received {}; {}".format(*self._parts))

    def __reduce__(self) -> tuple[type["UserError"], tuple[str, str, str]]:
        """Lets it be sent to another process."""
        return type(self), self._parts


def check_choice(flag: str, received: str, choices: Collection[str]) -> None:
    """Raises UserError, with the closest choice, if `received` is not one of the choices."""
    if received not in choices:
        raise UserError(
            f"--{flag} must be one of {', '.join(choices)}",
            f"--{flag}={received}",
            closest(received, choices),
        )


def closest(received: str, choices: Collection[str]) -> str:
    """Returns the remedy for a name that is not one of the choices: the closest of them."""
    near = closest_name(received, choices)
    return f"did you mean {near}?" if near else "choose one of them"


def closest_name(received: str, choices: Collection[str]) -> str | None:
    """Returns the most similar choice, whatever the case of letters; None if none is similar."""
    lower = {choice.lower(): choice for choice in reversed(list(choices))}
    near = difflib.get_close_matches(received.lower(), list(lower), 1)
    return lower[near[0]] if near else None
