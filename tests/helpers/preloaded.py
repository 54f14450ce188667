"""Imports slow modules in the process from which others are forked."""

import importlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bin" / "lib"))

# As in the scripts of bin/: every process uses the package of this checkout.
importlib.import_module("checkout")

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow  # noqa: E402

# This starts nothing yet, since a process that has run TensorFlow cannot be forked.
load_tensorflow()
for name in ("matplotlib.pyplot", "sklearn.neighbors"):
    importlib.import_module(name)
