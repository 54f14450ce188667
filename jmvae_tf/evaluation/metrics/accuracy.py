"""Accuracy: how often a generated label, or a generated attribute's sign, is correct."""

from collections.abc import Iterator, Sequence

import numpy as np

from jmvae_tf.evaluation import attribute_shares
from jmvae_tf.evaluation.batches import generated, rows_at_once
from jmvae_tf.evaluation.classes import absent_classes, left_out, metric_name
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics_table import Metric
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
    known = {name: examples[name] for name in given}
    if len(examples[label]) <= rows_at_once(model, [*given, label]):
        found = model.generate(label, known, seed=seed)
    else:
        found = generated(model, label, known, seed)
    return (np.argmax(found, axis=1) == np.argmax(examples[label], axis=1)).astype(float)


@metric("labels", place=3, target_kinds=("label",))
def accuracy_of_labels(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the share of generated labels that are correct."""
    given, label = direction
    grey = subject.data.grey
    right = generated_label_accuracy(subject.model, grey, given, label, subject.protocol.seed)
    yield Metric(
        metric_name(subject, direction, "generated_label_accuracy"),
        f"share of {label}s generated from grey test {', '.join(given)}s that are right",
        estimate(right),
    )
    absent = absent_classes(grey[label])
    yield from left_out(subject.model.modalities[label], absent, "a test example", "accuracy")


@metric("signs of attributes", place=1)
def accuracy_of_attributes(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields plain and balanced accuracy of attributes' signs, and that of a constant guess."""
    given, target = direction
    data, modality = subject.data, subject.model.modalities[target]
    attributes, threshold = modality.value_names, modality.threshold
    has = np.asarray(data.grey[target]) > threshold
    known = {name: data.grey[name] for name in given}
    found = generated(subject.model, target, known, subject.protocol.seed) > threshold
    usual = np.mean(np.asarray(data.training[target]) > threshold, axis=0) > 0.5
    right = found == has
    accuracy = attribute_shares.accuracies(right, attributes)
    majority = attribute_shares.accuracies(np.broadcast_to(usual, has.shape) == has, attributes)
    balanced = attribute_shares.balanced_accuracies(right, has, attributes)
    name = direction.name
    line = attribute_shares.mean_line
    yield from line(f"{name}_accuracy", "share that is right, mean", accuracy)
    yield from line(f"{name}_majority_accuracy", "  of the training set's majority signs", majority)
    yield from line(f"{name}_balanced_accuracy", "balanced accuracy, mean", balanced)
    yield from attribute_shares.worst_line(f"{name}_balanced_accuracy", balanced)
    yield attribute_shares.left_out_line(name, target, has)
    yield from attribute_shares.rows(
        attributes,
        {
            f"{name}_accuracy": ("accuracy", accuracy),
            f"{name}_majority_accuracy": ("majority", majority),
            f"{name}_balanced_accuracy": ("balanced", balanced),
        },
    )
