"""The classes of a label that are predicted worst."""

from collections.abc import Iterator

from jmvae_tf.evaluation.classes import metric_name
from jmvae_tf.evaluation.label_scores import worst_classes
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics.accuracy import label_predictions
from jmvae_tf.evaluation.metrics_table import Metric, Row
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.models.base import Direction

MOST_LISTED = 10
"""Classes to list, from the worst."""


@metric("labels", place=6, target_kinds=("label",))
def worst_labels(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the accuracy of the worst classes, and what they are mostly taken for."""
    given, label = direction
    _, found, true = subject.once(label_predictions, direction)
    names = names_or_numbers(subject.model.modalities[label])
    for result in worst_classes(found, true, MOST_LISTED):
        name = names[result.number]
        instead = result.mistaken_for
        taken = "" if instead is None else f", mostly taken for {names[instead]}"
        key = metric_name(subject, direction, f"class_{name}")
        yield Row(
            f"{name} from {', '.join(given)}{taken}",
            [
                Metric(f"{key}_accuracy", "accuracy", result.share),
                Metric(f"{key}_examples", "examples", result.examples),
            ],
        )
