"""Summarises training data for an export: a map of the latent space, and limits of images."""

from collections.abc import Iterable, Mapping

import numpy as np
import tensorflow as tf
from sklearn.neighbors import NearestNeighbors

from jmvae_tf.evaluation.observed import having, observed_values, with_masks
from jmvae_tf.export_format.latent_plane import principal_plane
from jmvae_tf.export_format.training_summary import (
    PERCENTILE,
    EncodedImages,
    LatentMap,
    TrainingSummary,
    UsualImages,
    borders_of,
    errors_of,
)
from jmvae_tf.export_format.value_ranges import to_pixels
from jmvae_tf.modalities import Modality
from jmvae_tf.models.adversarial import Adversarial, without_adversary
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.runtime.randomness import fold, root_seed

MOST_EXAMPLES = 10_000
"""Training examples that a summary is made of: ten are beyond the percentile of its limits."""

MOST_POINTS = 1000
"""Training examples whose latent values are kept, for the map and to measure distances from."""

_MOST_KEPT = 2**20  # Latent values in a file, which then has 10 MB.

_MEAN, _BORDER, _ERROR = "mean/", "border/", "error/"  # No modality has such a name.


def summarise_training(
    model: MultimodalVAE | Adversarial, batches: Iterable[Tensors], checkpoint: str = ""
) -> TrainingSummary:
    """Summarises training data as a trained model sees them.

    Of several images, the first one is on the map; of a model without images, its first modality.
    Models of one direction have no map, as they embed no modality alone.

    Args:
      model: a trained model.
      batches: dictionaries as `fit` takes them, of training examples in any order. Images should be
        grey values, not binarised. Only the first `MOST_EXAMPLES` are used. If the model samples
        to infer, what it draws for an example depends on its place.
      checkpoint: the name of the model's weights.

    Raises:
      ValueError: if there are no examples.
    """
    model = without_adversary(model)
    images = [name for name, x in model.modalities.items() if x.kind == "image"]
    measured: dict[str, list[dict[str, np.ndarray]]] = {}
    number = 0
    for batch in batches:
        taken = {key: x[: MOST_EXAMPLES - number] for key, x in batch.items()}
        number += len(next(iter(taken.values())))
        for name in images or list(model.modalities)[:1]:
            examples = having(taken, [name], model.modalities)
            if len(examples[name]):
                # Not one seed for each example: chains of thousands would take many minutes.
                seed = fold(root_seed(0), number)
                measured.setdefault(name, []).append(_measured(model, name, examples, seed))
        if number >= MOST_EXAMPLES:
            break
    if not number:
        raise ValueError("A summary needs training examples. Received: none")
    found = {
        name: {key: np.concatenate([x[key] for x in parts]) for key in parts[0]}
        for name, parts in measured.items()
    }
    on_map = next((name for name in found if _MEAN in found[name]), None)
    return TrainingSummary(
        num_examples=number,
        latent_map=_map(model, on_map, found[on_map]) if on_map else None,
        images={name: _usual(found[name]) for name in images if name in found},
        checkpoint=checkpoint,
    )


def autoencoded(
    model: MultimodalVAE, name: str, given: Tensors, seed: int | tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Encodes and decodes one modality, as the signatures `embed` and `decode` of an export do.

    With the `fixed_seed` of signatures, its results are theirs.

    Args:
      model: a model without conditions.
      name: the modality.
      given: its examples, [batch, *event_shape], and perhaps their mask.
      seed: see `MultimodalVAE.posterior`.

    Returns:
      The means of q(z|x), [batch, latent], and those of p(x|z) at them, [batch, *event_shape].
    """
    mean = model.posterior(given, seed).mean()
    return mean, model.decoded_mean(name, model.decoders_latent(mean), {})


def _measured(
    model: MultimodalVAE, name: str, examples: Tensors, seed: tf.Tensor
) -> dict[str, np.ndarray]:
    """Measures examples of a modality, of which none lacks it.

    Returns:
      `_BORDER` and `_ERROR` of images, and `_MEAN` unless the model embeds nothing; the values of
      labels and attributes beside them by their names.
    """
    modality, measured, reconstructed = model.modalities[name], {}, None
    if not model.conditions:
        mean, reconstructed = autoencoded(model, name, with_masks(examples, [name]), seed)
        measured[_MEAN] = mean.numpy()
    if modality.kind == "image":
        pixels = _pixels(examples[name], modality)
        measured[_BORDER] = borders_of(pixels)
        if reconstructed is not None:
            measured[_ERROR] = errors_of(pixels, _pixels(reconstructed, modality))
    for other, x in model.modalities.items():
        if other in examples and x.kind in ("label", "attributes"):
            known, values = observed_values(examples, other), np.asarray(examples[other])
            measured[other] = (
                np.where(known.all(axis=1), values.argmax(axis=1), -1)
                if x.kind == "label"
                else np.where(known, values > x.threshold, -1)
            )
    return measured


def _pixels(images: tf.Tensor, modality: Modality) -> np.ndarray:
    return np.clip(to_pixels(np.asarray(images), modality.support), 0.0, 1.0)


def _map(model: MultimodalVAE, name: str, found: Mapping[str, np.ndarray]) -> LatentMap:
    """Finds the principal plane of examples, and keeps some of them."""
    z = found[_MEAN]
    rows = _chosen(z)
    values = {other: found[other][rows] for other in model.modalities if other in found}
    return LatentMap(name, principal_plane(z), z[rows], values)


def _usual(found: Mapping[str, np.ndarray]) -> UsualImages:
    """Finds the limits of images."""
    border, z = _limit(found[_BORDER]), found.get(_MEAN)
    if z is None or len(z) < 2:
        return UsualImages(border, None)
    rows = _chosen(z)
    distances, _ = NearestNeighbors(n_neighbors=2).fit(z[rows]).kneighbors(z)
    others = distances[:, 0]
    others[rows] = distances[rows, 1]  # The nearest one is the image itself.
    return UsualImages(border, EncodedImages(z[rows], _limit(found[_ERROR]), _limit(others)))


def _chosen(z: np.ndarray) -> np.ndarray:
    """Chooses examples whose latent values are kept, spread evenly over all; fewer if large."""
    number, size = z.shape
    kept = max(2, min(MOST_POINTS, number, _MOST_KEPT // size))
    return np.linspace(0, number - 1, min(kept, number)).astype(int)


def _limit(values: np.ndarray) -> float:
    return float(np.percentile(values, PERCENTILE))
