"""Changes values of one modality and shows how another changes, for example a face.

Edits given images (2018 paper, Figure 8) and generates images from changed values (Figure 7).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import Direction, MultimodalVAE
from jmvae_tf.runtime.randomness import as_seed, split


class Edit(NamedTuple):
    """An edited example and the intermediate results; float32, in the data's own units.

    Attributes:
      values: w, generated from x, [batch, *event_shape of the condition].
      average: x̄, the average given w, [batch, *event_shape of x]; not clipped.
      changed_average: x̄′, the average given w with the new values; not clipped.
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
    """Changes x so that it has given values of another modality (2018 paper, Figure 8).

    Generates w from x, the average x̄ from w, and x̄′ from w with the new values. The result is x +
    (x̄′ - x̄). This keeps details that the model cannot generate, for example the background.
    Averages are means of p(x|z) at the mean of q(z|w). If inference draws samples, both use the
    same samples.

    Args:
      model: a model that generates the target from the condition and the condition from the target.
      target: the name of the modality of x, usually an image.
      x: [batch, *event_shape].
      condition: the name of the modality to change.
      wanted: the new values, broadcast to [batch, *event_shape]; NaN keeps a generated value.
      seed: seed for models that infer missing modalities by sampling.

    Returns:
      The result and the intermediate results.

    Raises:
      ValueError: if the model lacks one of the two directions, or a shape does not fit.
    """
    seed_w, seed_x = split(as_seed(seed), 2)
    x = tf.cast(tf.convert_to_tensor(x), tf.float32)
    values, changed = _values_and_changed(model, target, x, condition, wanted, seed_w)
    average, changed_average = (
        _average(model, target, {condition: w}, seed_x) for w in (values, changed)
    )
    edited = tf.clip_by_value(x + (changed_average - average), *model.modalities[target].support)
    return Edit(values, average, changed_average, edited)


def redrawn(
    model: MultimodalVAE,
    target: str,
    x: tf.Tensor,
    condition: str,
    wanted: tf.Tensor,
    seed: int | tf.Tensor = 0,
) -> tf.Tensor:
    """Draws x again, with given values of another modality.

    This is `edit` in the latent space. Generates w from x, and replaces the values that are wanted,
    which gives w'. With the means z(.) of q(z|.), the result is the mean of p(x|z) at

        z(x) + (z(w') - z(w)),

    the latent values of x itself, moved as those of w move. Unlike the result of `edit`, all of it
    comes from the decoder: it shows no seams, and only those details that the model can generate.
    Without a change it is the reconstruction of x.

    Arguments and errors are those of `edit`.

    Returns:
      float32, [batch, *event_shape], in the range of x.
    """
    seed_w, seed_x = split(as_seed(seed), 2)
    x = tf.cast(tf.convert_to_tensor(x), tf.float32)
    values, changed = _values_and_changed(model, target, x, condition, wanted, seed_w)
    z, z_of_values, z_of_changed = (
        model.posterior_mean(given, seed_x)
        for given in ({target: x}, {condition: values}, {condition: changed})
    )
    return model.decoded_mean(target, z + (z_of_changed - z_of_values), {})


def _values_and_changed(
    model: MultimodalVAE,
    target: str,
    x: tf.Tensor,
    condition: str,
    wanted: tf.Tensor,
    seed: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Generates w from x, and puts the wanted values in their places; see `edit`."""
    if not can_edit(model, target, condition):
        directions = ", ".join(direction.name for direction in model.directions) or "none"
        raise ValueError(
            f"An edit needs a model of both directions, {target}_to_{condition} and "
            f"{condition}_to_{target}. Received: a model of {directions}"
        )
    values = model.generate(condition, {target: x}, seed=seed)
    wanted = tf.cast(tf.convert_to_tensor(wanted), tf.float32)
    try:
        tf.broadcast_static_shape(wanted.shape[-values.shape.rank :], values.shape)
    except ValueError as error:
        raise ValueError(
            f"Wanted values must fit {condition}, {values.shape}. Received: {wanted.shape}"
        ) from error
    return values, tf.where(tf.math.is_nan(wanted), values, wanted)


def can_edit(model: MultimodalVAE, target: str, condition: str) -> bool:
    """Tells whether a model generates each of two modalities from the other."""
    needed = {Direction((condition,), target), Direction((target,), condition)}
    return needed <= set(model.directions)


def editable_images(model: MultimodalVAE) -> dict[str, list[str]]:
    """Maps each image that a model can edit to the modalities, not images, that can change it."""
    kinds = {name: modality.kind for name, modality in model.modalities.items()}
    conditions = {
        image: [name for name in kinds if kinds[name] != "image" and can_edit(model, image, name)]
        for image in kinds
        if kinds[image] == "image"
    }
    return {image: names for image, names in conditions.items() if names}


def usual_values(model: MultimodalVAE, attributes: str) -> np.ndarray:
    """Returns the attributes' means in the training set; mid-range if the model has no means.

    Returns:
      float32, [*event_shape], in the data's units.
    """
    means = known_means(model, attributes)
    modality = model.modalities[attributes]
    return np.full(modality.event_shape, modality.threshold, np.float32) if means is None else means


def most_typical(rows: np.ndarray) -> np.ndarray:
    """Returns the row that is nearest to the mean of all rows, the first of several.

    So that base images are of values that occur together, such as one colour of hair.

    Args:
      rows: at least one, [rows, values].
    """
    distances = np.square(rows - rows.mean(axis=0, dtype=np.float64)).sum(axis=1)
    # Rounding must not decide between rows that differ in order only.
    return rows[np.argmin(np.round(distances, 6))]


def known_means(model: MultimodalVAE, name: str) -> np.ndarray | None:
    """Returns the means of a modality in the training set, [*event_shape], in the data's units.

    Of values whose logarithm is modelled, these are the means of logarithms, turned back. None if
    the model has no means of the modality.
    """
    if model.modalities[name].standardised:
        return model.unstandardise(name, tf.zeros(model.modalities[name].event_shape)).numpy()
    return model.statistics[name].mean.numpy() if name in model.statistics else None


def _average(
    model: MultimodalVAE, target: str, given: Mapping[str, tf.Tensor], seed: tf.Tensor
) -> tf.Tensor:
    """Returns the mean of p(target|z) at the mean of q(z|given), not clipped, unlike `generate`."""
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
    """Generates from each of several conditions (2018 paper, Figure 7(a)).

    Args:
      model: a model that generates the target from the condition.
      target: the name of the modality to generate.
      condition: the name of the modality to give.
      asked: the values of the condition to generate from, [*event_shape] each.
      num_samples: the number of samples per condition.
      seed: seed of the samples; one row uses the same noise for all conditions.

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
    """Copies a vector as float32 and sets some of its values by name.

    Args:
      modality: the vector's modality, which names the values.
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
