"""What a client needs to know of a model's modalities: `assets/modalities.json`."""

import math
from typing import Any

import numpy as np

from jmvae_tf.models.base import MultimodalVAE


def describe(model: MultimodalVAE) -> dict[str, dict[str, Any]]:
    """Modality name to its description, ready for JSON.

    Of each: "shape" of an example; "range", the lowest and highest value that it may hold, None for
    no limit; "shown_as"; "value_names" in order; "means" of attributes in the training set, what
    values that nobody named are best set to, None of others.
    """
    return {name: _describe(model, name) for name in model.modalities}


def _describe(model: MultimodalVAE, name: str) -> dict[str, Any]:
    modality = model.modalities[name]
    means = None
    if modality.kind == "attributes" and name in model.statistics:
        mean = model.statistics[name].mean.numpy()
        means = np.clip(mean, *modality.support).tolist()
    return {
        "shape": list(modality.event_shape),
        "range": [x if math.isfinite(x) else None for x in modality.support],
        "shown_as": modality.kind,
        "value_names": list(modality.value_names),
        "means": means,
    }
