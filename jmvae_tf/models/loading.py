"""The models by name, and loading of saved ones."""

import os

import keras

from jmvae_tf.models.adversarial import Adversarial
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.cmma import CMMA
from jmvae_tf.models.cvae import CVAE
from jmvae_tf.models.jmvae import JMVAE
from jmvae_tf.models.jmvae_h import JMVAEH
from jmvae_tf.models.jmvae_kl import JMVAEKL
from jmvae_tf.models.vae import VAE

# Keras can load what is imported here: a class is registered when its module is imported.
MODELS: dict[str, type[MultimodalVAE]] = {
    "vae": VAE,
    "jmvae": JMVAE,
    "jmvae_kl": JMVAEKL,
    "jmvae_h": JMVAEH,
    "cvae": CVAE,
    "cmma": CMMA,
}


def load_model(path: str | os.PathLike[str]) -> MultimodalVAE | Adversarial:
    """The model that `model.save(path)` wrote, compiled as it was, with its optimiser's state.

    Raises:
      ValueError: if the file is not there or is no model of this package.
    """
    model = keras.saving.load_model(path)
    if not isinstance(model, MultimodalVAE | Adversarial):
        raise ValueError(f"A model of this package was expected. Received: {type(model).__name__}")
    return model
