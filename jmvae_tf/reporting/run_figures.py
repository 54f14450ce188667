"""Draws what a model has learned to the folder of its run.

The kinds of the modalities and the directions of the model determine the figures.
"""

import functools
import math
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from jmvae_tf.data import pipelines
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.evaluation.observed import having, with_masks
from jmvae_tf.evaluation.subject import MAX_GENERATED, proposals
from jmvae_tf.export_format import signature_names
from jmvae_tf.models.base import Direction, MultimodalVAE
from jmvae_tf.reporting import latent_maps, value_figures, walks
from jmvae_tf.reporting.direction_figures import DirectionFigure, is_drawable
from jmvae_tf.reporting.figure_names import (
    capital,
    file_names,
    stem_of_direction,
    stems_of_images,
)
from jmvae_tf.reporting.figures import curves, image_grids
from jmvae_tf.training.run_folder import RunFolder

_MOST_EXAMPLES = 20
_MOST_WITH_GAPS = 200  # Examples to find those in that have what a figure shows.
_MOST_VALUES = 2**26  # Of examples in memory: 256 MiB.
_MOST_NAMED = 5  # Most directions in a note.
_SAMPLES, _IN_A_ROW = 80, 10  # Of the prior.


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
    has_samples = model.has_prior and not model.conditions
    images = _generated_images(model) if has_samples else []
    drawable = [x for x in _directions(model) if is_drawable(model, x)]
    parts = _Parts(data)
    beside = [*_of_values(model, parts, seed), *_of_prior(model, parts, seed)]
    beside += _maps(model, parts, seed)
    moving = list(_walks(model, parts, seed))
    _, of_prior, of_directions, of_others = file_names(
        stems_of_images("reconstructions", _generated_images(model)),
        stems_of_images("prior_samples", images),
        [stem_of_direction(x) for x in drawable],
        [each.stem for each in beside],
    )
    for direction, file_name in zip(drawable, of_directions, strict=True):
        shown = _first_having(examples, *direction.given, direction.target)
        if len(shown[direction.target]):
            path = folder.figures / file_name
            DirectionFigure(path, model, direction, shown, seed).draw()
    draw_reconstructions(model, data, folder, seed)
    for image, file_name in zip(images, of_prior, strict=True):
        samples = model.generate(image, num_samples=_SAMPLES, seed=seed).numpy()
        image_grids.image_grid(
            folder.figures / file_name,
            samples.reshape(-1, _IN_A_ROW, *samples.shape[1:]),
            f"{capital(image)} drawn from the prior, with nothing given",
            value_range=model.modalities[image].support,
            note="means of p(x | z) at z drawn from the prior",
        )
    [of_moving] = file_names([each.stem for each in moving], suffix=".gif")
    for each, file_name in zip([*beside, *moving], [*of_others, *of_moving], strict=True):
        each.draw(folder.figures / file_name)
    if history := folder.read_history():  # It may have been deleted.
        curves.loss_terms(folder.figures / "loss_terms.png", history, _milestones(folder))
    of_values = [each.direction for each in beside]
    undrawn = [
        f"{x.target} from {' and '.join(x.given)}"
        for x in model.directions
        if x not in drawable and x not in of_values
    ]
    if not model.directions and not images:  # A VAE.
        undrawn = [f"reconstructions of {name}" for name in model.targets]
    return _notes(undrawn)


class _Figure(NamedTuple):
    """A figure that is still to be drawn.

    Attributes:
      stem: the stem of its file's name.
      draw: draws it to a path.
      direction: the direction that it shows; None for the prior.
    """

    stem: str
    draw: Callable[[pathlib.Path], None]
    direction: Direction | None = None


class _Parts:
    """Examples that figures share, not binarised: few enough to be in memory, and read once."""

    def __init__(self, data: DataSet) -> None:
        self.data = data
        size = sum(math.prod(x.event_shape) for x in data.modalities.values())
        self._number = max(1, _MOST_VALUES // size)

    @functools.cached_property
    def test(self) -> dict[str, tf.Tensor]:
        """The first test examples."""
        number = min(MAX_GENERATED, self._number)
        return pipelines.whole_part(self.data, "test", binarised=False, number=number)

    @functools.cached_property
    def training(self) -> dict[str, tf.Tensor]:
        """The first training examples."""
        return pipelines.whole_part(self.data, "train", binarised=False, number=self._number)


def _directions(model: MultimodalVAE) -> list[Direction]:
    """Lists the directions from one modality, and from all others to each target."""
    of_one = list(model.directions)
    names = list(model.modalities)
    from_all = [
        Direction(given, target)
        for given, target in signature_names.directions_of(names, model.conditions)
        if len(given) == len(names) - 1
    ]
    return list(dict.fromkeys([*of_one, *from_all]))


_DRAW_VALUES = {
    "numbers": ("", value_figures.draw_numbers),
    "label": ("confusion_of_", value_figures.draw_confusion),
    "text": ("texts_of_", value_figures.draw_texts),
    "attributes": ("accuracy_of_", value_figures.draw_attribute_shares),
}
"""Kind of a target to the beginning of its figure's name and what draws it."""


def _of_values(model: MultimodalVAE, parts: _Parts, seed: int) -> Iterator[_Figure]:
    """Yields figures of predicted numbers, labels and texts beside true ones."""
    directions = [x for x in _directions(model) if model.modalities[x.target].kind in _DRAW_VALUES]
    for direction in directions:
        beginning, draw = _DRAW_VALUES[model.modalities[direction.target].kind]
        examples = having(parts.test, [*direction.given, direction.target])
        if len(examples[direction.target]):
            yield _Figure(
                beginning + stem_of_direction(direction),
                functools.partial(
                    draw, model=model, direction=direction, examples=examples, seed=seed
                ),
                direction,
            )


def _of_prior(model: MultimodalVAE, parts: _Parts, seed: int) -> Iterator[_Figure]:
    """Yields figures of correlations of numbers, and of the training images nearest to samples."""
    if model.conditions or not model.has_prior:
        return
    numbers = [
        name for name, x in model.modalities.items() if x.kind == "numbers" and x.event_shape[0] > 1
    ]
    images = _generated_images(model)
    for name, stem in zip(numbers, stems_of_images("correlations", numbers), strict=True):
        draw = value_figures.draw_correlations
        yield _Figure(
            stem, functools.partial(draw, model=model, name=name, examples=parts.test, seed=seed)
        )
    for image, stem in zip(images, stems_of_images("nearest_training_images", images), strict=True):
        there = having(parts.training, [image])[image]
        if len(there):
            draw_nearest = functools.partial(
                value_figures.draw_nearest,
                model=model,
                image=image,
                training=there,
                test=having(parts.test, [image])[image],
                seed=seed,
            )
            yield _Figure(stem, draw_nearest)


def _maps(model: MultimodalVAE, parts: _Parts, seed: int) -> Iterator[_Figure]:
    """Yields a map of the latent space for each image that is generated; else one without."""
    if model.conditions:
        return
    images = _generated_images(model)
    stems = stems_of_images("latent_map", images) if images else ["latent_map"]
    chosen: list[str | None] = [*images] or [None]
    for image, stem in zip(chosen, stems, strict=True):
        known = having(parts.test, model.modalities)
        if image and not len(known[image]):
            known = having(parts.test, [image])
        if len(next(iter(known.values()))):
            draw = latent_maps.draw_map
            yield _Figure(
                stem,
                functools.partial(draw, model=model, image=image, examples=known, seed=seed),
            )


def _walks(model: MultimodalVAE, parts: _Parts, seed: int) -> Iterator[_Figure]:
    """Yields walks between test images, and along attributes that images are generated from."""
    if model.conditions:
        return
    images = _generated_images(model)
    for image, stem in zip(images, stems_of_images("walk", images), strict=True):
        known = _first_having(parts.test, *model.modalities)
        if len(known[image]) < 2:
            known = _first_having(parts.test, image)
        if len(known[image]) > 1:
            draw = walks.draw_between
            yield _Figure(
                stem,
                functools.partial(draw, model=model, image=image, examples=known, seed=seed),
            )
    for given, image in model.directions:
        if image not in images or model.modalities[given[0]].kind != "attributes":
            continue
        draw_attributes = functools.partial(
            walks.draw_along_attributes,
            model=model,
            image=image,
            attributes=given[0],
            base=walks.base_of(model, given[0], parts.training),
            seed=seed,
        )
        yield _Figure(f"walk_of_{stem_of_direction(Direction(given, image))}", draw_attributes)


def _milestones(folder: RunFolder) -> curves.Milestones:
    """Reads what the curves of a run mark; nothing if its settings were deleted."""
    if not folder.config_file.is_file():
        return curves.Milestones()
    settings = folder.read_settings()
    return curves.Milestones(
        settings.warmup_epochs, folder.best_epoch(), settings.adversary_after or 0
    )


def draw_reconstructions(model: MultimodalVAE, data: DataSet, folder: RunFolder, seed: int) -> None:
    """Draws test images and their reconstructions by each encoder (2016 paper, appendix C).

    Draws nothing for a model that generates no images.
    """
    examples, images = _first_test_examples(data), _generated_images(model)
    [names] = file_names(stems_of_images("reconstructions", images))
    for image, file_name in zip(images, names, strict=True):
        encoders = [given for given in proposals(model).values() if image in given]
        of_all = _first_having(examples, *model.modalities)
        shown = of_all if len(of_all[image]) else _first_having(examples, image)
        if not len(of_all[image]):
            encoders = [given for given in encoders if given == (image,)]
        rows = [model.reconstruct(with_masks(shown, given), seed)[image] for given in encoders]
        if not len(shown[image]):
            continue
        image_grids.image_grid(
            folder.figures / file_name,
            np.stack([shown[image], *rows]),
            f"Test {image}, and what each encoder keeps of it",
            row_names=["test", *[f"from {', '.join(given)}" for given in encoders]],
            value_range=model.modalities[image].support,
            note="means of p(x | z) at the mean of q(z | …) given what is named",
        )


def _generated_images(model: MultimodalVAE) -> list[str]:
    return [name for name in model.targets if model.modalities[name].kind == "image"]


def _first_test_examples(data: DataSet) -> dict[str, tf.Tensor]:
    """Returns the first test examples, not binarised; more of them if some lack modalities."""
    number = _MOST_WITH_GAPS if data.masks("test") else _MOST_EXAMPLES
    return pipelines.whole_part(data, "test", binarised=False, number=number)


def _first_having(examples: dict[str, tf.Tensor], *names: str) -> dict[str, tf.Tensor]:
    return {key: x[:_MOST_EXAMPLES] for key, x in having(examples, names).items()}


def _notes(undrawn: Sequence[str]) -> list[str]:
    if not undrawn:
        return []
    more = len(undrawn) - _MOST_NAMED
    named = ", ".join(undrawn[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return [f"no figure shows {named}: figures show images, numbers, labels, attributes and texts"]
