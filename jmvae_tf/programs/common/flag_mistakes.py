"""Words for mistakes in flags, in place of absl's."""

import re
import sys
from collections.abc import Collection, Sequence

from absl import flags

from jmvae_tf.data.registry import DATA_SETS
from jmvae_tf.models.registry import MODELS
from jmvae_tf.runtime.errors import UserError, closest, closest_name

_ILLEGAL = re.compile(r"flag --(\w+)=(.*?): (.*)", re.DOTALL)
_NO_VALUE = re.compile(r"Missing value for flag -*(\w+)")
_NUMBERS = {flags.IntegerParser: "a whole number", flags.FloatParser: "a number"}

_OF_OTHERS = {"saved_model": "use bin/query, which asks exports"}
"""What to do with flags that programs of another kind have."""


def flag_mistake(error: flags.Error, written: str = "", others: Collection[str] = ()) -> UserError:
    """Returns the user's mistake in an error of absl.

    Args:
      error: the error.
      written: the argument that it is about, if it is known.
      others: names of flags that absl does not know, such as those of a model's modalities.
    """
    if isinstance(error.__context__, UserError):  # Of a parser of this package.
        return error.__context__
    if isinstance(error, flags.UnrecognizedFlagError):
        return _unknown(error.flagname, written or f"--{error.flagname}", others)
    missing, illegal = _NO_VALUE.match(str(error)), _ILLEGAL.fullmatch(str(error))
    if missing:
        name = missing[1]
        return UserError(f"--{name} needs a value", f"--{name} alone", f"write --{name}=…")
    if not illegal:
        return UserError("Flags must have values of the right kind", error, _see_help())
    name, value, reason = illegal.groups()
    parser = flags.FLAGS[name].parser
    kind = next((text for of, text in _NUMBERS.items() if isinstance(parser, of)), "")
    if isinstance(parser, flags.BooleanParser):
        return UserError(
            f"--{name} must be true or false", f"--{name}={value}", f"write --{name} or --no{name}"
        )
    if isinstance(parser, flags.EnumParser):
        choices = parser.enum_values
        return UserError(
            f"--{name} must be {' or '.join(choices)}", f"--{name}={value}", closest(value, choices)
        )
    if not value and not kind:
        return UserError(f"--{name} needs a value", f"--{name}=", f"write --{name}=…")
    usual = flags.FLAGS[name].default
    if usual is None:
        usual = 10 if kind == "a whole number" else 0.001
    return UserError(
        f"--{name} must be {kind}" if kind else f"--{name} has a wrong value: {reason}",
        f"--{name}={value}",
        f"write it in digits, such as {usual}" if kind else _see_help(),
    )


def no_flag(arguments: Sequence[str]) -> UserError:
    """Returns the mistake of arguments that are no flags, with the flag that was perhaps meant."""
    first, *_ = arguments
    name = first.partition("=")[0].replace("-", "_")
    known = _known_flags()
    meant = ""
    if name in known:
        meant = f"--{first.replace('-', '_', name.count('_'))}"
    elif first in MODELS and "model" in known:
        meant = f"--model={first}"
    elif first in DATA_SETS and "data" in known:
        meant = f"--data={first}"
    return UserError(
        "Arguments must be flags, which begin with --",
        " ".join(arguments),
        f"did you mean {meant}?" if meant else _see_help(),
    )


def _unknown(name: str, written: str, others: Collection[str]) -> UserError:
    known = [*others, *_known_flags()]
    plain = name.replace("-", "_")
    beginning = [x for x in known if len(plain) > 2 and x.startswith(plain)]
    near = closest_name(plain, known) or (beginning[0] if len(beginning) == 1 else None)
    remedy = _OF_OTHERS.get(name, _see_help())
    if near:
        remedy = f"did you mean --{near}?"
    elif others and name not in _OF_OTHERS:
        remedy = f"give one of {', '.join(f'--{x}' for x in others)}, or {remedy}"
    return UserError(f"There is no flag --{name}", written, remedy)


def _known_flags() -> list[str]:
    """Returns the names of this program's flags, with those that turn one off."""
    names: list[str] = []
    for module, found in flags.FLAGS.flags_by_module_dict().items():
        if module.startswith("jmvae_tf.") or module == sys.argv[0]:  # Flags of __main__.
            for flag in found:
                names += [flag.name, f"no{flag.name}"] if flag.boolean else [flag.name]
    return names


def _see_help() -> str:
    return f"see {sys.argv[0]} --help"
