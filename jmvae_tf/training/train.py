"""A run of training, from settings and data to a trained model and its run folder."""

import contextlib
import dataclasses
import pathlib
import sys
import zipfile
from typing import Any

import keras
import tensorflow as tf

from jmvae_tf import data as data_sets
from jmvae_tf.data import pipelines
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.errors import UserError
from jmvae_tf.models.adversarial import Adversarial, without_adversary
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.loading import MODELS, load_model
from jmvae_tf.presets import Settings, data_options, gan_of, is_gan, without_gan
from jmvae_tf.training.callbacks import (
    Checkpoints,
    FiniteTerms,
    HistoryFile,
    KLWarmUp,
    Progress,
    StopAtBatch,
    TermsOnTestSet,
)
from jmvae_tf.training.run_folder import RunFolder

# The settings that make a model's networks, and all that its constructor takes.
_ARCHITECTURE = (
    "target",
    "latent_dim",
    "joint_encoder",
    "encoders",
    "decoders",
    "num_layers",
    "layer_encoder",
    "layer_prior",
)
_ARGUMENTS = (
    *_ARCHITECTURE,
    "alpha",
    "anneal_alpha",
    "missing",
    "num_rounds",
    "feed_back",
    "seed",
)


Trained = MultimodalVAE | Adversarial
"""What is trained: a model, or one against a discriminator."""

_IMAGE = "image"
"""The modality that discriminators judge."""

_ADVERSARIAL_BETA_1 = 0.5
"""Of all Adams where there is a discriminator (the authors' code)."""


def make_model(settings: Settings, data: DataSet) -> Trained:
    """A new, compiled model; the seed determines its initial weights.

    Raises:
      UserError: if the settings do not make a model, or a batch is larger than the training set.
    """
    keras.utils.set_random_seed(settings.seed)
    arguments = {name: getattr(settings, name) for name in _ARGUMENTS}
    arguments = {name: value for name, value in arguments.items() if value is not None}
    modalities = {
        name: dataclasses.replace(
            modality, likelihood_weight=settings.likelihood_weights.get(name, 1.0)
        )
        for name, modality in data.modalities.items()
    }
    kind = without_gan(settings.model)
    if kind == "vae":  # The one model that knows of one modality only.
        target = arguments.pop("target")
        modalities = {target: modalities[target]}
    try:
        model: Trained = MODELS[kind](modalities, **arguments)
        if model.statistics:
            model.adapt(pipelines.in_order(data, "train"))
        if is_gan(settings.model):
            model = Adversarial(
                model,
                _IMAGE,
                **{
                    name: getattr(settings, name)
                    for name in ("discriminator", "adversarial_weight")
                },
            )
    except (ValueError, OverflowError, MemoryError, tf.errors.OpError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError("The settings must make a model", reason, "change them") from error
    steps = pipelines.steps_per_epoch(data, settings.batch_size)
    model.compile(
        **_optimizers(settings),
        jit_compile=settings.jit_compile,
        # An execution must not run past the end of an epoch.
        steps_per_execution=max(
            number for number in range(1, settings.steps_per_execution + 1) if steps % number == 0
        ),
    )
    return model


def _optimizers(settings: Settings) -> dict[str, keras.optimizers.Optimizer]:
    """The arguments of `compile`."""
    if not is_gan(settings.model):
        return {"optimizer": keras.optimizers.Adam(settings.learning_rate)}
    rates = {
        "optimizer": settings.learning_rate,
        "decoder_optimizer": settings.learning_rate,
        "discriminator_optimizer": settings.discriminator_learning_rate,
    }
    return {
        name: keras.optimizers.Adam(rate, beta_1=_ADVERSARIAL_BETA_1)
        for name, rate in rates.items()
    }


def load_newest(folder: RunFolder) -> tuple[Trained | None, int]:
    """The newest checkpoint that can be read, and its epoch.

    Damaged ones that are newer are named and set aside, out of the way of those to come.

    Returns:
      The model and the number of epochs it has seen; None and 0 if there is no checkpoint.

    Raises:
      UserError: if there are checkpoints and all are damaged.
    """
    settings = folder.read_settings()
    damaged: dict[pathlib.Path, str] = {}
    for epoch in reversed(folder.checkpoint_epochs()):
        path = folder.checkpoint_of(epoch)
        try:
            model = load_trained(path, settings)
        except UserError as error:
            damaged[path] = str(error)
            continue
        for bad, message in damaged.items():
            print(f"warning: {message}", file=sys.stderr)
            bad.rename(bad.with_suffix(".damaged"))
        return model, epoch
    if damaged:
        raise UserError(
            "A run goes on from a checkpoint that can be read",
            ", ".join(map(str, damaged)),
            "train again with --overwrite",
        )
    return None, 0


def load_checkpoint(path: Any, settings: Settings) -> MultimodalVAE:
    """The model of a checkpoint to be used, as `load_trained`."""
    return without_adversary(load_trained(path, settings))


def load_trained(path: Any, settings: Settings) -> Trained:
    """The model of a checkpoint to be trained further, compiled as it was.

    Args:
      path: of the file.
      settings: of the run that it is used for.

    Raises:
      UserError: if the file is not there, cannot be read, or is of another architecture than the
        run.
    """
    if not zipfile.is_zipfile(path):  # Keras would say that there is no file.
        raise UserError(
            "A checkpoint must be a whole .keras file",
            f"{path}: not there, or damaged",
            "use another checkpoint",
        )
    try:
        trained = load_model(path)
    except Exception as error:  # Keras, h5py and zipfile raise many kinds for a damaged file.
        raise UserError(
            "A checkpoint must be a whole .keras file of this version",
            f"{path}: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
            "use another checkpoint",
        ) from error
    model = without_adversary(trained)
    found = {"model": _name_of(trained), **model.get_config()}
    if isinstance(trained, Adversarial):
        found["discriminator"] = trained.discriminator_network
    wanted = {name: getattr(settings, name) for name in ("model", "discriminator", *_ARCHITECTURE)}
    expected = data_sets.modalities(settings.data, data_options(settings))
    for name, modality in model.modalities.items():
        found[name] = modality.event_shape
        wanted[name] = expected[name].event_shape if name in expected else "unknown"
    different = {
        name: value
        for name, value in wanted.items()
        if value is not None and found.get(name, value) != value
    }
    if different:
        raise UserError(
            "A checkpoint must be of the run's architecture",
            f"{path}: "
            + ", ".join(f"{name} {found[name]}, not {value}" for name, value in different.items()),
            "use a checkpoint of this run, or name the run that it belongs to with --run",
        )
    return trained


def _name_of(trained: Trained) -> str:
    model = without_adversary(trained)
    name = next(name for name, kind in MODELS.items() if type(model) is kind)
    return name if model is trained else gan_of(name)


def train(
    model: Trained, settings: Settings, data: DataSet, folder: RunFolder, first_epoch: int = 0
) -> None:
    """Trains a model until `settings.epochs`.

    Args:
      model: new from `make_model`, or as `load_newest` found it.
      settings: those of the folder's config.json.
      data: what to train on.
      folder: of the run.
      first_epoch: how many epochs the model has seen.

    Raises:
      UserError: if a term of the objective is no longer finite.
      KeyboardInterrupt: if a signal stopped the run, at the end of a batch.
    """
    if first_epoch >= settings.epochs:
        return
    folder.write_history(folder.read_history()[:first_epoch])

    def remedy() -> str:
        newest = folder.newest_checkpoint()
        last = f"the last good checkpoint is {newest}" if newest else "there is no checkpoint yet"
        return f"{last}; check the data, or train anew with a lower --learning_rate"

    progress = Progress(first_epoch)
    with StopAtBatch() as stop, contextlib.closing(progress):
        model.fit(
            pipelines.training_batches(
                data, settings.batch_size, settings.seed, first_epoch, bool(settings.flips)
            ),
            epochs=settings.epochs,
            initial_epoch=first_epoch,
            steps_per_epoch=pipelines.steps_per_epoch(data, settings.batch_size),
            validation_data=pipelines.evaluation_batches(data, "validation")
            if data.num_examples("validation")
            else None,
            verbose=0,
            callbacks=[
                KLWarmUp(settings.warmup_epochs),
                TermsOnTestSet(pipelines.evaluation_batches(data, "test")),
                FiniteTerms(remedy),
                HistoryFile(folder),
                keras.callbacks.TensorBoard(folder.logs, write_graph=False),
                progress,
                Checkpoints(folder, settings.checkpoint_every),
                stop,
            ],
        )
