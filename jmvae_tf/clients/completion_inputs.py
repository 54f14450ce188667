"""Makes the inputs of signatures that complete examples, from what is known of one example."""

from collections.abc import Mapping

import numpy as np

from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.modalities_json import DescribedModality


def completion_inputs(
    modalities: Mapping[str, DescribedModality], known: Mapping[str, np.ndarray], seeds: np.ndarray
) -> dict[str, np.ndarray]:
    """Repeats an example for several samples of what it lacks.

    Args:
      modalities: the model's modalities.
      known: modality name to [*event_shape], NaN for values that are not known.
      seeds: whole numbers, one for each sample.

    Returns:
      All modalities, [samples, *event_shape], NaN for what is not known, and the seeds.
    """
    inputs = {}
    for name, modality in modalities.items():
        values = known.get(name, np.full(modality.event_shape, np.nan, np.float32))
        inputs[name] = np.repeat(values[np.newaxis], len(seeds), axis=0)
    return {**inputs, signature_names.SEED: (seeds % 2**31).astype(np.int32)}
