"""Trains a new or loaded model to the end of its last epoch."""

import contextlib
import functools
import sys

import keras

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.models.term_checks import FiniteTerms
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.settings import Settings
from jmvae_tf.training import patience, strategies
from jmvae_tf.training.averaged_weights import AveragesInTests
from jmvae_tf.training.build import Trained, execution_of, feed_of
from jmvae_tf.training.callbacks import (
    Checkpoints,
    HistoryFile,
    Patience,
    TermsOnTestSet,
)
from jmvae_tf.training.discriminator_watch import DiscriminatorWatch, note_on_discriminator
from jmvae_tf.training.due_epochs import has_checkpoint, has_evaluation
from jmvae_tf.training.progress import Progress
from jmvae_tf.training.run_folder import RunFolder
from jmvae_tf.training.schedules import schedules_of
from jmvae_tf.training.stop_on_signal import StopOnSignal

_PROFILED = (3, 5)
"""The first and the last step in a profile; step 1 compiles."""


def check_profile(settings: Settings, data: DataSet, first_epoch: int) -> None:
    """Raises UserError if too few steps are left for a profile."""
    steps = data.num_examples("train") // settings.batch_size
    left = steps * max(0, settings.epochs - first_epoch)
    if 0 < left < _PROFILED[1]:
        raise UserError(
            f"A profile shows steps {_PROFILED[0]} to {_PROFILED[1]} of a training",
            f"{left} steps, --epochs={settings.epochs}",
            "train for more epochs, or leave --profile out",
        )


def check_patience(settings: Settings, data: DataSet) -> None:
    """Raises UserError if there are no examples to measure the bound that patience watches."""
    if settings.patience and not data.num_examples("validation"):
        raise UserError(
            "--patience watches the bound on a validation set",
            f"--patience={settings.patience} and no validation examples",
            "choose another --split, or leave --patience out",
        )


def train(
    model: Trained,
    settings: Settings,
    data: DataSet,
    folder: RunFolder,
    first_epoch: int = 0,
    profile: bool = False,
) -> None:
    """Trains a model until `settings.epochs`, or until `settings.patience` is exhausted.

    If there are several workers, all must call it, each with its own model. Only the chief writes
    files.

    Args:
      model: a new model from `make_model`, or one that `load_newest` loaded.
      settings: the settings in the folder's config.json.
      data: the data to train on.
      folder: the run's folder.
      first_epoch: the number of epochs already trained.
      profile: whether to write a trace of some steps to the folder's logs, for TensorBoard.

    Raises:
      UserError: if a term of the objective is no longer finite, another worker was lost, or there
        are too few steps for a profile.
      KeyboardInterrupt: if a signal stopped the run; see `StopOnSignal`.
    """
    check_patience(settings, data)
    trained = folder.read_history()[:first_epoch]
    if first_epoch >= settings.epochs or patience.ends(settings, trained):
        return
    strategy = model.distribute_strategy
    feed = feed_of(settings, data, strategy.num_replicas_in_sync)
    note = note_on_discriminator(settings, feed.steps_per_epoch)
    if note:
        print(note, file=sys.stderr)
    execution = execution_of(settings, feed)
    if profile:
        check_profile(settings, data, first_epoch)
        execution["steps_per_execution"] = 1  # TensorBoard counts an execution as one step.
    with strategy.scope():
        for name, value in execution.items():
            setattr(model, name, value)  # It may have been saved with another number of replicas.
    chief = strategies.is_chief(strategy)
    if chief:
        folder.write_history(trained)

    def remedy() -> str:
        newest = folder.newest_checkpoint()
        last = f"the last good checkpoint is {newest}" if newest else "there is no checkpoint yet"
        rates = "--learning_rate"
        if settings.adversary is not None:
            rates += ", --discriminator_learning_rate or --adversarial_weight"
        return f"{last}; check the data, or train again with a lower {rates}"

    def evaluation(part: str) -> strategies.Batches:
        return strategies.distributed(
            strategy, lambda shares: feed.evaluation_batches(part, shares=shares)
        )

    evaluated = functools.partial(has_evaluation, settings)
    saved = functools.partial(has_checkpoint, settings)
    progress = Progress(first_epoch)
    stop = StopOnSignal()
    averages = [AveragesInTests()] if settings.ema_momentum else []
    callbacks = [
        stop,
        *schedules_of(settings),
        *averages,
        TermsOnTestSet(
            evaluation("test"), evaluated, feed.evaluation_steps("test"), [stop, *averages]
        ),
        FiniteTerms(remedy),
        *([Patience(settings, trained)] if settings.patience else []),
    ]
    if chief:
        callbacks += [
            DiscriminatorWatch(),
            HistoryFile(folder),
            keras.callbacks.TensorBoard(
                folder.logs, write_graph=False, profile_batch=_PROFILED if profile else 0
            ),
            Checkpoints(folder, saved, every_best=settings.patience > 0),
            progress,  # Last, since it reports what the others have written.
        ]
    validates = data.num_examples("validation") > 0
    with strategies.workers_watched(strategy), stop, contextlib.closing(progress):
        model.fit(
            strategies.distributed(
                strategy,
                lambda shares: feed.training_batches(first_epoch, shares),
            ),
            epochs=settings.epochs,
            initial_epoch=first_epoch,
            steps_per_epoch=feed.steps_per_epoch,
            validation_data=evaluation("validation") if validates else None,
            validation_steps=feed.evaluation_steps("validation") if validates else None,
            validation_freq=list(filter(evaluated, range(1, settings.epochs + 1))),
            verbose=0,
            callbacks=callbacks,
        )
