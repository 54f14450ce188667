"""Errors of predicted numbers, column by column, in the data's units."""

from collections.abc import Iterator

import numpy as np

from jmvae_tf.evaluation import by_value, number_scores
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.observed import having, observed_values
from jmvae_tf.evaluation.subject import Subject, number_predicted, predictions
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.models.base import Direction, Tensors


def training_means(examples: Tensors, name: str) -> np.ndarray:
    """Computes the mean of the observed values of each column, [columns]; 0 if there are none."""
    there = having(examples, [name])
    seen = observed_values(there, name)
    values = np.where(seen, np.asarray(there[name], np.float64), 0.0)
    return values.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)


@metric("numbers", place=1)
def errors_of_numbers(subject: Subject, direction: Direction) -> Iterator[Line]:
    """Yields R², root mean squared and mean absolute errors, beside those of the training mean."""
    target, name = direction.target, direction.name
    columns = names_or_numbers(subject.model.modalities[target])
    examples, found = subject.once(predictions, direction)
    true, seen = np.asarray(examples[target]), observed_values(examples, target)
    usual = np.broadcast_to(training_means(subject.data.training, target), true.shape)
    numbers = by_value.observed_numbers(columns, seen, len(subject.data.grey[target]))
    r2 = number_scores.coefficients_of_determination(true, found, seen, columns)
    scores = {
        "r2": ("R²", r2),
        "rmse": ("RMSE", number_scores.root_mean_squared_errors(true, found, seen, columns)),
        "mean_rmse": (
            "of the mean",
            number_scores.root_mean_squared_errors(true, usual, seen, columns),
        ),
        "mae": ("MAE", number_scores.mean_absolute_errors(true, found, seen, columns)),
    }
    yield from by_value.mean_line(
        f"{name}_r2", "R², mean over columns", r2, number_predicted(subject, direction)
    )
    yield from by_value.lowest_line(f"{name}_r2", r2, numbers)
    if r2 is None or len(r2.by_name) < len(columns):
        constant = [column for column in columns if r2 is None or column not in r2.by_name]
        yield (
            f"no R² of {', '.join(constant[:5])}{' and others' if len(constant) > 5 else ''}: "
            "the test examples that have it do not differ"
        )
    yield from by_value.rows(
        columns,
        {f"{name}_{key}": score for key, score in scores.items()},
        numbers,
    )
