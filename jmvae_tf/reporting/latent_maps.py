"""Maps the latent space: where test examples lie on a plane of it, and what is generated there."""

import pathlib
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import decoded_in_parts, map_batches, rows_at_once
from jmvae_tf.evaluation.observed import modality_names, observed_values
from jmvae_tf.export_format.latent_plane import LatentPlane, principal_plane, separation
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.export_format.value_ranges import to_pixels
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.reporting.figures import latent_spaces
from jmvae_tf.reporting.figures.png_files import spaced

_CELLS = 13  # Of the plane, in each direction; odd, so that one shows the middle.
_SHARE = 0.98  # Of many points, those that the plane reaches to on each axis.
_MANY = 200


def draw_map(
    path: pathlib.Path,
    model: MultimodalVAE,
    image: str | None,
    examples: Mapping[str, tf.Tensor],
    seed: int,
) -> None:
    """Draws the posteriors' means of examples on a plane, and images decoded on the same plane.

    Args:
      path: path of the PNG file.
      model: a trained model without conditions.
      image: the modality to decode; None for none.
      examples: what q(z|…) is given, modality name to [examples, *event_shape], with masks.
      seed: seed for models that infer by sampling.
    """
    names = modality_names(examples)
    size = min(1000, rows_at_once(model, names))
    z = map_batches(
        lambda batch, batch_seed: {"z": model.posterior_mean(batch, batch_seed)},
        examples,
        names,
        size,
        "z of test examples",
        seed,
    )["z"]
    plane = principal_plane(z)
    points = plane.to_plane(z)
    share = _SHARE if len(z) >= _MANY else 1.0
    limits = latent_spaces.limits_of(points, share)
    classes, class_names, coloured = _classes(model, examples, points)
    axes, rest = ["z₁", "z₂"], ""
    if not np.array_equal(plane.axes, np.eye(2, z.shape[1])):  # Not latent values themselves.
        shares = points.var(axis=0) / z.var(axis=0).sum()
        axes = [
            f"{number} principal component, {100 * share:.0f} % of the variance"
            for number, share in zip(("first", "second"), shares, strict=True)
        ]
        rest = "; axes: the two directions in which z varies most, all others at their mean"
    latent_spaces.latent_map(
        path,
        points,
        classes,
        class_names,
        None if image is None else _decoded(model, image, plane, limits),
        limits,
        axes,
        f"A map of the latent space{coloured}",
        f"means of q(z | {', '.join(names)}) of {len(z)} test examples{rest}",
    )


def _decoded(
    model: MultimodalVAE, image: str, plane: LatentPlane, limits: np.ndarray
) -> np.ndarray:
    """Decodes images at the centres of cells, [cells, cells, *event_shape], the highest first."""
    steps = (np.arange(_CELLS) + 0.5) / _CELLS
    x, y = (low + steps * (high - low) for low, high in limits)
    places = np.stack(np.meshgrid(x, y[::-1]), axis=-1).reshape(-1, 2)
    modality = model.modalities[image]
    images = decoded_in_parts(model, image, tf.constant(plane.to_z(places)))
    return to_pixels(images.reshape(_CELLS, _CELLS, *modality.event_shape), modality.support)


def _classes(
    model: MultimodalVAE, examples: Mapping[str, tf.Tensor], points: np.ndarray
) -> tuple[np.ndarray | None, list[str], str]:
    """Chooses what colours the points: the first label, else the attribute that parts them best.

    Returns:
      The class of each point, the names of the classes, and words for the title.
    """
    for name in modality_names(examples):
        modality = model.modalities[name]
        if modality.kind == "label":
            names = [str(x) for x in names_or_numbers(modality)]
            return np.argmax(examples[name], axis=1), names, f", coloured by {spaced(name)}"
    for name in modality_names(examples):
        modality = model.modalities[name]
        if modality.kind == "attributes":
            has = np.asarray(examples[name]) > modality.threshold
            best = int(np.argmax([separation(points, column) for column in has.T]))
            word = spaced(names_or_numbers(modality)[best])
            seen = observed_values(examples, name)[:, best]
            names = [f"not {word}", word, *([] if seen.all() else ["unknown"])]
            return np.where(seen, has[:, best], 2), names, f", coloured by {word}"
    return None, [], ""
