"""The one error type for mistakes of a user, as against defects of this package."""


class UserError(ValueError):
    """A mistake that the user can mend: one line that says what, what was received and what to do.

    Programs print it as `error: <wrong>; received <received>; <remedy>` and exit with status 1.
    """

    def __init__(self, wrong: str, received: object, remedy: str) -> None:
        """Joins the three parts into one line.

        Args:
          wrong: the rule that was broken.
          received: what was given instead.
          remedy: what to do about it, as an imperative.
        """
        super().__init__(" ".join(f"{wrong}; received {received}; {remedy}".split()))
