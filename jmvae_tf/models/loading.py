"""Loading of saved models."""

import os

import keras

# Keras finds a class by its registration, which happens when its module is imported.
from jmvae_tf.models import jmvae, jmvae_kl  # noqa: F401
from jmvae_tf.models.base import MultimodalVAE


def load_model(path: str | os.PathLike[str]) -> MultimodalVAE:
    """The model that `model.save(path)` wrote, compiled as it was, with its optimiser's state.

    Raises:
      ValueError: if the file is not there or is no model of this package.
    """
    model = keras.saving.load_model(path)
    if not isinstance(model, MultimodalVAE):
        raise ValueError(f"A model of this package was expected. Received: {type(model).__name__}")
    return model
