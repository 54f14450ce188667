"""Modules of others that a program may come upon, and must not import."""

import pathlib

FOREIGN = """
import os, sys
with open({mark!r}, "a") as mark:
    print(__name__, sys.argv, file=mark)
"""

# What comes before the requirements are checked, what programs import, and what they consist of.
NAMES = (
    *("abc", "checkout", "fcntl", "hashlib", "importlib", "json", "multiprocessing", "re", "runpy"),
    *("absl", "cv2", "jmvae_tf", "numpy", "tinydep", "tqdm"),
)


def put_foreign_modules(folder: pathlib.Path, mark: pathlib.Path) -> None:
    """Modules of well-known names, which leave a mark where they are imported."""
    folder.mkdir(exist_ok=True)
    for name in NAMES:
        if not (folder / name).exists():
            (folder / f"{name}.py").write_text(FOREIGN.format(mark=str(mark)))
