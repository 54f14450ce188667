"""How well generated texts agree with true ones."""

from collections.abc import Iterator

import numpy as np

from jmvae_tf.evaluation import text_scores
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.subject import Subject, number_predicted, predictions
from jmvae_tf.models.base import Direction

MOST_CELLS = 2**27
"""Pairs of places to compare for edit distances: as many as 2,000 texts of 256 symbols have."""


@metric("texts", place=1)
def accuracy_of_texts(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields the share of correct symbols, of texts without a mistake, and the edit distance.

    Beside them is what the text of the most frequent symbols of the training set scores.
    """
    given, target = direction
    examples, means = subject.once(predictions, direction)
    end, name = means.shape[-1] - 1, direction.name
    true, found = np.argmax(examples[target], axis=-1), means.argmax(axis=-1)
    number = number_predicted(subject, direction)
    source = ", ".join(given)
    usual = None
    training = subject.having("training", target)[target]
    if len(training):
        usual = np.broadcast_to(np.asarray(training).sum(axis=0).argmax(axis=-1), true.shape)
    beside = "  of the most frequent symbol of each place"
    yield Metric(
        f"{name}_symbol_accuracy",
        f"share of symbols of {target} from {source} that are right",
        text_scores.symbol_accuracy(found, true, end),
        number,
    )
    if usual is not None:
        accuracy = text_scores.symbol_accuracy(usual, true, end)
        yield Metric(f"{name}_usual_symbol_accuracy", beside, accuracy, number)
    yield Metric(
        f"{name}_exact_match",
        f"share of {target} from {source} without a mistake",
        estimate(text_scores.exact_matches(found, true, end).astype(float)),
        number,
    )
    few = slice(max(1, MOST_CELLS // true.shape[1] ** 2))
    counted = number if len(true[few]) == len(true) else len(true[few])
    yield Metric(
        f"{name}_edit_distance",
        f"symbols to insert, delete or replace in {target} from {source}",
        estimate(text_scores.edit_distances(found[few], true[few], end)),
        counted,
    )
    if usual is not None:
        distances = text_scores.edit_distances(usual[few], true[few], end)
        yield Metric(f"{name}_usual_edit_distance", beside, estimate(distances), counted)
