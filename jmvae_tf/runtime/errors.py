"""The error type for mistakes of a user, which are no defects of this package."""

import difflib
from collections.abc import Collection

_LONGEST = 2000


def one_line(text: object) -> str:
    """Makes text of any origin fit for one line of a terminal.

    Runs of white space become one space. What does not print (control characters, escape
    sequences, marks that turn the direction of writing, bytes that were no text) is escaped as
    Python does it. A long text loses its middle.

    Args:
      text: anything, written with `str`.

    Returns:
      At most some 2,000 printable characters.
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
    """A mistake that the user can mend, in one line: the rule, what was received, what to do.

    Programs print it as `error: <wrong>; received <received>; <remedy>` and exit with status 1.
    """

    def __init__(self, wrong: str, received: object, remedy: str) -> None:
        """Joins the three parts into one line.

        Args:
          wrong: the rule that was broken.
          received: what was given instead.
          remedy: what to do about it, as an imperative.
        """
        super().__init__(f"{one_line(wrong)}; received {one_line(received)}; {one_line(remedy)}")


def check_choice(flag: str, received: str, choices: Collection[str]) -> None:
    """Raises UserError, with the nearest choice, if `received` is none of them."""
    if received not in choices:
        near = difflib.get_close_matches(received, list(choices), 1)
        raise UserError(
            f"--{flag} must be one of {', '.join(choices)}",
            f"--{flag}={received}",
            f"did you mean {near[0]}?" if near else "choose one of them",
        )
