"""Diversity: whether what is generated for one condition differs as real data of it do."""

import numpy as np
import tensorflow as tf
from sklearn.metrics import pairwise_distances

from jmvae_tf.evaluation.estimate import Estimate
from jmvae_tf.models.base import MultimodalVAE

MAX_REAL = 500
"""Real images of a label that are compared with each other: enough for three digits."""


def label_diversity(
    model: MultimodalVAE,
    images: tf.Tensor,
    labels: tf.Tensor,
    label: str,
    image: str,
    num_per_label: int = 100,
    seed: int = 0,
) -> Estimate:
    """Mean distance between images generated from one label, over that between real ones.

    Distances are Euclidean, between means of p(image|z) at z ~ q(z|label): the noise of pixels
    must not count. 1 is as diverse as real images, 0 is one image a label.

    Args:
      model: a trained model.
      images: real images, grey or colour values in [0, 1], [examples, *event_shape].
      labels: theirs, one-hot, [examples, classes]; every class at least twice.
      label: the name of the given modality, one-hot.
      image: the name of the generated modality.
      num_per_label: generated images for each label.
      seed: the same seed gives the same images.

    Returns:
      The mean over labels, with its standard error over generated images; real ones are taken as
      they are. A mean over pairs varies as the mean of as many independent values as there are
      images would, were each twice an image's mean distance to the others.
    """
    num_classes = model.modalities[label].event_shape[0]
    generated = model.generate(image, {label: tf.eye(num_classes)}, num_per_label, seed).numpy()
    real, classes = np.asarray(images), np.argmax(labels, axis=1)
    ratios = np.stack(
        [
            mean_distances(generated[:, number])
            / mean_distances(real[classes == number][:MAX_REAL]).mean()
            for number in range(num_classes)
        ]
    )
    # Labels are fixed, so that only the spread within them counts.
    variance = 4 * ratios.var(axis=1, ddof=1).mean() / ratios.size
    return Estimate(float(ratios.mean()), float(np.sqrt(variance)))


def mean_distances(events: np.ndarray) -> np.ndarray:
    """The mean Euclidean distance of each event to all others, [events].

    Args:
      events: [events, *event_shape], at least two.
    """
    distances = pairwise_distances(events.reshape(len(events), -1).astype(np.float64))
    return distances.sum(axis=1) / (len(events) - 1)
