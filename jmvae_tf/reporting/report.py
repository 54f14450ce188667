"""What a run leaves besides its weights: figures of merit, pictures and a SavedModel."""

import dataclasses
import pathlib
import shlex
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from jmvae_tf.data import pipelines
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.evaluation.evaluate import EvaluationData, Protocol, evaluate, proposals
from jmvae_tf.evaluation.metrics_table import metrics_as_json, metrics_as_text
from jmvae_tf.export.permissions import tell_if_private
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.interface.value_names import names_or_numbers
from jmvae_tf.models import editing
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.presets import Settings
from jmvae_tf.reporting import figures
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json, write_json
from jmvae_tf.training.run_folder import RunFolder
from jmvae_tf.training.train import load_checkpoint

_ROWS_OF_SAMPLES = 8  # Of labels.
_ROWS_OF_ATTRIBUTES = 3
_MOST_COLUMNS = 14
_MOST_LABELS = 20  # Columns of a picture; of more classes the first.
_MOST_ATTRIBUTES = 40  # The same, as many as CelebA has.
_SHOWN = 20


def measure(
    model: MultimodalVAE,
    data: DataSet,
    protocol: Protocol,
    path: pathlib.Path,
    num_examples: int | None = None,
    about: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Writes the model's figures on the test set to a file and prints them.

    Args:
      model: a trained model.
      data: what it was trained on.
      protocol: how many samples are drawn.
      path: of the JSON file.
      num_examples: how many test examples, from the first; all if there are no more.
      about: what else the file is to say.

    Returns:
      What the file holds.
    """
    number = min(num_examples or data.num_examples("test"), data.num_examples("test"))
    sections = evaluate(
        model, EvaluationData(*pipelines.for_evaluation(data, number), data.redraw), protocol
    )
    metrics = {
        "protocol": {**dataclasses.asdict(protocol), "num_examples": number},
        **(about or {}),
        **metrics_as_json(sections),
    }
    write_json(path, metrics)
    print(
        f"\n{number} test examples, mean ± standard error\n\n{metrics_as_text(sections)}\n",
        flush=True,
    )
    return metrics


def finish(
    folder: RunFolder,
    settings: Settings,
    data: DataSet,
    export_dir: pathlib.Path,
    keep_versions: int | None = None,
) -> pathlib.Path:
    """Exports, measures and pictures what a run saved last, in float32 and on one device.

    The export comes first, so that nothing that fails afterwards loses it.

    Args:
      folder: of the run.
      settings: of the run.
      data: what it was trained on.
      export_dir: where the versions of the SavedModel lie.
      keep_versions: how many of the newest stay; None for all.

    Returns:
      The new version's folder.

    Raises:
      UserError: if the model cannot be measured or pictured.
    """
    last = folder.checkpoint_of(settings.epochs)
    model = load_checkpoint(last, settings)
    exported = export_saved_model(model, export_dir, keep_versions)
    tell_if_private(exported)
    # Importance weights take minutes; bin/evaluate has them.
    protocol = Protocol(num_importance_samples=0, seed=settings.seed)
    about = {"checkpoint": last.name}
    try:
        if not is_evaluated(folder, last.name):
            measure(model, data, protocol, folder.metrics_file, about=about)
        picture(model, data, folder, settings.seed)
    except Exception as error:  # Whatever it is, hours of training must not seem lost.
        raise UserError(
            "The trained model could not be measured and pictured",
            f"{type(error).__name__}: {error}",
            f"the run {folder.path} and the SavedModel {exported} are whole; mend the cause, then "
            f"measure with bin/evaluate --run={shlex.quote(str(folder.path))}",
        ) from error
    return exported


def is_evaluated(folder: RunFolder, checkpoint: str) -> bool:
    """Whether bin/evaluate has written the figures of a checkpoint: more than training writes."""
    try:
        metrics = read_json(folder.metrics_file)
    except (OSError, ValueError):
        return False
    protocol = metrics.get("protocol")
    number = protocol.get("num_importance_samples") if isinstance(protocol, dict) else None
    return metrics.get("checkpoint") == checkpoint and isinstance(number, int) and number > 0


def picture(model: MultimodalVAE, data: DataSet, folder: RunFolder, seed: int) -> None:
    """Draws what the model learned into the run's `figures/`."""
    grey = _shown(data)
    directions = [direction.name for direction in model.directions]
    if "label_to_image" in directions:
        _images_by_label(model, folder, seed)
    if "image_to_label" in directions:
        figures.labels_by_image(
            folder.figures / "labels_by_image.png",
            grey["image"].numpy(),
            model.generate("label", {"image": grey["image"]}, seed=seed).numpy(),
            names_or_numbers(model.modalities["label"]),
            model.modalities["image"].support,
        )
    if "attributes_to_image" in directions:
        _images_by_attributes(model, folder, seed)
    if "image_to_attributes" in directions:
        figures.attributes_by_image(
            folder.figures / "attributes_by_image.png",
            grey["image"].numpy(),
            model.generate("attributes", {"image": grey["image"]}, seed=seed).numpy(),
            grey["attributes"].numpy(),
            model.modalities["attributes"].value_names,
            model.modalities["attributes"].threshold,
            model.modalities["image"].support,
        )
    reconstructions(model, data, folder, seed)
    if "image" in model.targets and not model.conditions:
        prior = model.generate("image", num_samples=100, seed=seed).numpy()
        figures.image_grid(
            folder.figures / "prior_samples.png",
            prior.reshape(10, 10, *prior.shape[1:]),
            "Images at z drawn from the prior",
            value_range=model.modalities["image"].support,
        )
    if history := folder.read_history():  # It may have been deleted.
        figures.loss_terms(folder.figures / "loss_terms.png", history)


def _images_by_label(model: MultimodalVAE, folder: RunFolder, seed: int) -> None:
    names = names_or_numbers(model.modalities["label"])
    labels = tf.eye(len(names))[:_MOST_LABELS]
    average = model.generate("image", {"label": labels}, seed=seed)
    samples = model.generate("image", {"label": labels}, _ROWS_OF_SAMPLES, seed)
    figures.image_grid(
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
    figures.image_grid(
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


def reconstructions(model: MultimodalVAE, data: DataSet, folder: RunFolder, seed: int) -> None:
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
    figures.image_grid(
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
