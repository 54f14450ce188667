"""What Keras must be set to, which other projects may have set to something else."""

import os
import sys


def check() -> None:
    """Imports Keras, if its settings are those that this package computes with.

    Raises:
      ImportError: otherwise.
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
