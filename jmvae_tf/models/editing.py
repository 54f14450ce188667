"""Edits: images that change with what can be generated from them, such as a face's attributes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import Direction, MultimodalVAE
from jmvae_tf.runtime.randomness import as_seed, split


class Edit(NamedTuple):
    """An edit and what led to it; float32, in the data's own units.

    Attributes:
      values: w, what the model reads from x, [batch, *event_shape of the condition].
      average: x̄, the average given w, [batch, *event_shape of x]; like the next not clipped.
      changed_average: x̄′, the average given w with the wanted values.
      edited: x + (x̄′ - x̄), clipped to the range of x.
    """

    values: tf.Tensor
    average: tf.Tensor
    changed_average: tf.Tensor
    edited: tf.Tensor


def edit(
    model: MultimodalVAE,
    target: str,
    x: tf.Tensor,
    condition: str,
    wanted: tf.Tensor,
    seed: int | tf.Tensor = 0,
) -> Edit:
    """Changes x so that it has wanted values of another modality (2018 paper, Figure 8).

    w is generated from x, the average x̄ from w, and x̄′ from w with the wanted values; the result is
    x + (x̄′ - x̄). What the model cannot draw of x, such as its background, stays as it is. Averages
    are means of p(x|z) at the mean of q(z|w); where inference draws, both are of the same draws.

    Args:
      model: that generates the target from the condition, and the condition from the target.
      target: the name of the modality of x, such as "image".
      x: [batch, *event_shape].
      condition: the name of the modality that is changed, such as "attributes".
      wanted: its new values, NaN where they stay as generated; of a shape that can be broadcast to
        [batch, *event_shape].
      seed: of models whose inference of missing modalities draws samples.

    Returns:
      The result, and the steps that led to it.

    Raises:
      ValueError: if the model lacks one of both directions, or a shape does not fit.
    """
    if not can_edit(model, target, condition):
        directions = ", ".join(direction.name for direction in model.directions) or "none"
        raise ValueError(
            f"An edit needs a model of both directions, {target}_to_{condition} and "
            f"{condition}_to_{target}. Received: a model of {directions}"
        )
    seed_w, seed_x = split(as_seed(seed), 2)
    x = tf.cast(tf.convert_to_tensor(x), tf.float32)
    values = model.generate(condition, {target: x}, seed=seed_w)
    wanted = tf.cast(tf.convert_to_tensor(wanted), tf.float32)
    try:
        tf.broadcast_static_shape(wanted.shape[-values.shape.rank :], values.shape)
    except ValueError as error:
        raise ValueError(
            f"Wanted values must fit {condition}, {values.shape}. Received: {wanted.shape}"
        ) from error
    changed = tf.where(tf.math.is_nan(wanted), values, wanted)
    average, changed_average = (
        _average(model, target, {condition: w}, seed_x) for w in (values, changed)
    )
    edited = tf.clip_by_value(x + (changed_average - average), *model.modalities[target].support)
    return Edit(values, average, changed_average, edited)


def can_edit(model: MultimodalVAE, target: str, condition: str) -> bool:
    """Whether a model generates each of two modalities from the other."""
    needed = {Direction((condition,), target), Direction((target,), condition)}
    return needed <= set(model.directions)


def _average(
    model: MultimodalVAE, target: str, given: Mapping[str, tf.Tensor], seed: tf.Tensor
) -> tf.Tensor:
    """The mean of p(target|z) at the mean of q(z|given), unlike that of `generate` not clipped."""
    z = model.posterior_mean(given, seed)
    return model.unstandardise(target, model.decode(z, [target])[target].mean())


def averages_and_samples(
    model: MultimodalVAE,
    target: str,
    condition: str,
    asked: Sequence[np.ndarray],
    num_samples: int,
    seed: int = 0,
) -> np.ndarray:
    """What is generated from each of several conditions (2018 paper, Figure 7(a)).

    Args:
      model: that generates the target from the condition.
      target: the name of the modality that is generated.
      condition: the name of the modality that is given.
      asked: values of the condition, [*event_shape] each.
      num_samples: how many samples of each.
      seed: of the samples; those of a row differ by what was asked alone, not by the noise.

    Returns:
      float32 [1 + num_samples, len(asked), *event_shape]: the averages, then the samples.
    """
    columns = []
    for values in asked:
        given = {condition: tf.constant(values, tf.float32)[tf.newaxis]}
        average = model.generate(target, given, seed=seed)
        samples = model.generate(target, given, num_samples, seed)
        columns.append(np.concatenate([average, samples[:, 0]]))
    return np.stack(columns, axis=1)


def with_values(modality: Modality, values: np.ndarray, named: Mapping[str, float]) -> np.ndarray:
    """A copy of a vector, float32, with some of its values set by name.

    Args:
      modality: whose `value_names` are used.
      values: [*event_shape].
      named: name to new value.

    Raises:
      ValueError: if a name is unknown.
    """
    changed = np.array(values, np.float32)
    for name, value in named.items():
        if name not in modality.value_names:
            raise ValueError(
                f"Values of {modality.name!r} are named {list(modality.value_names)}. "
                f"Received: {name!r}"
            )
        changed[modality.value_names.index(name)] = value
    return changed
