"""Joint multimodal variational autoencoders in Keras 3 and TensorFlow.

Learns a joint representation of several kinds of data and generates any of them from any other
(Suzuki et al. 2016, 2018). Names are imported when they are first used, so that a program can
parse its flags before it loads TensorFlow.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

from jmvae_tf.version import __version__

# Keras reads it when it is imported, before its keras.json.
if not os.environ.get("KERAS_BACKEND"):
    os.environ["KERAS_BACKEND"] = "tensorflow"

if TYPE_CHECKING:
    from jmvae_tf.export.saved_model import export_saved_model
    from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
    from jmvae_tf.modalities import Modality
    from jmvae_tf.models.adversarial import Adversarial
    from jmvae_tf.models.cmma import CMMA
    from jmvae_tf.models.cvae import CVAE
    from jmvae_tf.models.jmvae import JMVAE
    from jmvae_tf.models.jmvae_h import JMVAEH
    from jmvae_tf.models.jmvae_kl import JMVAEKL
    from jmvae_tf.models.loading import load_model
    from jmvae_tf.models.vae import VAE
    from jmvae_tf.training.callbacks import FiniteTerms, KLWarmUp

_MODULES = {
    "Adversarial": "models.adversarial",
    "Bernoulli": "likelihoods",
    "CMMA": "models.cmma",
    "CVAE": "models.cvae",
    "Categorical": "likelihoods",
    "FiniteTerms": "training.callbacks",
    "Gaussian": "likelihoods",
    "JMVAE": "models.jmvae",
    "JMVAEH": "models.jmvae_h",
    "JMVAEKL": "models.jmvae_kl",
    "KLWarmUp": "training.callbacks",
    "Modality": "modalities",
    "VAE": "models.vae",
    "export_saved_model": "export.saved_model",
    "load_model": "models.loading",
}

__all__ = [
    "CMMA",
    "CVAE",
    "JMVAE",
    "JMVAEH",
    "JMVAEKL",
    "VAE",
    "Adversarial",
    "Bernoulli",
    "Categorical",
    "FiniteTerms",
    "Gaussian",
    "KLWarmUp",
    "Modality",
    "__version__",
    "export_saved_model",
    "load_model",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    importlib.import_module(f"{__name__}.runtime.keras_configuration").check()
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
