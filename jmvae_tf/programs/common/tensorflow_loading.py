"""Loads TensorFlow and Keras as all programs need them."""

import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence

from jmvae_tf.runtime.errors import UserError

_FOR_KERAS = ("matplotlib", "pandas", "sklearn")
"""Packages that Keras imports where they are installed, for functions that no program uses."""


@contextlib.contextmanager
def _hidden(names: Sequence[str]) -> Iterator[None]:
    """Lets imports within fail for some packages, unless they are imported already."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def load_tensorflow() -> None:
    """Imports TensorFlow and Keras without what would only cost time and memory.

    That is, without the log lines of native code: what matters becomes an error. No setting turns
    off those of the import itself; they are shown after all if it fails. And without packages that
    Keras takes along if it can: docs/performance.md says what they cost. Programs call this before
    they import the modules that need TensorFlow.

    Raises:
      UserError: if Python leaves out docstrings, which those packages need at import.
    """
    if sys.flags.optimize > 1:
        raise UserError(
            "Python must keep docstrings, which Keras needs",
            f"optimisation {sys.flags.optimize}, by PYTHONOPTIMIZE or -OO",
            "unset PYTHONOPTIMIZE",
        )
    _settle_environment()
    # TensorFlow reports every tf.function traced again, matplotlib that it makes a cache.
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
        except BaseException:
            captured.seek(0)
            os.write(terminal, captured.read())
            raise
        finally:
            os.dup2(terminal, sys.stderr.fileno())
            os.close(terminal)


def _settle_environment() -> None:
    """Sets what libraries read from the environment when they are imported.

    What other projects have set for theirs does not reach this one.
    """
    for name in [name for name in os.environ if name.startswith("KERAS_")]:
        del os.environ[name]
    for name in ("TF2_BEHAVIOR", "TF_USE_LEGACY_KERAS"):
        os.environ.pop(name, None)
    os.environ |= {
        "KERAS_BACKEND": "tensorflow",
        "KERAS_HOME": os.devnull,  # No folder: the user's keras.json is not read, none is written.
        "MPLBACKEND": "agg",
    }
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow chooses oneDNN's kernels by itself on some processors only; see
    # docs/performance.md for what they give on others.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
