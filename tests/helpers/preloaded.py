"""Imported in the process that others are forked from: what takes programs seconds to import."""

import importlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bin" / "lib"))

# As the scripts of bin/ do: the package is that of this checkout, in every process.
importlib.import_module("checkout")

from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow  # noqa: E402

# It starts nothing yet: a process that has run TensorFlow could not be forked.
load_tensorflow()
for name in ("matplotlib.pyplot", "sklearn.neighbors"):
    importlib.import_module(name)
