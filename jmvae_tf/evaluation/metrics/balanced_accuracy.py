"""Accuracy of generated labels where classes are of unequal size."""

from collections.abc import Iterator

import numpy as np

from jmvae_tf.evaluation.classes import metric_name
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.label_scores import balanced_accuracy
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics.accuracy import label_predictions
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.models.base import Direction


@metric("labels", place=4, target_kinds=("label",))
def balanced_accuracy_of_labels(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the balanced accuracy, and the accuracy of always guessing the largest class."""
    given, label = direction
    _, found, true = subject.once(label_predictions, direction)
    number = subject.number_having(*given, label)
    training = subject.having("training", label)[label]
    if len(training):
        usual = int(np.argmax(np.asarray(training).sum(axis=0)))
        name = names_or_numbers(subject.model.modalities[label])[usual]
        yield Metric(
            metric_name(subject, direction, "majority_accuracy"),
            f"  of always guessing {name}, the largest class of the training set",
            estimate((true == usual).astype(float)),
            number,
        )
    yield Metric(
        metric_name(subject, direction, "balanced_accuracy"),
        f"  balanced accuracy of {label} generated from {', '.join(given)}: mean over classes",
        balanced_accuracy(found == true, true),
        number,
    )
