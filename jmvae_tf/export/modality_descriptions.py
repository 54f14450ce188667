"""Describes a model's modalities for clients."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.models.base import MultimodalVAE


def described_modalities(
    model: MultimodalVAE, columns: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, DescribedModality]:
    """Describes the modalities of a model, by name.

    Means of attributes in the training set are clipped to the range that the model accepts. Those
    of numbers, and the range of most of them, are those of their standardisation.

    Args:
      model: the model.
      columns: modality name to what of a user's data it was made of, as JSON; None if nobody said.
    """
    return {name: _described(model, name, (columns or {}).get(name)) for name in model.modalities}


def _described(
    model: MultimodalVAE, name: str, columns: Mapping[str, Any] | None
) -> DescribedModality:
    modality, statistics = model.modalities[name], model.statistics.get(name)
    means, usual = None, None
    if statistics and modality.kind == "attributes":
        means = tuple(np.clip(statistics.mean.numpy(), *modality.support).tolist())
    elif statistics and modality.standardised and modality.kind == "numbers":
        mean, stddev = (np.asarray(x, np.float64) for x in (statistics.mean, statistics.stddev))
        low, centre, high = (
            np.clip(statistics.from_moments(mean + k * stddev), *modality.support)
            for k in (-2, 0, 2)
        )
        means = tuple(centre.tolist())
        if np.all(low < high):
            usual = tuple(zip(low.tolist(), high.tolist(), strict=True))
    return DescribedModality(
        name,
        modality.event_shape,
        modality.support,
        modality.kind,
        modality.value_names,
        means,
        usual,
        modality.log_values,
        modality.partly_observed,
        columns,
    )
