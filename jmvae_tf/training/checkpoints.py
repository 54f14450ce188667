"""Loads a run's checkpoints, for further training or for use."""

import pathlib
import sys
from typing import Any

import tensorflow as tf

from jmvae_tf.models.adversarial import Adversarial, without_adversary
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.finite_weights import not_finite
from jmvae_tf.models.loading import read_model
from jmvae_tf.models.registry import MODELS
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.precision import computing_in
from jmvae_tf.training import strategies
from jmvae_tf.training.averaged_weights import use_averages
from jmvae_tf.training.build import Trained
from jmvae_tf.training.run_folder import RunFolder

_LONGEST_REASON = 300
"""Most characters of Keras's messages, which repeat whole configurations."""


def load_newest(folder: RunFolder, set_aside: bool = True) -> tuple[Trained | None, int]:
    """Loads the newest readable checkpoint for further training, with its epoch.

    Reports newer ones that are damaged.

    Args:
      folder: the run's folder.
      set_aside: whether to rename damaged checkpoints, so that new ones can take their names.

    Returns:
      The model and its number of trained epochs; None and 0 if there is no checkpoint.

    Raises:
      UserError: if there are checkpoints and all are damaged.
    """
    damaged: dict[pathlib.Path, str] = {}
    for epoch in reversed(folder.checkpoint_epochs()):
        path = folder.checkpoint_of(epoch)
        try:
            model = load_trained(path, folder)
        except strategies.LostWorkerError:
            raise  # The file may be intact.
        except UserError as error:
            damaged[path] = str(error)
            continue
        if set_aside:
            for bad, message in damaged.items():
                print(f"warning: {message}", file=sys.stderr)
                bad.rename(bad.with_suffix(".damaged"))
        return model, epoch
    if damaged:
        raise UserError(
            "A run needs a readable checkpoint to resume",
            ", ".join(map(str, damaged)),
            "train again with --overwrite",
        )
    return None, 0


def load_checkpoint(path: Any, folder: RunFolder) -> MultimodalVAE:
    """Loads the model of a checkpoint for use, in float32; otherwise like `load_trained`.

    Its weights are their averages if the run keeps some. A model trained in a mixed precision is
    not compiled.
    """
    trained = load_trained(path, folder)
    if trained.compiled:
        use_averages(trained)
    model = without_adversary(trained)
    if model.precision == "float32":
        return model
    exact = type(model).from_config({**model.get_config(), "precision": "float32"})
    exact.set_weights(model.get_weights())
    return exact


def load_trained(path: Any, folder: RunFolder) -> Trained:
    """Loads the model of a checkpoint for further training, compiled as it was.

    Args:
      path: path of the file.
      folder: folder of the run that it is used for.

    Raises:
      UserError: if the file is missing or cannot be read, or its architecture or data shapes differ
        from the run's.
    """
    settings = folder.read_settings()
    try:
        # The precision applies to files that do not contain theirs.
        watched = strategies.workers_watched(tf.distribute.get_strategy())
        with watched, computing_in(settings.precision):
            trained = read_model(path)
    except strategies.LostWorkerError:
        raise
    except Exception as error:  # Keras and h5py raise many types for a damaged file.
        first, *_ = str(error)[:_LONGEST_REASON].splitlines() or [type(error).__name__]
        raise UserError(
            "A checkpoint must be an intact .keras file of this version",
            f"{path}: {first}",
            "use another checkpoint",
        ) from error
    model = without_adversary(trained)
    bad = not_finite(model)
    if bad:
        raise UserError(
            "Every weight of a checkpoint must be finite",
            f"{path} with NaN or infinity in {', '.join(bad[:3])}",
            "use another checkpoint",
        )
    row = MODELS[settings.model]
    found = {"model": _name_of(trained), **model.get_config()}
    if isinstance(trained, Adversarial):
        found["discriminator"] = trained.discriminator_network
        found["adversary"] = trained.adversary
    wanted = {name: getattr(settings, name) for name in ("model", *row.architecture)}
    shapes = folder.read_event_shapes()
    if shapes is not None:
        for name, modality in model.modalities.items():
            found[f"shape of {name}"] = modality.event_shape
            wanted[f"shape of {name}"] = shapes.get(name, "unknown")
    different = {name: value for name, value in wanted.items() if found.get(name, value) != value}
    if different:
        raise UserError(
            "A checkpoint must have the run's architecture",
            f"{path}: "
            + ", ".join(f"{name} {found[name]}, not {value}" for name, value in different.items()),
            "use a checkpoint of this run, or name the run that it belongs to with --run",
        )
    return trained


def _name_of(trained: Trained) -> str:
    """Returns a model's name in the registry."""
    is_gan, kind = isinstance(trained, Adversarial), type(without_adversary(trained))
    return next(
        name for name, row in MODELS.items() if row.is_gan == is_gan and row.model_class() is kind
    )
