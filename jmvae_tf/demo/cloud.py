"""Examples of a model: what goes together in them, and where they lie in the latent space."""

from typing import NamedTuple

import numpy as np

from jmvae_tf.demo.demo_model import DemoModel
from jmvae_tf.export_format.latent_plane import LatentPlane, principal_plane
from jmvae_tf.export_format.one_hot import one_hot

_POINTS = 600


class Cloud(NamedTuple):
    """Examples of a model.

    Attributes:
      values: their labels or attributes, [points, values]; no columns if the model has neither.
      latent: their means of q(z|image), [points, latent_dim]; no columns if it has no such mean.
      plane: the plane of the map: of training data the one that the export has, otherwise the
        principal plane of the samples.
      drawn_for: what they were sampled for, each with its number as the seed, [points, values];
        None for training data.
    """

    values: np.ndarray
    latent: np.ndarray
    plane: LatentPlane
    drawn_for: np.ndarray | None


def cloud_of(model: DemoModel) -> Cloud:
    """Returns examples of a model: training data if its export has a map of them, or samples."""
    summary = model.export.summary
    latent_map = summary.latent_map if summary else None
    other = model.other
    if latent_map is None or latent_map.modality != model.image.name:
        return _sampled_cloud(model)
    values = np.zeros((len(latent_map.z), 0))
    if other is not None and other.name in latent_map.values:
        known = latent_map.values[other.name]
        if other.kind == "label":
            values = one_hot(known, *other.event_shape)
        else:
            no, yes = other.no_and_yes
            values = np.select([known == 1, known == 0], [yes, no], other.threshold)
    return Cloud(values.astype(np.float32), latent_map.z, latent_map.plane, None)


def _sampled_cloud(model: DemoModel) -> Cloud:
    """Samples images of a model and reads them, for exports that say nothing of their training.

    Labels are drawn in equal numbers, attributes independently of each other, each as often as in
    training. What the model reads off its images is what it has learned to go together.

    Args:
      model: the model.
    """
    nothing = np.zeros((_POINTS, 0), np.float32)
    if not model.can("draw"):
        return Cloud(nothing, nothing, principal_plane(nothing), None)
    wanted = _wanted_values(model, np.random.default_rng(0))
    images = model.samples(wanted, np.arange(_POINTS))
    values = model.read(images) if model.can("read") else wanted
    latent = model.embed(images) if model.can("embed") else nothing
    return Cloud(values, latent, principal_plane(latent), wanted)


def _wanted_values(model: DemoModel, generator: np.random.Generator) -> np.ndarray:
    """Draws values to sample images for, float32 [points, values]."""
    usual = model.usual_values()
    if model.is_of_labels:
        return np.eye(len(usual), dtype=np.float32)[np.arange(_POINTS) % len(usual)]
    no, yes = model.no_and_yes
    has = generator.random((_POINTS, len(usual))) < (usual - no) / (yes - no)
    return np.where(has, yes, no).astype(np.float32)
