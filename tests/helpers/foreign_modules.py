"""Foreign modules that a program might find and must not import."""

import pathlib

FOREIGN = """
import os, sys
with open({mark!r}, "a") as mark:
    print(__name__, sys.argv, file=mark)
"""

# Modules imported before the requirements are checked, by programs, and parts of programs.
NAMES = (
    *("abc", "checkout", "fcntl", "hashlib", "importlib", "json", "multiprocessing", "re", "runpy"),
    *("absl", "cv2", "jmvae_tf", "numpy", "tinydep", "tqdm"),
)


def put_foreign_modules(folder: pathlib.Path, mark: pathlib.Path) -> None:
    """Writes modules with well-known names, which write to a file when they are imported."""
    folder.mkdir(exist_ok=True)
    for name in NAMES:
        if not (folder / name).exists():
            (folder / f"{name}.py").write_text(FOREIGN.format(mark=str(mark)))
