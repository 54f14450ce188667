"""The models by name, and loading of saved ones."""

import os

import keras

from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.jmvae import JMVAE
from jmvae_tf.models.jmvae_kl import JMVAEKL

# Keras can load what is imported here: a class is registered when its module is imported.
MODELS: dict[str, type[MultimodalVAE]] = {"jmvae": JMVAE, "jmvae_kl": JMVAEKL}


def load_model(path: str | os.PathLike[str]) -> MultimodalVAE:
    """The model that `model.save(path)` wrote, compiled as it was, with its optimiser's state.

    Raises:
      ValueError: if the file is not there or is no model of this package.
    """
    model = keras.saving.load_model(path)
    if not isinstance(model, MultimodalVAE):
        raise ValueError(f"A model of this package was expected. Received: {type(model).__name__}")
    return model
