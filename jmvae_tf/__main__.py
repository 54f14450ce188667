"""Starts the programs of an installed package: jmvae-tf NAME, or python -m jmvae_tf NAME.

They take the flags of bin/NAME in a checkout. Runs, data and exports go below the current folder.
"""

import importlib
import importlib.util
import os
import sys
from typing import NoReturn

from jmvae_tf.programs import PROGRAMS
from jmvae_tf.programs.common import run_program, standard_streams
from jmvae_tf.runtime.command_names import start_programs_with
from jmvae_tf.runtime.errors import UserError, closest
from jmvae_tf.runtime.version import version_text

_EXTRAS = {"demo": "gradio"}
"""Maps a program to the package that it needs besides; the extra of its name installs it."""


def main() -> NoReturn:
    """Runs the program that the first argument names, with the other arguments as its flags."""
    started = os.path.basename(sys.argv[0])
    command = "python -m jmvae_tf" if started == "__main__.py" else started
    start_programs_with(f"{command} ")
    os.environ["PYTHONSAFEPATH"] = "1"  # Child processes import nothing from the current folder.
    name, *arguments = sys.argv[1:] or ["--help"]
    with run_program.mistakes_in_one_line():
        if name in ("--help", "-h", "--version"):
            print(version_text() if name == "--version" else _overview(command))
            standard_streams.require_output()
            sys.exit(0)
        _check(name)
        sys.argv = [f"{command} {name}", *arguments]
        program = importlib.import_module(f"jmvae_tf.programs.{name}")
    run_program.run(program)


def _overview(command: str) -> str:
    head = (
        f"Usage: {command} PROGRAM [FLAGS]\n"
        f"  {command} train --help    shows the flags of train, and examples\n"
        f"  {command} --version       shows the versions of packages\n\n"
        "Programs:"
    )
    return "\n".join([head, *(f"  {name:<15} {text}" for name, text in PROGRAMS.items())])


def _check(name: str) -> None:
    """Raises UserError if there is no such program, or its packages are not installed."""
    if name not in PROGRAMS:
        raise UserError(
            f"The first argument must be one of {', '.join(PROGRAMS)}",
            name,
            f"name one before {name}" if name.startswith("-") else closest(name, PROGRAMS),
        )
    package = _EXTRAS.get(name)
    if package and importlib.util.find_spec(package) is None:
        raise UserError(
            f"{name} needs {package}, which the extra {name} of this package installs",
            f"an environment without {package}",
            f"run pip install {package}",
        )


if __name__ == "__main__":  # Processes that a program starts import this module too.
    main()
