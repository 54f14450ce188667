"""Draws walks through the latent space as GIFs: between examples, and along attributes."""

import pathlib
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.batches import decoded_in_parts
from jmvae_tf.evaluation.observed import observed_values
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.export_format.value_ranges import to_pixels
from jmvae_tf.models import editing
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.reporting.figures import animations
from jmvae_tf.reporting.figures.png_files import spaced
from jmvae_tf.runtime.randomness import as_seed

_COLUMNS = 8  # Images in a row, at most.

SIDE = 96
"""Pixels of an image in a walk."""

STEPS = 14
"""Frames from one end of a walk to the other."""

_MOST_ATTRIBUTES = 24


def walk(model: MultimodalVAE, image: str, start: tf.Tensor, end: tf.Tensor) -> np.ndarray:
    """Decodes images on straight lines in the latent space, there and back.

    Args:
      model: a model whose decoders need nothing but z.
      image: the modality to decode.
      start: z at one end of each line, [lines, latent_dim].
      end: z at the other end.

    Returns:
      [frames, lines, *event_shape], in [0, 1]; the walk stops gently at both ends, which are the
      frames 0 and `STEPS` - 1.
    """
    steps = animations.eased(STEPS).astype(np.float32)[:, np.newaxis, np.newaxis]
    z = tf.reshape((1 - steps) * start + steps * end, (-1, model.latent_dim))
    modality = model.modalities[image]
    frames = decoded_in_parts(model, image, z).reshape(STEPS, len(start), *modality.event_shape)
    return animations.there_and_back(to_pixels(frames, modality.support))


def draw_between(
    path: pathlib.Path,
    model: MultimodalVAE,
    image: str,
    examples: Mapping[str, tf.Tensor],
    seed: int,
) -> None:
    """Draws walks from each of some examples to the next.

    Args:
      path: path of the GIF file.
      model: a trained model without conditions.
      image: the modality to draw.
      examples: what q(z|…) is given, modality name to [examples, *event_shape], with masks.
      seed: seed for models that infer by sampling.
    """
    few = {key: x[:_COLUMNS] for key, x in examples.items()}
    z = model.posterior_mean(few, seed)
    frames = walk(model, image, z, tf.roll(z, -1, axis=0))
    save(path, frames, title="Walks through the latent space between test examples")


def draw_along_attributes(
    path: pathlib.Path,
    model: MultimodalVAE,
    image: str,
    attributes: str,
    base: np.ndarray,
    seed: int,
) -> None:
    """Draws images of which one attribute each goes from no to yes, and back.

    Args:
      path: path of the GIF file.
      model: a trained model that generates the image from the attributes alone.
      image: the modality to draw.
      attributes: the modality to change.
      base: the values of the other attributes, [*event_shape].
      seed: seed of the sample of z, whose noise is the same everywhere.
    """
    modality = model.modalities[attributes]
    names = names_or_numbers(modality)[:_MOST_ATTRIBUTES]
    ends = []
    for value in modality.no_and_yes:
        asked = np.tile(base.astype(np.float32), (len(names), 1))
        np.fill_diagonal(asked, value)
        seeds = tf.tile(as_seed(seed)[tf.newaxis], (len(names), 1))
        ends.append(model.sample_posterior({attributes: asked}, 1, seeds)[0])
    save(
        path,
        walk(model, image, *ends),
        [spaced(name) for name in names],
        f"One of the {attributes} at a time, from no to yes",
    )


def save(
    path: pathlib.Path, frames: np.ndarray, names: list[str] | None = None, title: str = ""
) -> None:
    """Writes a walk as a GIF that rests at both ends."""
    rows = -(-frames.shape[1] // _COLUMNS)
    tiles = animations.tiled(frames, SIDE, -(-frames.shape[1] // rows), names or (), title)
    animations.save_gif(path, tiles, pauses=(0, STEPS - 1))


def base_of(model: MultimodalVAE, attributes: str, examples: Mapping[str, tf.Tensor]) -> np.ndarray:
    """Returns the attributes to start from: the most typical ones of some training examples.

    Args:
      model: a trained model.
      attributes: the modality.
      examples: training examples, modality name to [examples, *event_shape], with masks.

    Returns:
      The row nearest to the mean of all rows of which nothing is missing, [*event_shape]; the usual
      values if there is none.
    """
    whole = observed_values(examples, attributes).all(axis=1)
    rows = np.asarray(examples[attributes])[whole]
    return editing.most_typical(rows) if len(rows) else editing.usual_values(model, attributes)
