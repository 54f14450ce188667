"""Signatures that take examples with gaps: they draw what is missing, and embed.

NaN stands for a missing value. `saved_model.py` says which exports have these signatures beside
those of `signatures.py`.
"""

from collections.abc import Callable, Mapping

import tensorflow as tf

from jmvae_tf.export.inputs import IncompleteInput, SeedInput
from jmvae_tf.export.signatures import Outputs, Signature, fixed_seed
from jmvae_tf.export_format import signature_names
from jmvae_tf.modalities import observed_key
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.model_completer import KINDS_WITHOUT_NOISE, draw_targets


def completion_signatures(model: MultimodalVAE) -> list[Signature]:
    """Lists the signatures of a model that take all its modalities, each with gaps or missing.

    `complete_<target>` samples z ~ q(z|x), x being what there is, with one seed per example. It
    returns the mean of p(target|z) and, but for kinds that are drawn as means, a sample of it.
    Signatures of several targets use the same z for the same seed. `posterior` returns the mean and
    the standard deviation of q(z|x).

    A modality with gaps is given by value if the model is made for that
    (`Modality.partly_observed`), and counts as missing otherwise. Replies to examples that lack a
    condition of the model mean nothing.
    """
    inputs = tuple(IncompleteInput(name, x) for name, x in model.modalities.items())
    drawing = [
        Signature(
            signature_names.to_complete(target), (*inputs, SeedInput()), _drawn(model, target)
        )
        for target in model.targets
    ]
    return [*drawing, Signature(signature_names.POSTERIOR, inputs, _moments(model))]


def _drawn(model: MultimodalVAE, target: str) -> Callable[[Tensors], Outputs]:
    def drawn(x: Tensors) -> Outputs:
        known, seed = _known(model, x), x[signature_names.SEED]
        [means, values] = draw_targets(model, [target], known, 1, seed)[target]
        outputs = {target: means[0]}
        if model.modalities[target].kind not in KINDS_WITHOUT_NOISE:
            outputs[signature_names.drawn_tensor(target)] = values[0]
        return outputs

    return drawn


def _moments(model: MultimodalVAE) -> Callable[[Tensors], Outputs]:
    def moments(x: Tensors) -> Outputs:
        mean, stddev = model.posterior_moments(_known(model, x), fixed_seed(model, x))
        return {signature_names.MEAN: mean, signature_names.STDDEV: stddev}

    return moments


def _known(model: MultimodalVAE, x: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Returns what the model takes, with masks."""
    known: dict[str, tf.Tensor] = {}
    for name, modality in model.modalities.items():
        is_missing = tf.math.is_nan(x[name])
        there = tf.logical_not(is_missing)
        if not modality.partly_observed:
            there = tf.reduce_all(there, axis=list(range(1, there.shape.rank)))
        known |= {name: x[name], observed_key(name): there}
    return known
