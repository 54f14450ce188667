"""A run of training, from settings and data to a trained model and its run folder."""

import contextlib
import dataclasses
import pathlib
import sys
from typing import Any

import keras
import tensorflow as tf

from jmvae_tf import data as data_sets
from jmvae_tf.data import pipelines
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.models.adversarial import Adversarial, without_adversary
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.loading import MODELS, load_model, not_finite
from jmvae_tf.presets import Settings, data_options, gan_of, is_gan, without_gan
from jmvae_tf.runtime import replicas
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.precision import computing_in
from jmvae_tf.training import strategies
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

_LONGEST_REASON = 300
"""Characters of Keras's messages, which repeat whole configurations."""

_PROFILED = (3, 5)
"""First and last step that a profile shows: the first one compiles."""


def make_model(settings: Settings, data: DataSet) -> Trained:
    """A new, compiled model; the seed determines its initial weights.

    Under a strategy's scope it is made for that strategy.

    Raises:
      UserError: if the settings do not make a model, a batch is larger than the training set, or
        the replicas cannot share it equally.
    """
    with computing_in(settings.precision):
        return _make_model(settings, data)


def _make_model(settings: Settings, data: DataSet) -> Trained:
    pipelines.check_shared(data, settings.batch_size, replicas.count())
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
        with strategies.workers_watched(tf.distribute.get_strategy()):
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
    model.compile(**_optimizers(settings), **_execution(settings, data))
    return model


def _execution(settings: Settings, data: DataSet) -> dict[str, Any]:
    """The arguments of `compile` that change nothing but speed."""
    if replicas.count() > 1:
        # Neither does XLA compile the reduction over replicas, nor does Keras loop over it.
        return {"jit_compile": False, "steps_per_execution": 1}
    steps = pipelines.steps_per_epoch(data, settings.batch_size)
    # An execution must not run past the end of an epoch.
    most = min(steps, settings.steps_per_execution)
    divisors = (x for x in range(1, most + 1) if steps % x == 0)
    return {"jit_compile": settings.jit_compile, "steps_per_execution": max(divisors)}


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


def load_newest(folder: RunFolder, set_aside: bool = True) -> tuple[Trained | None, int]:
    """The newest checkpoint that can be read, to be trained further, and its epoch.

    Damaged ones that are newer are named.

    Args:
      folder: of the run.
      set_aside: whether those that are damaged are renamed, out of the way of those to come.

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
        except strategies.LostWorkerError:
            raise  # It says nothing about the file.
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
            "A run goes on from a checkpoint that can be read",
            ", ".join(map(str, damaged)),
            "train again with --overwrite",
        )
    return None, 0


def load_checkpoint(path: Any, settings: Settings) -> MultimodalVAE:
    """The model of a checkpoint to be used, which computes in float32; otherwise as `load_trained`.

    What was trained in a mixed precision is not compiled.
    """
    model = without_adversary(load_trained(path, settings))
    if model.precision == "float32":
        return model
    exact = type(model).from_config({**model.get_config(), "precision": "float32"})
    exact.set_weights(model.get_weights())
    return exact


def load_trained(path: Any, settings: Settings) -> Trained:
    """The model of a checkpoint to be trained further, compiled as it was.

    Args:
      path: of the file.
      settings: of the run that it is used for.

    Raises:
      UserError: if the file is not there, cannot be read, or is of another architecture than the
        run.
    """
    try:
        # The precision is for files that do not say theirs.
        watched = strategies.workers_watched(tf.distribute.get_strategy())
        with watched, computing_in(settings.precision):
            trained = load_model(path)
    except strategies.LostWorkerError:
        raise
    except Exception as error:  # Keras and h5py raise many kinds for a damaged file.
        first, *_ = str(error)[:_LONGEST_REASON].splitlines() or [type(error).__name__]
        raise UserError(
            "A checkpoint must be a whole .keras file of this version",
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


def check_profile(settings: Settings, data: DataSet, first_epoch: int) -> None:
    """Raises UserError if there are too few steps left for a profile."""
    steps = pipelines.steps_per_epoch(data, settings.batch_size)
    left = steps * max(0, settings.epochs - first_epoch)
    if 0 < left < _PROFILED[1]:
        raise UserError(
            f"A profile shows steps {_PROFILED[0]} to {_PROFILED[1]} of a training",
            f"{left} steps, --epochs={settings.epochs}",
            "train for more epochs, or leave --profile out",
        )


def train(
    model: Trained,
    settings: Settings,
    data: DataSet,
    folder: RunFolder,
    first_epoch: int = 0,
    profile: bool = False,
) -> None:
    """Trains a model until `settings.epochs`.

    Of several workers all must call this, each with its own model; only the chief writes.

    Args:
      model: new from `make_model`, or as `load_newest` found it.
      settings: those of the folder's config.json.
      data: what to train on.
      folder: of the run.
      first_epoch: how many epochs the model has seen.
      profile: whether a trace of some steps goes to the folder's logs, for TensorBoard.

    Raises:
      UserError: if a term of the objective is no longer finite, another worker was lost, or there
        are too few steps for a profile.
      KeyboardInterrupt: if a signal stopped the run, at the end of a batch.
    """
    if first_epoch >= settings.epochs:
        return
    strategy = model.distribute_strategy
    steps = pipelines.steps_per_epoch(data, settings.batch_size)
    execution = _execution(settings, data)
    if profile:
        check_profile(settings, data, first_epoch)
        execution["steps_per_execution"] = 1  # Each is one step to TensorBoard.
    with strategy.scope():
        for name, value in execution.items():
            setattr(model, name, value)  # It may have been saved by another number of replicas.
    chief = strategies.is_chief(strategy)
    if chief:
        folder.write_history(folder.read_history()[:first_epoch])

    def remedy() -> str:
        newest = folder.newest_checkpoint()
        last = f"the last good checkpoint is {newest}" if newest else "there is no checkpoint yet"
        return f"{last}; check the data, or train anew with a lower --learning_rate"

    def evaluation(part: str) -> strategies.Batches:
        return strategies.distributed(
            strategy, lambda shares: pipelines.evaluation_batches(data, part, shares=shares)
        )

    def steps_of(part: str) -> int:
        number = strategy.num_replicas_in_sync
        return pipelines.evaluation_steps(data, part, replicas=number)

    progress = Progress(first_epoch)
    stop = StopAtBatch()
    callbacks = [
        KLWarmUp(settings.warmup_epochs),
        TermsOnTestSet(evaluation("test"), steps_of("test")),
        FiniteTerms(remedy),
    ]
    if chief:
        callbacks += [
            HistoryFile(folder),
            keras.callbacks.TensorBoard(
                folder.logs, write_graph=False, profile_batch=_PROFILED if profile else 0
            ),
            Checkpoints(folder, settings.checkpoint_every),
            progress,  # Last: it says what is written.
        ]
    validates = data.num_examples("validation") > 0
    with strategies.workers_watched(strategy), stop, contextlib.closing(progress):
        model.fit(
            strategies.distributed(
                strategy,
                lambda shares: pipelines.training_batches(
                    data,
                    settings.batch_size,
                    settings.seed,
                    first_epoch,
                    bool(settings.flips),
                    shares,
                ),
            ),
            epochs=settings.epochs,
            initial_epoch=first_epoch,
            steps_per_epoch=steps,
            validation_data=evaluation("validation") if validates else None,
            validation_steps=steps_of("validation") if validates else None,
            verbose=0,
            callbacks=[*callbacks, stop],
        )
