"""Draws what a model has learned to the folder of its run.

The kinds of the modalities and the directions of the model determine the figures.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from jmvae_tf.data import pipelines
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.evaluation.subject import proposals
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.reporting.direction_figures import DirectionFigure, is_drawable
from jmvae_tf.reporting.figure_names import (
    capital,
    file_names,
    plural,
    stem_of_direction,
    stems_of_images,
)
from jmvae_tf.reporting.figures import curves, image_grids
from jmvae_tf.training.run_folder import RunFolder

_MOST_EXAMPLES = 20
_MOST_NAMED = 5  # Most directions in a note.


def draw_figures(model: MultimodalVAE, data: DataSet, folder: RunFolder, seed: int) -> list[str]:
    """Draws what a model generates, its reconstructions, samples of its prior and its training.

    Args:
      model: a trained model.
      data: the data that it was trained on.
      folder: folder of its run; the files go to `figures/`.
      seed: seed of all samples.

    Returns:
      Notes on what no figure shows, one sentence each.
    """
    examples = _first_test_examples(data)
    images = [] if model.conditions else _generated_images(model)
    drawable = [x for x in model.directions if is_drawable(model, x)]
    _, of_prior, of_directions = file_names(
        stems_of_images("reconstructions", _generated_images(model)),
        stems_of_images("prior_samples", images),
        [stem_of_direction(x) for x in drawable],
    )
    for direction, file_name in zip(drawable, of_directions, strict=True):
        path = folder.figures / file_name
        DirectionFigure(path, model, direction, examples, seed).draw()
    draw_reconstructions(model, data, folder, seed)
    for image, file_name in zip(images, of_prior, strict=True):
        samples = model.generate(image, num_samples=100, seed=seed).numpy()
        image_grids.image_grid(
            folder.figures / file_name,
            samples.reshape(10, 10, *samples.shape[1:]),
            f"{capital(plural(image))} at z drawn from the prior",
            value_range=model.modalities[image].support,
        )
    if history := folder.read_history():  # It may have been deleted.
        curves.loss_terms(folder.figures / "loss_terms.png", history)
    undrawn = [
        f"{x.target} from {' and '.join(x.given)}" for x in model.directions if x not in drawable
    ]
    if not model.directions and not images:  # A VAE.
        undrawn = [f"reconstructions of {name}" for name in model.targets]
    return _notes(undrawn)


def draw_reconstructions(model: MultimodalVAE, data: DataSet, folder: RunFolder, seed: int) -> None:
    """Draws test images and their reconstructions by each encoder (2016 paper, appendix C).

    Draws nothing for a model that generates no images.
    """
    examples, images = _first_test_examples(data), _generated_images(model)
    [names] = file_names(stems_of_images("reconstructions", images))
    for image, file_name in zip(images, names, strict=True):
        encoders = [given for given in proposals(model).values() if image in given]
        rows = [
            model.reconstruct({name: examples[name] for name in given}, seed)[image]
            for given in encoders
        ]
        image_grids.image_grid(
            folder.figures / file_name,
            np.stack([examples[image], *rows]),
            f"Test {plural(image)} and their reconstructions by encoder",
            row_names=["test", *[f"from {', '.join(given)}" for given in encoders]],
            value_range=model.modalities[image].support,
        )


def _generated_images(model: MultimodalVAE) -> list[str]:
    return [name for name in model.targets if model.modalities[name].kind == "image"]


def _first_test_examples(data: DataSet) -> dict[str, tf.Tensor]:
    """Returns the first test examples, not binarised."""
    return pipelines.whole_part(data, "test", binarised=False, number=_MOST_EXAMPLES)


def _notes(undrawn: Sequence[str]) -> list[str]:
    if not undrawn:
        return []
    more = len(undrawn) - _MOST_NAMED
    named = ", ".join(undrawn[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return [
        f"no figure shows {named}: figures show images, and labels and attributes beside images "
        "that they are generated from"
    ]
