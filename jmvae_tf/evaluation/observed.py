"""Chooses the examples and the values that are there, in data with gaps.

Masks stand beside the modalities under `modalities.observed_key`: bool, [examples] for whole
events, or [examples, *event_shape] for single values. What is hidden may be anything, even NaN.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import tensorflow as tf

from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.models.base import Tensors


def with_masks(examples: Tensors, names: Iterable[str]) -> dict[str, tf.Tensor]:
    """Selects modalities, each with its mask if it has one."""
    keys = (key for name in names for key in (name, observed_key(name)))
    return {key: examples[key] for key in keys if key in examples}


def modality_names(examples: Iterable[str]) -> list[str]:
    """Lists the modalities among the keys of examples, without their masks."""
    keys = list(examples)
    masks = set(map(observed_key, keys))
    return [key for key in keys if key not in masks]


def rows_having(examples: Tensors, names: Iterable[str]) -> np.ndarray | None:
    """Tells which examples have at least one value of each of some modalities.

    Returns:
      bool, [examples]; None if nothing of these modalities can be missing.
    """
    keys = [observed_key(name) for name in names]
    masks = [np.asarray(examples[key]) for key in keys if key in examples]
    if not masks:
        return None
    return np.logical_and.reduce([mask.reshape(len(mask), -1).any(axis=1) for mask in masks])


def having(
    examples: Tensors, names: Iterable[str], beside: Iterable[str] = ()
) -> dict[str, tf.Tensor]:
    """Selects modalities of the examples that have at least one value of each of them.

    Args:
      examples: modality name to [examples, *event_shape], with masks of what is missing.
      names: the modalities that the examples must have.
      beside: other modalities to select, which the examples may lack.

    Returns:
      The modalities and their masks, but not the masks of whole events that hide nothing then.
    """
    names = list(names)
    chosen = with_masks(examples, dict.fromkeys([*names, *beside]))
    rows = rows_having(examples, names)
    if rows is None:
        return chosen
    masks = [key for key in map(observed_key, names) if key in chosen]
    of_events = [key for key in masks if len(chosen[key].shape) == 1]
    places = np.flatnonzero(rows)
    return {key: tf.gather(x, places) for key, x in chosen.items() if key not in of_events}


def observed_values(examples: Tensors, name: str) -> np.ndarray:
    """Tells which values of a modality are there, bool [examples, *event_shape]."""
    shape = tuple(examples[name].shape)
    mask = np.asarray(examples.get(observed_key(name), np.ones(shape[:1], bool)))
    return np.broadcast_to(mask.reshape(mask.shape + (1,) * (len(shape) - mask.ndim)), shape)


def with_masks_for_nan(examples: Tensors, modalities: Mapping[str, Modality]) -> Tensors:
    """Adds the masks of modalities in which NaN means missing.

    Raises:
      ValueError: if a modality is observed as a whole or not at all, and NaN is in a part of one.
    """
    added = {}
    for name, modality in modalities.items():
        key = observed_key(name)
        mask = None if key in examples else modality.observed_in(np.asarray(examples[name]))
        if mask is not None:
            added[key] = tf.constant(mask)
    return {**examples, **added} if added else examples
