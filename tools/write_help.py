#!/usr/bin/env python3
"""Writes bin/lib/help/*.txt, which bin/NAME --help shows before anything is installed.

Run it after a change of a flag or of a program's docstring or examples; it takes seconds.
"""

import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bin" / "lib"))

from checkout import launch

# One process each, since flags of two programs may have one name.
_PRINT = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
from checkout import launch
from jmvae_tf.programs.common import run_program
module = importlib.import_module("jmvae_tf.programs." + sys.argv[2])
sys.argv = ["bin/" + sys.argv[2], "--help"]
run_program.run(module)
"""


def main() -> None:
    """Runs the program."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    launch.ensure_requirements()
    from jmvae_tf.programs import PROGRAMS

    folder = pathlib.Path(launch.HELP)
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    printing = {
        name: subprocess.Popen(
            [sys.executable, "-c", _PRINT, ROOT / "bin" / "lib", name], stdout=subprocess.PIPE
        )
        for name in PROGRAMS
    }
    for name, process in printing.items():
        text, _ = process.communicate()
        if process.returncode != 0:
            sys.exit(f"{name} --help ended with status {process.returncode}")
        (folder / f"{name}.txt").write_bytes(text)


if __name__ == "__main__":
    main()
