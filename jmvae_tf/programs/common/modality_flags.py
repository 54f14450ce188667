"""Flags named by a model's modalities, such as --species=whelk or --note="a small shell".

A program that takes them calls `take` where it defines its flags. The names are known once the
model is, so unknown flags are kept until the program asks for them with `given`.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from absl import flags

from jmvae_tf.programs.common.flag_mistakes import flag_mistake
from jmvae_tf.runtime.errors import UserError


class ModalityFlag(NamedTuple):
    """A flag named by a modality.

    Attributes:
      modality: its name.
      value: the text after the equals sign.
    """

    modality: str
    value: str

    def __str__(self) -> str:
        """Returns the flag as the user wrote it."""
        return f"--{self.modality}={self.value}"


_taken = False
_kept: list[str] = []


def take() -> None:
    """Lets this program take flags named by modalities."""
    global _taken
    _taken = True


def parse_flags(arguments: Sequence[str]) -> list[str]:
    """Parses the arguments of a program, its name first; returns those that are no flags.

    Raises:
      UserError: if a flag is unknown, unless the program takes flags of modalities, or a value is
        of the wrong kind.
    """
    try:
        rest = flags.FLAGS(arguments, known_only=_taken)[1:]
    except flags.Error as error:
        raise flag_mistake(error, _written(error, arguments)) from error
    _kept[:] = [x for x in rest if x.startswith("-")] if _taken else []
    return [x for x in rest if x not in _kept]


def are_any() -> bool:
    """Tells whether the user gave flags that may be named by modalities."""
    return bool(_kept)


def written() -> list[str]:
    """Returns the flags that may be named by modalities, as the user wrote them."""
    return list(_kept)


def given(modalities: Collection[str]) -> list[ModalityFlag]:
    """Returns the flags named by modalities, in the order of the user.

    Args:
      modalities: the names of the model's modalities.

    Raises:
      UserError: if a flag is unknown or has no value.
    """
    found = []
    for argument in _kept:
        name, equals, value = argument.lstrip("-").partition("=")
        if name not in modalities:
            try:
                flags.FLAGS(["", argument])  # Its message suggests flags of similar names.
            except flags.Error as error:
                raise flag_mistake(error, argument, modalities) from error
        if not equals:
            raise UserError(
                "A flag of a modality has its value behind an equals sign",
                argument,
                f"write --{name}=…",
            )
        found.append(ModalityFlag(name, value))
    return found


def _written(error: flags.Error, arguments: Sequence[str]) -> str:
    """Returns the argument with an unknown flag as the user wrote it; "" for another error."""
    if not isinstance(error, flags.UnrecognizedFlagError):
        return ""
    named = (x for x in arguments if x.lstrip("-").partition("=")[0] == error.flagname)
    return next(named, "")
