"""All models with small networks, and data for them."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.data import faces
from jmvae_tf.layers.distributions import GaussianHead
from jmvae_tf.likelihoods import Bernoulli, Categorical, LearnedGaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.registry import PLAIN_MODELS

ONE_WAY = tuple(
    name for name, row in PLAIN_MODELS.items() if row.has_target and row.modalities == "all"
)
ITERATIVE = tuple(name for name, row in PLAIN_MODELS.items() if "num_rounds" in row.options)
OF_SEVERAL = tuple(name for name, row in PLAIN_MODELS.items() if row.modalities == "all")

PAPERS = ("vae", "jmvae", "jmvae_kl", "jmvae_h", "cvae", "cmma")
"""The models of the papers that this package reproduces."""

MEASURES = Modality(
    "measures",
    (2,),
    LearnedGaussian(),
    kind="numbers",
    value_names=("mm", "g"),
    standardised=True,
    log_values=("g",),
)
"""Numbers of two units; of one the logarithm is modelled."""


def swept(names: Iterable[str], quick: Collection[str] = ()) -> list[Any]:
    """Makes the cases of a test that runs for many models.

    Those that differ most are quick: one that multiplies experts, one that mixes them, one with
    layers and iterative sampling, and one of a single direction. So are those named; the rest is
    slow.
    """
    quick = {"jmvae_kl", "mmvae", "jmvae_h", "cvae", *quick}
    return [pytest.param(x, marks=() if x in quick else pytest.mark.slow) for x in names]


def small_model(
    name: str, modalities: Mapping[str, Modality], body: str = "D8R", **options: Any
) -> MultimodalVAE:
    """Makes a model with the body `body` in every network and a latent variable of three values.

    A VAE takes the first modality, and models of one direction generate it. Iterative sampling has
    two rounds, which show as much as the usual ten and take a fifth of the time.
    """
    row = PLAIN_MODELS[name]
    first, *others = modalities
    named = {"all": list(modalities), "target": [first], "others": others}
    if row.modalities == "target":
        modalities = {first: modalities[first]}
    arguments: dict[str, Any] = {
        **{x: body for x in row.networks if x not in row.preset},
        "latent_dim": 3,
        "decoders": dict.fromkeys(named[row.decoders], body),
    }
    if "joint_encoder" in row.networks:
        arguments["joint_encoder"] = f"({', '.join([body] * len(modalities))})"
    if row.encoders:
        arguments["encoders"] = dict.fromkeys(named[row.encoders], body)
    if name in ONE_WAY:
        arguments["target"] = first
    if name in ITERATIVE:
        arguments["num_rounds"] = 2
    return row.model_class()(modalities, **{**arguments, **options})


def small_faces(size: int) -> dict[str, Modality]:
    """Makes the modalities of small faces with three attributes."""
    return faces.face_modalities(size, ("Bald", "Male", "Smiling"))


def examples(modalities: Mapping[str, Modality], num: int) -> dict[str, tf.Tensor]:
    """Draws random events of every modality."""
    rng = np.random.default_rng(1)

    def event(modality: Modality) -> np.ndarray:
        shape = (num, *modality.event_shape)
        if isinstance(modality.likelihood, Bernoulli):
            return rng.integers(0, 2, shape)
        if isinstance(modality.likelihood, Categorical):
            return np.eye(shape[1])[rng.integers(0, shape[1], num)]
        return rng.normal(size=shape)

    return {name: tf.constant(event(x), tf.float32) for name, x in modalities.items()}


def known_to(model: MultimodalVAE, data: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Selects a model's modalities from data that may have more."""
    return {name: data[name] for name in model.modalities}


def all_but_first(model: MultimodalVAE, data: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Selects the modalities that the first one is generated from; for a VAE the first one."""
    return {name: data[name] for name in list(model.modalities)[1:] or model.modalities}


def set_sequential_weights(model: MultimodalVAE) -> None:
    """Sets every variable to values from -0.5 to 0.6 in equal steps, so that no two are equal."""
    for variable in model.trainable_variables:
        size = int(np.prod(variable.shape))
        variable.assign(tf.reshape(tf.linspace(-0.5, 0.6, size), variable.shape))


def set_variances(model: MultimodalVAE, variance: float) -> None:
    """Sets the variance of all latent distributions, up to the floor of 1e-6."""
    for part in model.layers:
        if isinstance(getattr(part, "head", None), GaussianHead):
            kernel, bias = part.head.variance.get_weights()
            before_softplus = np.log(np.expm1(variance))
            part.head.variance.set_weights([0 * kernel, np.full_like(bias, before_softplus)])


def decoded_z(monkeypatch, model: MultimodalVAE) -> list[tf.Tensor]:
    """Returns a list that gets every z that the model's decoders take from now on."""
    kept = []
    inputs = model.decoder_inputs

    def keep(z, given):
        kept.append(z)
        return inputs(z, given)

    monkeypatch.setattr(model, "decoder_inputs", keep)
    return kept
