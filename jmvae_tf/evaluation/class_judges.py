"""Judges of classes: they read the class of a label off the other modalities, and off itself."""

from collections.abc import Mapping

import numpy as np

from jmvae_tf.evaluation.classes import have_one_class
from jmvae_tf.evaluation.image_classifier import Classifier
from jmvae_tf.evaluation.metrics.coherence import classifier_of
from jmvae_tf.evaluation.subject import Subject


def class_labels(subject: Subject) -> list[str]:
    """Lists the labels of one class each; none if z cannot be inferred from one modality."""
    if subject.model.conditions:
        return []
    return [
        label
        for label in subject.of_kind("label")
        if all(
            len(labels) and have_one_class(labels)
            for labels in (subject.having(part, label)[label] for part in ("grey", "training"))
        )
    ]


def class_judges(subject: Subject, label: str) -> Mapping[str, Classifier]:
    """Makes the judges of a label's class, fitted only to real training data.

    Labels are read as their likeliest class, texts and images by the classifier of `coherence`.

    Args:
      subject: the model, with its data.
      label: the name of the label.

    Returns:
      Name of each modality that tells the class to its judge, in the model's order, the label's own
      too; without those of which no training example has both.
    """
    judges: dict[str, Classifier | None] = {
        name: _likeliest if name == label else subject.once(classifier_of, name, label)
        for name in subject.model.modalities
        if name == label or subject.kind(name) in ("image", "text")
    }
    return {name: judge for name, judge in judges.items() if judge}


def class_metric_name(subject: Subject, label: str, name: str) -> str:
    """Returns the full name of a metric of classes: its own, behind the label's if of several."""
    return name if len(subject.of_kind("label")) == 1 else f"{label}_{name}"


def _likeliest(probabilities: np.ndarray) -> np.ndarray:
    return np.argmax(probabilities, axis=1)
