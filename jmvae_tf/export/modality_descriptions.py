"""Describes a model's modalities for clients."""

import numpy as np

from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.models.base import MultimodalVAE


def described_modalities(model: MultimodalVAE) -> dict[str, DescribedModality]:
    """Describes the modalities of a model, by name.

    Means of attributes in the training set are clipped to the range that the model accepts.
    """
    return {name: _described(model, name) for name in model.modalities}


def _described(model: MultimodalVAE, name: str) -> DescribedModality:
    modality = model.modalities[name]
    means = None
    if modality.kind == "attributes" and name in model.statistics:
        mean = model.statistics[name].mean.numpy()
        means = tuple(np.clip(mean, *modality.support).tolist())
    return DescribedModality(
        name, modality.event_shape, modality.support, modality.kind, modality.value_names, means
    )
