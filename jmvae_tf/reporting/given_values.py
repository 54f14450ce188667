"""Puts the values of an example into words, for titles and captions."""

from collections.abc import Mapping, Sequence

import numpy as np

from jmvae_tf.evaluation.observed import observed_values
from jmvae_tf.export_format.texts import texts_of_events
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.modalities import Modality

_MOST_NAMED = 2
"""Numbers or attributes of one modality that are named, at most."""


def in_words(modality: Modality, event: np.ndarray, seen: np.ndarray | None = None) -> str:
    """Describes an event: the class, the attributes it has, its numbers, or its text.

    Args:
      modality: the modality of the event.
      event: [*event_shape].
      seen: which values are observed, bool of the same shape; None if all are.

    Returns:
      A line; empty for images, arrays and vectors.
    """
    names, values = names_or_numbers(modality), np.asarray(event)
    there = np.ones(values.shape, bool) if seen is None else seen
    if modality.kind == "label":
        return names[int(values.argmax())]
    if modality.kind == "text":
        return texts_of_events(values[np.newaxis], modality.value_names)[0]
    if modality.kind == "attributes":
        return _joined(
            [names[int(x)] for x in np.flatnonzero(there & (values > modality.threshold))]
        )
    if modality.kind == "numbers":
        return _joined([f"{names[int(x)]} {values[x]:.4g}" for x in np.flatnonzero(there)])
    return ""


def _joined(words: Sequence[str]) -> str:
    more = len(words) - _MOST_NAMED
    return ", ".join(words[:_MOST_NAMED]) + (", …" if more > 0 else "")


def given_in_words(
    modalities: Mapping[str, Modality], given: Sequence[str], examples: Mapping[str, np.ndarray]
) -> list[str]:
    """Describes what is given of each example, without images.

    Args:
      modalities: the modalities by name.
      given: the names of the given ones.
      examples: modality name to [examples, *event_shape], with masks of single values.
    """
    seen = {name: observed_values(examples, name) for name in given}
    return [
        "; ".join(
            filter(
                None,
                (
                    in_words(modalities[name], examples[name][place], seen[name][place])
                    for name in given
                ),
            )
        )
        for place in range(len(examples[given[0]]))
    ]
