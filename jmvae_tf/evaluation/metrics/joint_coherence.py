"""Joint coherence: whether all modalities of a sample from nothing show the same class."""

from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import decoded_in_parts
from jmvae_tf.evaluation.class_judges import (
    class_judges,
    class_labels,
    class_metric_name,
)
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.image_classifier import Classifier
from jmvae_tf.evaluation.metrics import metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.models.base import MultimodalVAE

NUM_DRAWN = 1000
"""Samples to judge: enough for two digits."""


def joint_coherence(
    model: MultimodalVAE, judges: Mapping[str, Classifier], z: tf.Tensor
) -> np.ndarray:
    """Checks whether all judges find the same class in the means of p(x|z).

    Args:
      model: a trained model.
      judges: name of each modality that tells the class to its judge.
      z: samples of what decoders take, float32 [samples, latent_dim].

    Returns:
      0 or 1 for each sample, float [samples].
    """
    found = [judge(decoded_in_parts(model, name, z)) for name, judge in judges.items()]
    return np.all(np.equal(found, found[0]), axis=0).astype(float)


@metric("classes", place=2)
def joint_coherence_of_samples(subject: Subject) -> Iterator[Metric]:
    """Yields the joint coherence of samples from the prior and from the mixture."""
    model, seed = subject.model, subject.protocol.seed
    for label in class_labels(subject):
        judges = subject.once(class_judges, label)
        if len(judges) < 2:
            continue
        together = f"of which {', '.join(judges)} show the same {label}"
        if model.has_prior:
            z = model.sample_posterior(None, NUM_DRAWN, seed)
            yield Metric(
                class_metric_name(subject, label, "joint_coherence"),
                f"share of samples from the prior {together}",
                estimate(joint_coherence(model, judges, z)),
            )
        if subject.mixture:
            yield Metric(
                class_metric_name(subject, label, "joint_coherence_mixture"),
                f"share of samples from the mixture in the latent space {together}",
                estimate(joint_coherence(model, judges, subject.mixture.sample(NUM_DRAWN, seed))),
            )
