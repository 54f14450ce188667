"""The classes of labels: which ones examples have, and notes on missing ones."""

from collections.abc import Collection, Iterator

import numpy as np

from jmvae_tf.evaluation.label_names import label_metric_name
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import Direction

_NAMED = 5
"""Most classes that a note names."""


def have_one_class(labels: np.ndarray) -> bool:
    """Tells whether each label has exactly one likeliest class."""
    values = np.asarray(labels)
    return bool(((values == values.max(axis=1, keepdims=True)).sum(axis=1) == 1).all())


def absent_classes(one_hot: np.ndarray) -> list[int]:
    """Lists the classes that no example has."""
    found = np.unique(np.argmax(one_hot, axis=1))
    return sorted(set(range(one_hot.shape[1])) - set(found.tolist()))


def left_out(
    modality: Modality, classes: Collection[int], lacks: str, metric: str
) -> Iterator[str]:
    """Yields a note on the classes that a metric leaves out, if there are any."""
    if classes:
        values = names_or_numbers(modality)
        named = [values[place] for place in classes]
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        yield (
            f"{len(named)} of {len(values)} classes of {modality.name} without {lacks}, which "
            f"{metric} leaves out: {', '.join(named[:_NAMED])}{more}"
        )


def metric_name(subject: Subject, direction: Direction, name: str) -> str:
    """Returns the full name of a metric of labels; see `label_names`."""
    kinds = {each: subject.kind(each) for each in subject.model.modalities}
    return label_metric_name(kinds, direction, name)
