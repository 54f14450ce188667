"""Converts images of any range of values for metrics of images."""

from collections.abc import Callable

import numpy as np

from jmvae_tf.evaluation.observed import having
from jmvae_tf.evaluation.protocol import EvaluationData
from jmvae_tf.export_format.value_ranges import to_pixels
from jmvae_tf.models.base import MultimodalVAE


def to_unit_range(
    model: MultimodalVAE, data: EvaluationData, image: str
) -> Callable[[np.ndarray], np.ndarray]:
    """Makes a function that maps images of a modality from their range to [0, 1].

    The range is the modality's. If it has none, the range of the training images is used, unless
    they are within [0, 1] anyway.

    Args:
      model: the model of the modality.
      data: examples of the modality.
      image: the name of the modality.
    """
    low, high = model.modalities[image].support
    if not np.isfinite([low, high]).all():
        training = np.asarray(having(data.training, [image])[image])
        low, high = min(0.0, float(training.min())), max(1.0, float(training.max()))
    return lambda images: to_pixels(np.asarray(images), (low, high))
