"""Makes the modalities that a resolved manifest describes; needs no data."""

from collections.abc import Callable, Mapping

import tensorflow as tf

from jmvae_tf import likelihoods
from jmvae_tf.data.faces import ATTRIBUTE_RANGE
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.export_format.value_names import END_MARK
from jmvae_tf.modalities import Modality
from jmvae_tf.runtime.errors import UserError

Prepare = Callable[[Mapping[str, tf.Tensor]], dict[str, tf.Tensor]]


def modalities_of(manifest: Manifest) -> dict[str, Modality]:
    """Makes the modalities of a model, in the manifest's order.

    Raises:
      UserError: if the manifest is not resolved, or a modality is none that a model can have.
    """
    manifest.check_whole(manifest.name)
    try:
        return {name: _modality(name, one) for name, one in manifest.modalities.items()}
    except ValueError as error:
        raise UserError(
            "A manifest describes modalities that a model can have",
            f"{manifest.name}: {error}",
            "change columns.json",
        ) from error


def _modality(name: str, one: ModalityColumns) -> Modality:
    likelihood = getattr(likelihoods, str(one.likelihood))()
    return Modality(
        name,
        one.event_shape,
        likelihood,
        likelihood_weight=one.likelihood_weight or 1.0,
        kind=one.kind,  # type: ignore[arg-type]  # The manifest has checked it.
        value_names=_value_names(one),
        standardised=likelihood.is_real and one.kind != "attributes",
        value_range=_value_range(one),
        partly_observed=one.partly_observed,
        log_values=one.log,
    )


def _value_names(one: ModalityColumns) -> tuple[str, ...]:
    if one.kind == "text":
        return (*one.alphabet, END_MARK)
    if one.kind == "label":
        return one.classes
    return one.columns if one.kind in ("attributes", "numbers") else ()


def _value_range(one: ModalityColumns) -> tuple[float, float] | None:
    if one.likelihood == "Bernoulli":
        return None  # It has that of the likelihood.
    return {"image": (0.0, 1.0), "attributes": ATTRIBUTE_RANGE}.get(one.kind)


def prepare_by(manifest: Manifest) -> Prepare:
    """Makes the function that converts stored values, see `stored_type`, to those of models.

    Args:
      manifest: a resolved one.
    """

    def prepare(stored: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {name: _values(manifest.modalities[name], x) for name, x in stored.items()}

    return prepare


def _values(one: ModalityColumns, stored: tf.Tensor) -> tf.Tensor:
    if one.kind == "label":
        return tf.one_hot(tf.cast(stored, tf.int32), len(one.classes))
    if one.kind == "text":
        return tf.one_hot(tf.cast(stored, tf.int32), len(one.alphabet) + 1)
    values = tf.cast(stored, tf.float32)
    if one.kind == "image":
        return values / 255
    if one.kind == "attributes" and one.likelihood != "Bernoulli":
        return 2 * values - 1
    return values
