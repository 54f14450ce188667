"""Joint multimodal variational autoencoders in Keras 3 and TensorFlow.

Learns a joint representation of several kinds of data and generates any of them from any other
(Suzuki et al. 2016, 2018). Names are imported when they are first used, so that a program can
parse its flags before it loads TensorFlow.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.runtime.version import __version__ as __version__

# Keras reads this variable when it is imported, before it reads keras.json.
if not os.environ.get("KERAS_BACKEND"):
    os.environ["KERAS_BACKEND"] = "tensorflow"

if TYPE_CHECKING:  # For type checkers only; at run time the models come from the registry.
    from jmvae_tf.evaluation.evaluate import evaluate as evaluate
    from jmvae_tf.evaluation.mixture_fitting import fit_latent_mixture as fit_latent_mixture
    from jmvae_tf.evaluation.protocol import EvaluationData as EvaluationData
    from jmvae_tf.evaluation.protocol import Protocol as Protocol
    from jmvae_tf.export.saved_model import export_saved_model as export_saved_model
    from jmvae_tf.export.summarise_training import summarise_training as summarise_training
    from jmvae_tf.likelihoods import Bernoulli as Bernoulli
    from jmvae_tf.likelihoods import Categorical as Categorical
    from jmvae_tf.likelihoods import CategoricalSequence as CategoricalSequence
    from jmvae_tf.likelihoods import Gaussian as Gaussian
    from jmvae_tf.likelihoods import Laplace as Laplace
    from jmvae_tf.likelihoods import LearnedGaussian as LearnedGaussian
    from jmvae_tf.likelihoods import Likelihood as Likelihood
    from jmvae_tf.likelihoods import NegativeBinomial as NegativeBinomial
    from jmvae_tf.likelihoods import Poisson as Poisson
    from jmvae_tf.modalities import Modality as Modality
    from jmvae_tf.models.adversarial import Adversarial as Adversarial
    from jmvae_tf.models.base import MultimodalVAE as MultimodalVAE
    from jmvae_tf.models.cmma import CMMA as CMMA
    from jmvae_tf.models.crmvae import CRMVAE as CRMVAE
    from jmvae_tf.models.cvae import CVAE as CVAE
    from jmvae_tf.models.helvae import HELVAE as HELVAE
    from jmvae_tf.models.jmvae import JMVAE as JMVAE
    from jmvae_tf.models.jmvae_h import JMVAEH as JMVAEH
    from jmvae_tf.models.jmvae_h_kl import JMVAEHKL as JMVAEHKL
    from jmvae_tf.models.jmvae_kl import JMVAEKL as JMVAEKL
    from jmvae_tf.models.latent_mixture import LatentMixture as LatentMixture
    from jmvae_tf.models.loading import load_model as load_model
    from jmvae_tf.models.mmjsd import MMJSD as MMJSD
    from jmvae_tf.models.mmvae import MMVAE as MMVAE
    from jmvae_tf.models.mmvm import MMVM as MMVM
    from jmvae_tf.models.mopoe import MoPoE as MoPoE
    from jmvae_tf.models.mvae import MVAE as MVAE
    from jmvae_tf.models.mvtcae import MVTCAE as MVTCAE
    from jmvae_tf.models.telbo import TELBO as TELBO
    from jmvae_tf.models.term_checks import FiniteTerms as FiniteTerms
    from jmvae_tf.models.vae import VAE as VAE
    from jmvae_tf.training.schedules import KLWarmUp as KLWarmUp

_MODULES = {
    **{row.class_name: row.module for row in PLAIN_MODELS.values()},
    "Adversarial": "models.adversarial",
    "Bernoulli": "likelihoods",
    "Categorical": "likelihoods",
    "CategoricalSequence": "likelihoods",
    "EvaluationData": "evaluation.protocol",
    "FiniteTerms": "models.term_checks",
    "Gaussian": "likelihoods",
    "KLWarmUp": "training.schedules",
    "Laplace": "likelihoods",
    "LatentMixture": "models.latent_mixture",
    "LearnedGaussian": "likelihoods",
    "Likelihood": "likelihoods",
    "Modality": "modalities",
    "MultimodalVAE": "models.base",
    "NegativeBinomial": "likelihoods",
    "Poisson": "likelihoods",
    "Protocol": "evaluation.protocol",
    "evaluate": "evaluation.evaluate",
    "export_saved_model": "export.saved_model",
    "fit_latent_mixture": "evaluation.mixture_fitting",
    "load_model": "models.loading",
    "summarise_training": "export.summarise_training",
}
"""Maps each public name to its module in this package."""

__all__ = sorted(["__version__", *_MODULES])


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    importlib.import_module(f"{__name__}.runtime.keras_configuration").check()
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
