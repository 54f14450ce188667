"""Evaluates a model with all metrics that are defined for it."""

from jmvae_tf.evaluation.metrics_table import Section
from jmvae_tf.evaluation.protocol import EvaluationData, Protocol
from jmvae_tf.evaluation.sections import gather
from jmvae_tf.evaluation.sections.attributes import attributes_sections
from jmvae_tf.evaluation.sections.images import sharpness_section
from jmvae_tf.evaluation.sections.importance import importance_sections
from jmvae_tf.evaluation.sections.labels import labels_section
from jmvae_tf.evaluation.sections.likelihood import (
    generation_section,
    objective_section,
    reconstruction_section,
    squared_error_section,
)
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.models.base import MultimodalVAE


def evaluate(model: MultimodalVAE, data: EvaluationData, protocol: Protocol) -> list[Section]:
    """Evaluates a model with all metrics that are defined for the kinds of its modalities.

    Args:
      model: a trained model.
      data: examples of all its modalities.
      protocol: the numbers of samples.

    Returns:
      Metrics under headings; log-likelihoods are in nats.

    Raises:
      ValueError: if there is no test or no training example.
      UserError: if the test set has values that the model's likelihoods do not support.
    """
    for part in ("test", "grey", "training"):
        if not min(len(getattr(data, part)[name]) for name in model.modalities):
            raise ValueError(f"A model is measured on at least one example. Received: no {part}")
    subject = Subject(model, data, protocol)
    sections = [
        objective_section(subject),
        generation_section(subject),
        reconstruction_section(subject),
        squared_error_section(subject),
        *(importance_sections(subject) if protocol.num_importance_samples else []),
        labels_section(subject),
        *attributes_sections(subject),
        sharpness_section(subject),
        gather.of_model("latent space", "Active latent units", subject),
    ]
    return [each for each in sections if each.metrics or each.rows or each.notes]
