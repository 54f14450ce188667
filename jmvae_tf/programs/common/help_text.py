"""The text of --help: what a program does, examples, and its flags in groups.

`bin/lib/help/` has the texts of all programs, which the launcher shows before anything is
installed; `tools/write_help.py` writes them.
"""

import argparse
import sys
import textwrap
from collections.abc import Iterator
from types import ModuleType

from absl import flags

from jmvae_tf.runtime.command_names import as_started

_WIDTH, _INDENT = 80, 28
_GROUPS = ("Basic", "Data", "Model", "Training", "Hardware")
_UNBROKEN = "\N{NON-BREAKING HYPHEN}"  # argparse breaks lines behind the other one.
_VALUES = {"int": "N", "float": "X", "comma separated list of strings": "A,B"}

_group_of: dict[str, str] = {}


def put_into_group(group: str, *holders: flags.FlagHolder) -> None:
    """Shows flags under a heading other than "Basic".

    Args:
      group: the heading: Data, Model, Training or Hardware.
      *holders: the flags.
    """
    if group not in _GROUPS:
        raise ValueError(f"The groups are {', '.join(_GROUPS)}. Received: {group}")
    _group_of.update((holder.name, group) for holder in holders)


def help_text(program: ModuleType) -> str:
    """Returns the text, in lines of at most 80 characters.

    Args:
      program: the module of the program, which has been imported, so its flags are defined. Its
        `EXAMPLES` map commands to what they do.
    """
    formatter = argparse.RawDescriptionHelpFormatter("", 2, _INDENT, _WIDTH)
    formatter.add_text(_paragraphs(program.__doc__ or ""))
    examples = getattr(program, "EXAMPLES", {})
    if examples:
        formatter.add_text("Examples:\n" + "\n".join(_example(*x) for x in examples.items()))
    groups: dict[str, list[argparse.Action]] = {group: [] for group in _GROUPS}
    for flag in _flags():
        groups[_group_of.get(flag.name, "Basic")].append(_action(flag))
    used = {group: actions for group, actions in groups.items() if actions}
    for group, actions in used.items():
        formatter.start_section(f"{group} flags" if len(used) > 1 else "Flags")
        formatter.add_arguments(actions)
        formatter.end_section()
    return formatter.format_help().replace(_UNBROKEN, "-")


def _paragraphs(text: str) -> str:
    """Fills paragraphs, but those that begin with spaces, such as lists."""
    return "\n\n".join(
        x if x.startswith(" ") else textwrap.fill(x, _WIDTH, break_on_hyphens=False)
        for x in as_started(text).strip().split("\n\n")
    )


def _example(command: str, does: str) -> str:
    line = f"  {as_started(command)}"
    if len(line) > _WIDTH:
        line = textwrap.fill(
            line, _WIDTH - 2, subsequent_indent=" " * 4, break_on_hyphens=False
        ).replace("\n", " \\\n")
    wrapped = textwrap.fill(does, _WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)
    return f"{line}\n{wrapped}"


def _flags() -> Iterator[flags.Flag]:
    """Lists the flags of this package and of the script that was started, as they were defined."""
    for module, defined in flags.FLAGS.flags_by_module_dict().items():
        if module.startswith("jmvae_tf.") or module == sys.argv[0]:
            yield from defined


def _action(flag: flags.Flag) -> argparse.Action:
    """Returns what argparse formats, with the value behind an equals sign."""
    if flag.boolean:
        name = f"--{flag.name}" if flag.name in ("help", "version") else f"--[no]{flag.name}"
    else:
        name = f"--{flag.name}={_value(flag)}"
    text = as_started(flag.help or "")
    default = (flag.default_as_str or "").strip("'")
    if default and flag.default is not False and "default:" not in text:
        text += f" (default: {default})"
    return argparse.Action(
        [name], "", nargs=0, help=text.replace("%", "%%").replace("-", _UNBROKEN)
    )


def _value(flag: flags.Flag) -> str:
    kind = flag.flag_type()
    return _VALUES.get(kind, "PATH" if kind.endswith("path") else "TEXT")
