"""Checks Keras's settings, which other projects may have changed."""

import os
import sys


def check() -> None:
    """Imports Keras and checks that it computes in float32 with TensorFlow.

    Raises:
      ImportError: if it does not.
    """
    backend = os.environ["KERAS_BACKEND"]
    if "keras" in sys.modules or backend == "tensorflow":
        import keras

        backend = keras.config.backend()
        if backend == "tensorflow" and keras.config.floatx() != "float32":
            raise ImportError(
                "jmvae_tf computes in float32. "
                f"Received: Keras with floatx {keras.config.floatx()}. "
                "Call keras.config.set_floatx('float32'), or change floatx in ~/.keras/keras.json."
            )
    if backend != "tensorflow":
        raise ImportError(
            "jmvae_tf computes with TensorFlow. "
            f"Received: Keras with the backend {backend}. "
            "Set KERAS_BACKEND=tensorflow before Keras is imported."
        )
