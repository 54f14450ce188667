"""How often the true class is among the five likeliest."""

from collections.abc import Iterator

from jmvae_tf.evaluation.classes import metric_name
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.label_scores import in_top
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics.accuracy import label_predictions
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.models.base import Direction

TOP = 5
"""The likeliest classes to look at; with no more classes there is nothing to measure."""


@metric("labels", place=5, target_kinds=("label",))
def top_five_accuracy(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the share of examples whose class is among the five likeliest."""
    given, label = direction
    probabilities, _, true = subject.once(label_predictions, direction)
    if probabilities.shape[1] > TOP:
        yield Metric(
            metric_name(subject, direction, "top_5_accuracy"),
            f"  share of which the true {label} is among the five likeliest",
            estimate(in_top(probabilities, true, TOP).astype(float)),
            subject.number_having(*given, label),
        )
