"""Draw what a model has learned, into the folder of its run."""

import numpy as np
import tensorflow as tf

from jmvae_tf.data import pipelines
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.evaluation.subject import proposals
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.models import editing
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.reporting.figures import curves, image_grids, images_and_values
from jmvae_tf.training.run_folder import RunFolder

_ROWS_OF_SAMPLES = 8  # Of labels.
_ROWS_OF_ATTRIBUTES = 3
_MOST_COLUMNS = 14
_MOST_LABELS = 20  # Columns of a picture; of more classes the first.
_MOST_ATTRIBUTES = 40  # The same, as many as CelebA has.
_SHOWN = 20


def draw_figures(model: MultimodalVAE, data: DataSet, folder: RunFolder, seed: int) -> None:
    """Draws what the model learned into the run's `figures/`."""
    grey = _shown(data)
    directions = [direction.name for direction in model.directions]
    if "label_to_image" in directions:
        _images_by_label(model, folder, seed)
    if "image_to_label" in directions:
        images_and_values.labels_by_image(
            folder.figures / "labels_by_image.png",
            grey["image"].numpy(),
            model.generate("label", {"image": grey["image"]}, seed=seed).numpy(),
            names_or_numbers(model.modalities["label"]),
            model.modalities["image"].support,
        )
    if "attributes_to_image" in directions:
        _images_by_attributes(model, folder, seed)
    if "image_to_attributes" in directions:
        images_and_values.attributes_by_image(
            folder.figures / "attributes_by_image.png",
            grey["image"].numpy(),
            model.generate("attributes", {"image": grey["image"]}, seed=seed).numpy(),
            grey["attributes"].numpy(),
            model.modalities["attributes"].value_names,
            model.modalities["attributes"].threshold,
            model.modalities["image"].support,
        )
    draw_reconstructions(model, data, folder, seed)
    if "image" in model.targets and not model.conditions:
        prior = model.generate("image", num_samples=100, seed=seed).numpy()
        image_grids.image_grid(
            folder.figures / "prior_samples.png",
            prior.reshape(10, 10, *prior.shape[1:]),
            "Images at z drawn from the prior",
            value_range=model.modalities["image"].support,
        )
    if history := folder.read_history():  # It may have been deleted.
        curves.loss_terms(folder.figures / "loss_terms.png", history)


def _images_by_label(model: MultimodalVAE, folder: RunFolder, seed: int) -> None:
    names = names_or_numbers(model.modalities["label"])
    labels = tf.eye(len(names))[:_MOST_LABELS]
    average = model.generate("image", {"label": labels}, seed=seed)
    samples = model.generate("image", {"label": labels}, _ROWS_OF_SAMPLES, seed)
    image_grids.image_grid(
        folder.figures / "images_by_label.png",
        np.concatenate([average[np.newaxis], samples]),
        "Images generated from labels" + _of(len(labels), len(names)),
        names[: len(labels)],
        ["average", *[f"sample {row + 1}" for row in range(_ROWS_OF_SAMPLES)]],
        value_range=model.modalities["image"].support,
    )


def _images_by_attributes(model: MultimodalVAE, folder: RunFolder, seed: int) -> None:
    """Average and random images of each attribute in turn, the others at their training means."""
    attributes = model.modalities["attributes"]
    if "attributes" in model.statistics:
        base, how = model.statistics["attributes"].mean.numpy(), "at their mean"
    else:
        base, how = np.full(attributes.event_shape, attributes.threshold), "half-way"
    names = attributes.value_names[:_MOST_ATTRIBUTES]
    yes = attributes.no_and_yes[1]
    asked = [base, *(editing.with_values(attributes, base, {name: yes}) for name in names)]
    image_grids.image_grid(
        folder.figures / "images_by_attributes.png",
        editing.averages_and_samples(
            model, "image", "attributes", asked, _ROWS_OF_ATTRIBUTES, seed
        ),
        f"Images generated from attributes: all {how} (base), then one of them at {yes:g}"
        + _of(len(names), len(attributes.value_names)),
        ["base", *names],
        ["average", *[f"sample {row + 1}" for row in range(_ROWS_OF_ATTRIBUTES)]],
        _MOST_COLUMNS,
        value_range=model.modalities["image"].support,
    )


def draw_reconstructions(model: MultimodalVAE, data: DataSet, folder: RunFolder, seed: int) -> None:
    """Draws test images and their reconstructions by each encoder (2016 paper, appendix C).

    Nothing is drawn for a model that generates no images.
    """
    if "image" not in model.targets:
        return
    grey = _shown(data)
    encoders = [given for given in proposals(model).values() if "image" in given]
    rows = [
        model.reconstruct({name: grey[name] for name in given}, seed)["image"] for given in encoders
    ]
    image_grids.image_grid(
        folder.figures / "reconstructions.png",
        np.stack([grey["image"], *rows]),
        "Test images and their reconstructions by encoder",
        row_names=["test", *[f"from {', '.join(given)}" for given in encoders]],
        value_range=model.modalities["image"].support,
    )


def _of(shown: int, number: int) -> str:
    return f" (the first {shown} of {number})" if shown < number else ""


def _shown(data: DataSet) -> dict[str, tf.Tensor]:
    """The first test examples, grey."""
    return pipelines.whole_part(data, "test", binarised=False, number=_SHOWN)
