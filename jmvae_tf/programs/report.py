"""What a run leaves besides its weights: figures of merit, pictures and a SavedModel."""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from jmvae_tf import figures
from jmvae_tf.data import pipelines
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.evaluation.estimate import as_json, as_table
from jmvae_tf.evaluation.evaluate import Examples, Protocol, evaluate, proposals
from jmvae_tf.files import write_json
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.training.run_folder import RunFolder

_ROWS_OF_SAMPLES = 8
_SHOWN = 20


def measure(
    model: MultimodalVAE,
    data: DataSet,
    protocol: Protocol,
    path: pathlib.Path,
    num_examples: int | None = None,
    about: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Prints the model's figures on the test set and writes them to a file.

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
    sections = evaluate(model, Examples(*pipelines.for_evaluation(data, number)), protocol)
    print(f"\n{number} test examples, mean ± standard error\n\n{as_table(sections)}\n", flush=True)
    metrics = {
        "protocol": {**dataclasses.asdict(protocol), "num_examples": number},
        **(about or {}),
        **as_json(sections),
    }
    write_json(path, metrics)
    return metrics


def picture(model: MultimodalVAE, data: DataSet, folder: RunFolder, seed: int) -> None:
    """Draws what the model learned into the run's `figures/`."""
    grey = {
        name: x[:_SHOWN]
        for name, x in pipelines.whole_part(data, "test", binarised=False).items()
        if name in model.modalities
    }
    directions = [direction.name for direction in model.directions]
    if "label_to_image" in directions:
        _images_by_label(model, folder, seed)
    if "image_to_label" in directions:
        figures.labels_by_image(
            folder.figures / "labels_by_image.png",
            grey["image"].numpy(),
            model.generate("label", {"image": grey["image"]}, seed=seed).numpy(),
            model.modalities["label"].value_names,
        )
    if "image" in model.targets:
        reconstructions(model, grey, folder.figures / "reconstructions.png", seed)
        if not model.conditions:
            prior = model.generate("image", num_samples=100, seed=seed).numpy()
            figures.image_grid(
                folder.figures / "prior_samples.png",
                prior.reshape(10, 10, *prior.shape[1:]),
                "Images at z drawn from the prior",
            )
    figures.loss_terms(folder.figures / "loss_terms.png", folder.read_history())


def _images_by_label(model: MultimodalVAE, folder: RunFolder, seed: int) -> None:
    names = model.modalities["label"].value_names
    labels = tf.eye(len(names))
    average = model.generate("image", {"label": labels}, seed=seed)
    samples = model.generate("image", {"label": labels}, _ROWS_OF_SAMPLES, seed)
    figures.image_grid(
        folder.figures / "images_by_label.png",
        np.concatenate([average[np.newaxis], samples]),
        "Images generated from labels",
        names,
        ["average", *[f"sample {row + 1}" for row in range(_ROWS_OF_SAMPLES)]],
    )


def reconstructions(
    model: MultimodalVAE, grey: Mapping[str, tf.Tensor], path: pathlib.Path, seed: int
) -> None:
    """Images and their reconstructions by each encoder (2016 paper, appendix C).

    Args:
      model: a trained model that generates images.
      grey: examples of all its modalities, images grey.
      path: of the PNG file.
      seed: for models whose inference of missing modalities draws samples.
    """
    given = {
        "test": None,
        **{", ".join(names): names for names in proposals(model).values() if "image" in names},
    }
    rows = [
        grey["image"]
        if names is None
        else model.reconstruct({name: grey[name] for name in names}, seed)["image"]
        for names in given.values()
    ]
    figures.image_grid(
        path,
        np.stack(rows),
        "Test images and their reconstructions by encoder",
        row_names=["test", *[f"from {names}" for names in list(given)[1:]]],
    )
