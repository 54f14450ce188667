"""Evaluates a model with all metrics that are defined for it."""

import dataclasses

from jmvae_tf.evaluation.metrics_table import Section
from jmvae_tf.evaluation.observed import having, with_masks_for_nan
from jmvae_tf.evaluation.protocol import EvaluationData, Protocol
from jmvae_tf.evaluation.sections import gather
from jmvae_tf.evaluation.sections.attributes import attributes_sections
from jmvae_tf.evaluation.sections.classes import classes_section
from jmvae_tf.evaluation.sections.images import sharpness_section, similarity_section
from jmvae_tf.evaluation.sections.importance import importance_section, importance_sections
from jmvae_tf.evaluation.sections.labels import labels_section
from jmvae_tf.evaluation.sections.likelihood import (
    generation_section,
    objective_section,
    reconstruction_section,
    squared_error_section,
)
from jmvae_tf.evaluation.sections.numbers import numbers_sections
from jmvae_tf.evaluation.sections.retrieval import retrieval_section
from jmvae_tf.evaluation.sections.texts import texts_section
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.latent_mixture import LatentMixture


def evaluate(
    model: MultimodalVAE,
    data: EvaluationData,
    protocol: Protocol,
    mixture: LatentMixture | None = None,
) -> list[Section]:
    """Evaluates a model with all metrics that are defined for the kinds of its modalities.

    Args:
      model: a trained model.
      data: examples of its modalities. What they lack is left out: each metric is of the examples
        and the values that have what it needs, and says of how many if not of all.
      protocol: the numbers of samples.
      mixture: what `fit_latent_mixture` returned for the model; None measures no samples of it.

    Returns:
      Metrics under headings; log-likelihoods are in nats.

    Raises:
      ValueError: if there is no test or no training example.
      UserError: if the test set has values that the model's likelihoods do not support.
    """
    subject = Subject(model, _with_masks(model, data), protocol, mixture)
    sections = [
        gather.of_model("gaps", "What the test examples have", subject),
        objective_section(subject),
        generation_section(subject),
        reconstruction_section(subject),
        squared_error_section(subject),
        *(importance_sections(subject) if protocol.num_importance_samples else []),
        labels_section(subject),
        *attributes_sections(subject),
        classes_section(subject),
        sharpness_section(subject),
        similarity_section(subject),
        *numbers_sections(subject),
        texts_section(subject),
        retrieval_section(subject),
        gather.of_model("latent space", "Active latent units", subject),
    ]
    return [each for each in sections if each.metrics or each.rows or each.notes]


def evaluate_for_comparison(
    model: MultimodalVAE,
    data: EvaluationData,
    protocol: Protocol,
    target: str | None,
    mixture: LatentMixture | None = None,
) -> list[Section]:
    """Computes those metrics of `evaluate` that a table of several models shows.

    These are log-likelihoods with importance weights, of all modalities and of the target, and what
    is said of generated images, labels, attributes and classes.

    Args:
      model: a trained model.
      data: see `evaluate`.
      protocol: the numbers of samples.
      target: the modality whose own log-likelihood is shown; None for none.
      mixture: see `evaluate`.

    Returns:
      Metrics under headings, equal to those of `evaluate`.

    Raises:
      ValueError: see `evaluate`.
    """
    proposed = ["multiple", *([f"single_{target}"] if target else [])]
    subject = Subject(model, _with_masks(model, data), protocol, mixture, proposed)
    return [
        *([importance_section(subject)] if protocol.num_importance_samples else []),
        labels_section(subject),
        *attributes_sections(subject),
        classes_section(subject),
    ]


def _with_masks(model: MultimodalVAE, data: EvaluationData) -> EvaluationData:
    """Adds masks of what is missing, and raises ValueError if a part has no example."""
    data = dataclasses.replace(
        data,
        test=with_masks_for_nan(data.test, model.modalities),
        grey=with_masks_for_nan(data.grey, model.modalities),
        training=with_masks_for_nan(data.training, model.modalities),
    )
    for part in ("test", "grey", "training"):
        examples = getattr(data, part)
        needed = model.modalities if model.conditions else ()
        if not min(len(x) for x in having(examples, needed, model.modalities).values()):
            raise ValueError(f"A model is measured on at least one example. Received: no {part}")
    return data
