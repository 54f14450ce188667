"""Loads TensorFlow and Keras as all programs need them."""

import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence

from jmvae_tf.runtime.errors import UserError

_FOR_KERAS = ("matplotlib", "pandas", "sklearn")
"""Packages that Keras imports if they are installed, for functions that no program uses."""


@contextlib.contextmanager
def _hidden(names: Sequence[str]) -> Iterator[None]:
    """Makes imports of some packages fail inside the block, unless they are already imported."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def load_tensorflow() -> None:
    """Imports TensorFlow and Keras without parts that only cost time and memory.

    It hides the log lines of native code, since real problems become errors. No setting turns off
    the lines of the import itself; they are shown if it fails. It also hides packages that Keras
    would import without need; docs/performance.md has their cost. Programs call this function
    before they import modules that need TensorFlow.

    Raises:
      UserError: if Python strips docstrings, which these packages need at import.
    """
    if sys.flags.optimize > 1:
        raise UserError(
            "Python must keep docstrings, which Keras needs",
            f"optimisation {sys.flags.optimize}, by PYTHONOPTIMIZE or -OO",
            "unset PYTHONOPTIMIZE",
        )
    _settle_environment()
    # TensorFlow reports every retraced tf.function, matplotlib that it builds a cache.
    for name in ("absl", "matplotlib", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    sys.stderr.flush()
    terminal = os.dup(sys.stderr.fileno())
    with tempfile.TemporaryFile() as captured:
        os.dup2(captured.fileno(), sys.stderr.fileno())
        try:
            with _hidden(_FOR_KERAS):
                import keras  # noqa: F401
                import tensorflow  # noqa: F401
                import tensorflow_probability  # noqa: F401
        except Exception:
            captured.seek(0)
            os.write(terminal, captured.read())
            raise
        finally:
            os.dup2(terminal, sys.stderr.fileno())
            os.close(terminal)


def _settle_environment() -> None:
    """Sets environment variables that libraries read when they are imported.

    Settings of other projects do not affect this one.
    """
    for name in [name for name in os.environ if name.startswith("KERAS_")]:
        del os.environ[name]
    for name in ("TF2_BEHAVIOR", "TF_USE_LEGACY_KERAS"):
        os.environ.pop(name, None)
    os.environ |= {
        "KERAS_BACKEND": "tensorflow",
        "KERAS_HOME": os.devnull,  # Not a folder, so no keras.json is read or written.
        "MPLBACKEND": "agg",
    }
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow uses oneDNN's kernels by default on some processors only; docs/performance.md shows
    # their gain on others.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
