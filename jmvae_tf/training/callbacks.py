"""Keras callbacks that save, record and report a long run.

Some replace callbacks of Keras; their docstrings say why.
"""

import math
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.models.objective_names import value_in
from jmvae_tf.models.term_checks import terms_of
from jmvae_tf.runtime.files import written_atomically
from jmvae_tf.settings import Settings
from jmvae_tf.training.patience import ends
from jmvae_tf.training.run_folder import RunFolder

KEPT_CHECKPOINTS = 2
"""Number of newest checkpoints to keep: one spare, in case the newest is damaged."""

Logs = dict[str, Any] | None


class TermsOnTestSet(keras.callbacks.Callback):
    """Adds the terms on the test set, as `test_<name>`, to the epoch's logs.

    Put it before the callbacks that record them.

    Args:
      test: the batches of the test set.
      is_due: tells whether it is evaluated after an epoch, counted from 1.
      steps: the number of batches; None for all.
      callbacks: callbacks of the evaluation.
    """

    def __init__(
        self,
        test: tf.data.Dataset | tf.distribute.DistributedDataset,
        is_due: Callable[[int], bool],
        steps: int | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> None:
        super().__init__()
        self.test = test
        self.is_due = is_due
        self.steps = steps
        self.callbacks = list(callbacks)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Evaluates the model if it is due."""
        if not self.is_due(epoch + 1):
            return
        terms = self.model.evaluate(
            self.test, steps=self.steps, verbose=0, return_dict=True, callbacks=self.callbacks
        )
        if logs is not None:
            logs.update({f"test_{name}": value for name, value in terms.items()})


class Patience(keras.callbacks.Callback):
    """Ends training when the bound on the validation set has not been better for some epochs.

    Keras's `EarlyStopping` does not know the epochs before a run was resumed. Put this before the
    callbacks that write files.

    Args:
      settings: the run's settings.
      trained: the rows of `history.csv` of the epochs before.
    """

    def __init__(self, settings: Settings, trained: Sequence[Mapping[str, float]]) -> None:
        super().__init__()
        self.settings = settings
        self.rows = list(trained)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Stops training after this epoch if patience is exhausted."""
        self.rows.append({"epoch": epoch + 1, **split_columns(logs)})
        if ends(self.settings, self.rows):
            self.model.stop_training = True


class HistoryFile(keras.callbacks.Callback):
    """Writes one row per epoch to `history.csv`.

    Keras's `CSVLogger` appends, so a killed process leaves an incomplete row. It cannot drop the
    rows of epochs that are trained again, and does not record the test set or the warm-up's weight.

    Args:
      folder: the run's folder; rows of earlier epochs are kept.
    """

    def __init__(self, folder: RunFolder) -> None:
        super().__init__()
        self.folder = folder
        self.rows = folder.read_history()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Adds the epoch's row."""
        row = {"epoch": epoch + 1, "kl_weight": float(self.model.kl_weight.numpy())}
        self.rows.append(row | split_columns(logs))
        self.folder.write_history(self.rows)


class Checkpoints(keras.callbacks.Callback):
    """Saves the newest states of model and optimiser, and the best one on the validation set.

    Keras's `ModelCheckpoint` overwrites a file in place, so a killed process leaves a damaged one.
    It keeps either all files or one, and does not know the best value of a resumed run.

    Args:
      folder: the run's folder.
      is_due: tells whether an epoch, counted from 1, gets a checkpoint; the last one always does.
      every_best: whether every epoch that is the best so far gets one, too.
    """

    def __init__(
        self,
        folder: RunFolder,
        is_due: Callable[[int], bool] = lambda epoch: True,
        every_best: bool = False,
    ) -> None:
        super().__init__()
        self.folder = folder
        self.is_due = is_due
        self.every_best = every_best
        saved = {*folder.checkpoint_epochs(), folder.best_epoch()}
        rows = [x for x in folder.read_history() if x.get("epoch") in saved]
        values = [(value_in(x, "validation_"), int(x["epoch"])) for x in rows]
        candidates = [(value, epoch) for value, epoch in values if value is not None]
        self.best, epoch = max(candidates, default=(-math.inf, 0))
        if folder.checkpoint_of(epoch).exists():
            self._keep_best(epoch)  # The run may have been killed between an epoch's two files.

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Saves a checkpoint if one is due after this epoch."""
        number = epoch + 1
        value = value_in(logs or {}, "val_")
        bound = -math.inf if value is None else value
        is_last = number == self.params["epochs"] or self.model.stop_training
        is_new_best = self.every_best and bound > self.best
        if not (is_last or is_new_best or self.is_due(number)):
            return
        with written_atomically(self.folder.checkpoint_of(number)) as temporary:
            self.model.save(temporary)
        if bound > self.best:
            self.best = bound
            self._keep_best(number)
        for old in self.folder.checkpoint_epochs()[:-KEPT_CHECKPOINTS]:
            self.folder.checkpoint_of(old).unlink()

    def _keep_best(self, epoch: int) -> None:
        path = self.folder.checkpoint_of(epoch)
        with written_atomically(self.folder.best_checkpoint) as temporary:
            try:
                os.link(path, temporary)
            except OSError:  # The file system has no hard links.
                shutil.copyfile(path, temporary)
        self.folder.write_best_epoch(epoch)


def split_columns(logs: Logs) -> dict[str, float]:
    """Renames Keras's logs for the history: `train_`, `validation_` and `test_` before a term."""
    columns: dict[str, dict[str, float]] = {"train_": {}, "validation_": {}, "test_": {}}
    for name, value in terms_of(logs).items():
        if name.startswith("val_"):
            columns["validation_"][name.removeprefix("val_")] = value
        elif name.startswith("test_"):
            columns["test_"][name.removeprefix("test_")] = value
        else:
            columns["train_"][name] = value
    return {
        prefix + name: value for prefix, terms in columns.items() for name, value in terms.items()
    }
