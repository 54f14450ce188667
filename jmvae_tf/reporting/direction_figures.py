"""Draws what a model generates in one direction: images, or values next to images."""

import dataclasses
import pathlib
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from jmvae_tf.evaluation.observed import observed_values, with_masks
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.export_format.value_ranges import to_pixels
from jmvae_tf.modalities import Modality
from jmvae_tf.models import editing
from jmvae_tf.models.base import Direction, MultimodalVAE
from jmvae_tf.reporting.figure_names import capital, listed
from jmvae_tf.reporting.figures import image_grids, images_and_values
from jmvae_tf.reporting.figures.png_files import spaced
from jmvae_tf.reporting.given_values import given_in_words

_ROWS_FROM_LABELS = 8  # Of samples.
_ROWS_FROM_OTHERS = 3
_MOST_COLUMNS = 10
_ROWS = "average: at the mean of the posterior; samples: at values drawn from it"
_MOST_LABELS = 20  # Columns of a figure; of more classes, the first are drawn.
_MOST_ATTRIBUTES = 40  # The same; CelebA has as many.


def is_drawable(model: MultimodalVAE, direction: Direction) -> bool:
    """Tells whether images are generated, or labels or attributes from images."""
    kind, *given = (model.modalities[x].kind for x in (direction.target, *direction.given))
    return kind == "image" or (kind in ("label", "attributes") and "image" in given)


@dataclasses.dataclass(frozen=True)
class DirectionFigure:
    """A figure of a drawable direction.

    Attributes:
      path: path of the PNG file.
      model: a trained model.
      direction: one of its directions.
      examples: test examples, modality name to [examples, *event_shape].
      seed: seed of all samples.
    """

    path: pathlib.Path
    model: MultimodalVAE
    direction: Direction
    examples: Mapping[str, tf.Tensor]
    seed: int

    def draw(self) -> None:
        """Draws the figure that suits the kinds of the modalities."""
        kinds = [self.model.modalities[name].kind for name in self.direction.given]
        if self._target.kind == "label":
            self._labels_by_image()
        elif self._target.kind == "attributes":
            self._attributes_by_image()
        elif kinds == ["label"]:
            self._images_by_label()
        elif kinds == ["attributes"]:
            self._images_by_attributes()
        else:
            self._images_by_example()

    def _labels_by_image(self) -> None:
        label, given = self._target.name, self.direction.given
        images_and_values.labels_by_image(
            self.path,
            self.examples[self._given_image.name].numpy(),
            self._generated_for_examples(),
            np.argmax(self.examples[label], axis=1),
            names_or_numbers(self._target),
            f"{self._beginning} predicted from test {listed(given)}",
            f"bars: p({label} | z) at the mean of q(z | {', '.join(given)})",
            self._given_image.support,
        )

    def _attributes_by_image(self) -> None:
        images_and_values.attributes_by_image(
            self.path,
            self.examples[self._given_image.name].numpy(),
            self._generated_for_examples(),
            self.examples[self._target.name].numpy(),
            [spaced(name) for name in names_or_numbers(self._target)],
            f"{self._beginning} predicted from test {listed(self.direction.given)}",
            self._target.threshold,
            self._given_image.support,
            observed_values(self.examples, self._target.name),
        )

    def _images_by_label(self) -> None:
        """Draws the average and samples of images of each class."""
        image, [label] = self._target.name, self.direction.given
        names = names_or_numbers(self.model.modalities[label])
        given = {label: tf.eye(len(names))[:_MOST_LABELS]}
        average = self.model.generate(image, given, seed=self.seed)
        samples = self.model.generate(image, given, _ROWS_FROM_LABELS, self.seed)
        shown = names[:_MOST_LABELS]
        image_grids.image_grid(
            self.path,
            np.concatenate([average[np.newaxis], samples]),
            f"{self._beginning} generated from {label}" + _of(len(shown), len(names)),
            shown,
            _names_of_rows(_ROWS_FROM_LABELS),
            _MOST_COLUMNS,
            value_range=self._target.support,
            note=_ROWS,
        )

    def _images_by_attributes(self) -> None:
        """Draws average and random images per attribute, the others at their training means."""
        [attributes] = self.direction.given
        modality = self.model.modalities[attributes]
        base = editing.usual_values(self.model, attributes)
        how = "at their mean" if attributes in self.model.statistics else "half-way"
        shown = modality.value_names[:_MOST_ATTRIBUTES]
        yes = modality.no_and_yes[1]
        asked = [base, *(editing.with_values(modality, base, {name: yes}) for name in shown)]
        image_grids.image_grid(
            self.path,
            editing.averages_and_samples(
                self.model, self._target.name, attributes, asked, _ROWS_FROM_OTHERS, self.seed
            ),
            f"{self._beginning} generated from {attributes}: all {how} (base), then one of "
            f"them at {yes:g}" + _of(len(shown), len(modality.value_names)),
            ["base", *map(spaced, shown)],
            _names_of_rows(_ROWS_FROM_OTHERS),
            _MOST_COLUMNS,
            value_range=self._target.support,
            note=_ROWS,
        )

    def _images_by_example(self) -> None:
        """Draws test images, the given images, and the generated images of each example."""
        image = self._target.name
        examples = {name: x[:_MOST_COLUMNS] for name, x in self.examples.items()}
        given = with_masks(examples, self.direction.given)
        average = self.model.generate(image, given, seed=self.seed)
        samples = self.model.generate(image, given, _ROWS_FROM_OTHERS, self.seed)
        rows = {
            f"given {name}": to_pixels(x.numpy(), self.model.modalities[name].support)
            for name, x in examples.items()
            if name in self.direction.given and self.model.modalities[name].kind == "image"
        }
        rows[f"test {image}"] = to_pixels(examples[image].numpy(), self._target.support)
        generated = np.concatenate([average[np.newaxis], samples])
        words = given_in_words(self.model.modalities, self.direction.given, examples)
        image_grids.image_grid(
            self.path,
            [*rows.values(), *to_pixels(generated, self._target.support)],
            f"{self._beginning} generated from test {listed(self.direction.given)}",
            column_names=words if any(words) else (),
            row_names=[*rows, *_names_of_rows(_ROWS_FROM_OTHERS)],
            note=_ROWS,
        )

    @property
    def _target(self) -> Modality:
        return self.model.modalities[self.direction.target]

    @property
    def _given_image(self) -> Modality:
        """Returns the first given image, next to which values are drawn."""
        given = (self.model.modalities[name] for name in self.direction.given)
        return next(modality for modality in given if modality.kind == "image")

    @property
    def _beginning(self) -> str:
        """The first word of the title, for example "Images"."""
        return capital(self._target.name)

    def _generated_for_examples(self) -> np.ndarray:
        given = with_masks(self.examples, self.direction.given)
        return self.model.generate(self._target.name, given, seed=self.seed).numpy()


def _names_of_rows(num_samples: int) -> list[str]:
    return ["average", *(f"sample {number}" for number in range(1, num_samples + 1))]


def _of(shown: int, number: int) -> str:
    return f" (the first {shown} of {number})" if shown < number else ""
