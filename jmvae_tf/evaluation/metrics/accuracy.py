"""Accuracy: how often a generated label, or a generated attribute's sign, is correct."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from jmvae_tf.evaluation import attribute_shares, by_value
from jmvae_tf.evaluation.batches import generated, rows_at_once
from jmvae_tf.evaluation.classes import absent_classes, left_out, metric_name
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.observed import observed_values, with_masks
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.models.base import Direction, MultimodalVAE, Tensors


def generated_label_accuracy(
    model: MultimodalVAE, examples: Tensors, given: Sequence[str], label: str, seed: int = 0
) -> np.ndarray:
    """Checks whether the likeliest label at the mean of q(z|given) is the true one.

    Args:
      model: a trained model.
      examples: modality name to [examples, *event_shape], labels one-hot.
      given: the names of the given modalities.
      label: the name of the generated label.
      seed: seed for models that infer missing modalities by sampling.

    Returns:
      0 or 1 for each example, float [examples].
    """
    found = generated_probabilities(model, examples, given, label, seed)
    return (np.argmax(found, axis=1) == np.argmax(examples[label], axis=1)).astype(float)


def generated_probabilities(
    model: MultimodalVAE, examples: Tensors, given: Sequence[str], label: str, seed: int = 0
) -> np.ndarray:
    """Generates the probabilities of classes; `generated_label_accuracy` has the arguments."""
    known = with_masks(examples, given)
    if len(examples[label]) <= rows_at_once(model, [*given, label]):
        return np.asarray(model.generate(label, known, seed=seed))
    return generated(model, label, known, seed)


class LabelPredictions(NamedTuple):
    """What a model predicts of the test examples that have a label, and what is true.

    Attributes:
      probabilities: float32, [examples, classes].
      found: the likeliest class of each example, integers, [examples].
      true: its true class, of the same shape.
    """

    probabilities: np.ndarray
    found: np.ndarray
    true: np.ndarray


def label_predictions(subject: Subject, direction: Direction) -> LabelPredictions:
    """Predicts the label of the test examples that have it and what it is predicted from."""
    given, label = direction
    grey = subject.having("grey", *given, label)
    probabilities = generated_probabilities(
        subject.model, grey, given, label, subject.protocol.seed
    )
    return LabelPredictions(
        probabilities, probabilities.argmax(axis=1), np.argmax(grey[label], axis=1)
    )


def usual_signs(has: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Tells which attributes most examples have, of those in which the attribute is observed.

    Args:
      has: bool, [examples, attributes].
      seen: whether each value is observed, of the same shape.
    """
    return 2 * (has & seen).sum(axis=0) > seen.sum(axis=0)


@metric("labels", place=3, target_kinds=("label",))
def accuracy_of_labels(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the share of generated labels that are correct."""
    given, label = direction
    grey = subject.having("grey", *given, label)
    _, found, true = subject.once(label_predictions, direction)
    yield Metric(
        metric_name(subject, direction, "generated_label_accuracy"),
        f"share of {label} generated from grey test {', '.join(given)} that is right",
        estimate((found == true).astype(float)),
        subject.number_having(*given, label),
    )
    absent = absent_classes(grey[label])
    yield from left_out(subject.model.modalities[label], absent, "a test example", "accuracy")


@metric("signs of attributes", place=1)
def accuracy_of_attributes(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields plain and balanced accuracy of attributes' signs, and that of a constant guess."""
    given, target = direction
    modality = subject.model.modalities[target]
    attributes, threshold = modality.value_names, modality.threshold
    grey, training = subject.having("grey", *given, target), subject.having("training", target)
    has, seen = np.asarray(grey[target]) > threshold, observed_values(grey, target)
    known = with_masks(grey, given)
    found = generated(subject.model, target, known, subject.protocol.seed) > threshold
    usual = usual_signs(np.asarray(training[target]) > threshold, observed_values(training, target))
    right = found == has
    accuracy = attribute_shares.accuracies(right, attributes, seen)
    majority = attribute_shares.accuracies(
        np.broadcast_to(usual, has.shape) == has, attributes, seen
    )
    balanced = attribute_shares.balanced_accuracies(right, has, attributes, seen)
    name = direction.name
    number = subject.number_having(*given, target)
    numbers = by_value.observed_numbers(attributes, seen, len(subject.data.grey[target]))
    for key, words, score in (
        ("accuracy", "share that is right, mean", accuracy),
        ("majority_accuracy", "  of the training set's majority signs", majority),
        ("balanced_accuracy", "balanced accuracy, mean", balanced),
    ):
        yield from by_value.mean_line(f"{name}_{key}", words, score, number)
    yield from by_value.lowest_line(f"{name}_balanced_accuracy", balanced, numbers)
    yield attribute_shares.left_out_line(name, target, has, seen)
    yield from by_value.rows(
        attributes,
        {
            f"{name}_accuracy": ("accuracy", accuracy),
            f"{name}_majority_accuracy": ("majority", majority),
            f"{name}_balanced_accuracy": ("balanced", balanced),
        },
        numbers,
    )
