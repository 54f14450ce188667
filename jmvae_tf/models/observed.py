"""Which examples and values of a batch are observed, and how networks take them.

A batch says so with an entry `modalities.observed_key(name)` beside a modality: bool, [batch] for
whole examples, or [batch, *event_shape] for single values if the modality is `partly_observed`. A
modality without this entry is observed completely.
"""

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from jmvae_tf.likelihoods import as_mask
from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.objectives.terms import rows_of

Tensors = Mapping[str, tf.Tensor]
"""Modality name to [batch, *event_shape], and `observed_key` of some names to masks."""


@dataclasses.dataclass(frozen=True)
class Observed:
    """What a batch has of its modalities. Those without an entry are observed completely.

    Attributes:
      masks: modality name to its mask, bool, [batch] or [batch, *event_shape].
      rows: modality name to bool, [batch], whether any of its values is observed in an example.
    """

    masks: Mapping[str, tf.Tensor]
    rows: Mapping[str, tf.Tensor]

    def all_of(self, names: Iterable[str]) -> tf.Tensor | None:
        """Tells which examples have all of some modalities, bool [batch]; None if all have."""
        rows = [self.rows[name] for name in names if name in self.rows]
        return tf.reduce_all(tf.stack(rows), axis=0) if rows else None

    def any_of(self, names: Iterable[str]) -> tf.Tensor | None:
        """Tells which examples have any of some modalities, bool [batch]; None if all have."""
        rows = [self.rows.get(name) for name in names]
        return None if None in rows else tf.reduce_any(tf.stack(rows), axis=0)

    def has_at_least(self, number: int, names: Collection[str]) -> tf.Tensor | None:
        """Tells which examples have at least so many of some modalities; None if all have."""
        rows = [tf.cast(self.rows[name], tf.int32) for name in names if name in self.rows]
        always = len(names) - len(rows)
        return None if always >= number else tf.add_n(rows) + always >= number


def observed_of(data: Tensors) -> Observed:
    """Returns what a batch has of its modalities, from the masks in it."""
    keys = {name: observed_key(name) for name in data}
    masks = {name: as_mask(data[key]) for name, key in keys.items() if key in data}
    return Observed(masks, {name: rows_of(mask) for name, mask in masks.items()})


def values_in(data: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the modalities of a batch without the masks beside them."""
    masks = {observed_key(name) for name in data}
    return {name: x for name, x in data.items() if name not in masks}


def masked(
    modality: Modality, x: tf.Tensor, mask: Any | None
) -> tuple[tf.Tensor, tf.Tensor | None]:
    """Sets the values of a modality that are not observed to 0.

    Args:
      modality: the modality.
      x: float32, [batch, *event_shape]; what is not observed may be anything, even NaN.
      mask: which values are observed, besides those that are NaN in a modality where this means
        that they are missing; None for all of them.

    Returns:
      The values, and what is observed: bool, [batch] or [batch, *event_shape], or None for all.

    Raises:
      ValueError: if the mask is not bool or does not fit.
    """
    if mask is None and not modality.nan_is_missing:
        return x, None
    x = tf.convert_to_tensor(x)
    mask = None if mask is None else _checked_mask(modality, x, mask)
    if modality.nan_is_missing:
        present = tf.logical_not(tf.math.is_nan(x))
        present = present if modality.partly_observed else rows_of(present)
        if mask is not None and mask.shape.rank < present.shape.rank:
            mask = with_axes_of(mask, present)
        mask = present if mask is None else tf.logical_and(present, mask)
    return tf.where(with_axes_of(mask, x), x, 0.0), mask


def network_shapes(modalities: Mapping[str, Modality]) -> dict[str, tuple[int, ...]]:
    """Maps each modality's name to the shape of one example in `network_inputs`."""
    return {
        name: (*x.event_shape[:-1], x.event_shape[-1] * (2 if x.partly_observed else 1))
        for name, x in modalities.items()
    }


def network_inputs(modalities: Mapping[str, Modality], data: Tensors) -> dict[str, tf.Tensor]:
    """Returns what networks take of each modality of a batch.

    They are its values, 0 where not observed, on the scale of `Likelihood.network_input`. For
    modalities that may be partly observed, these are followed by 1 where a value is observed and 0
    elsewhere, along the last axis.

    Args:
      modalities: name to modality; others in the batch, such as z, are returned as they are.
      data: standardised values, with masks beside them.
    """
    inputs = values_in(data)
    for name in [name for name in inputs if name in modalities]:
        x = inputs[name] = modalities[name].likelihood.network_input(inputs[name])
        if modalities[name].partly_observed:
            mask = data.get(observed_key(name), tf.ones_like(x, tf.bool))
            mask = tf.broadcast_to(with_axes_of(mask, x), tf.shape(x))
            inputs[name] = tf.concat([x, tf.cast(mask, x.dtype)], axis=-1)
    return inputs


def mask_in_memory(modality: Modality, events: np.ndarray, mask: Any | None) -> np.ndarray | None:
    """Returns what is observed of events in memory, as `masked` does.

    Raises:
      ValueError: if the mask is not bool or does not fit, or an example is partly NaN although the
        modality is not `partly_observed`.
    """
    present = modality.observed_in(events)
    if mask is None:
        return present
    mask = np.asarray(_checked_mask(modality, events, mask))
    if present is None:
        return mask
    rank = max(present.ndim, mask.ndim)
    return np.logical_and(*(x.reshape(*x.shape, *[1] * (rank - x.ndim)) for x in (present, mask)))


def check_none_empty(masks: Mapping[str, np.ndarray | None]) -> None:
    """Raises ValueError if an example has none of several modalities.

    Models of a single one leave such examples out, as data often have others beside it.

    Args:
      masks: modality name to what is observed; None for all.
    """
    found = [mask for mask in masks.values() if mask is not None]
    if len(found) < len(masks) or len(masks) == 1:
        return
    has_any = np.any([x.reshape(len(x), -1).any(axis=1) for x in found], axis=0)
    if not has_any.all():
        raise ValueError(
            f"Every example must have one of {list(masks)}; leave out those that have none. "
            f"Received: {int((~has_any).sum())} without any, first example {int(has_any.argmin())} "
            "of a batch"
        )


def _checked_mask(modality: Modality, x: Any, mask: Any) -> tf.Tensor:
    mask = as_mask(mask)
    shapes = [x.shape[:1]] + ([x.shape] if modality.partly_observed else [])
    if not any(mask.shape.is_compatible_with(shape) for shape in shapes):
        form = ", or that of its values" if modality.partly_observed else ""
        remedy = "" if modality.partly_observed else "; single values need partly_observed=True"
        raise ValueError(
            f"{observed_key(modality.name)!r} must have the shape [batch]{form}{remedy}. "
            f"Received: {mask.shape} for {x.shape}"
        )
    return mask


def with_axes_of(mask: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Gives a mask as many axes as events have."""
    return mask[(..., *[tf.newaxis] * (x.shape.rank - mask.shape.rank))]
