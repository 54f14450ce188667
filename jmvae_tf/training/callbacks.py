"""Keras callbacks that save, record and report a long run.

Some replace callbacks of Keras; their docstrings say why.
"""

import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

import keras
import tensorflow as tf
from tqdm import tqdm

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
      steps: the number of batches; None for all.
      callbacks: callbacks of the evaluation.
    """

    def __init__(
        self,
        test: tf.data.Dataset | tf.distribute.DistributedDataset,
        steps: int | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> None:
        super().__init__()
        self.test = test
        self.steps = steps
        self.callbacks = list(callbacks)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Evaluates the model."""
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
        self.rows.append({"epoch": epoch + 1, **_split_columns(logs)})
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
        self.rows.append(row | _split_columns(logs))
        self.folder.write_history(self.rows)


class Checkpoints(keras.callbacks.Callback):
    """Saves the newest states of model and optimiser, and the best one on the validation set.

    Keras's `ModelCheckpoint` overwrites a file in place, so a killed process leaves a damaged one.
    It keeps either all files or one, and does not know the best value of a resumed run.

    Args:
      folder: the run's folder.
      every: epochs between checkpoints; the last epoch always gets one.
      every_best: whether every epoch that is the best so far gets one, too.
    """

    def __init__(self, folder: RunFolder, every: int = 1, every_best: bool = False) -> None:
        super().__init__()
        self.folder = folder
        self.every = every
        self.every_best = every_best
        saved = {*folder.checkpoint_epochs(), folder.best_epoch()}
        candidates = [
            (row["validation_bound"], int(row["epoch"]))
            for row in folder.read_history()
            if "validation_bound" in row and int(row["epoch"]) in saved
        ]
        self.best, epoch = max(candidates, default=(-math.inf, 0))
        if folder.checkpoint_of(epoch).exists():
            self._keep_best(epoch)  # The run may have been killed between an epoch's two files.

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Saves a checkpoint if one is due after this epoch."""
        number = epoch + 1
        bound = (logs or {}).get("val_bound", -math.inf)
        is_last = number == self.params["epochs"] or self.model.stop_training
        is_due = is_last or number % self.every == 0 or (self.every_best and bound > self.best)
        if not is_due:
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


class StopAtBatch(keras.callbacks.Callback):
    """Makes SIGINT and SIGTERM interrupt `fit` at the end of a batch, not within one.

    Keras's `model.stop_training` ends a run at the end of an epoch, as if it were complete.

    Raises:
      KeyboardInterrupt: from the hooks, with the number of the signal.
    """

    def __init__(self) -> None:
        super().__init__()
        self.received: int | None = None
        self.previous: dict[int, Any] = {}

    def __enter__(self) -> "StopAtBatch":
        """Installs the handlers of both signals."""
        for signum in (signal.SIGINT, signal.SIGTERM):
            self.previous[signum] = signal.signal(signum, self._receive)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Restores the handlers; a signal that came after the last batch still counts.

        It also counts if TensorFlow failed because other workers had stopped on theirs first.
        """
        for signum, handler in self.previous.items():
            signal.signal(signum, handler)
        failed = kind is not None and not issubclass(kind, tf.errors.OpError)
        if self.received is not None and not failed:
            raise KeyboardInterrupt(self.received)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Stops training if a signal has come."""
        if self.received is not None:
            raise KeyboardInterrupt(self.received)

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Stops here too, since a test set can be large."""
        self.on_train_batch_end(batch)

    def _receive(self, signum: int, frame: FrameType | None) -> None:
        if self.received is not None:  # A second signal stops at once.
            raise KeyboardInterrupt(signum)
        self.received = signum


class Progress(keras.callbacks.Callback):
    """Shows a bar over the whole run on a terminal; elsewhere prints one line per epoch.

    Args:
      initial_epoch: the number of epochs already trained.
    """

    def __init__(self, initial_epoch: int = 0) -> None:
        super().__init__()
        self.initial_epoch = initial_epoch
        self.bar: tqdm | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        """Opens the bar."""
        if sys.stderr.isatty():
            steps = self.params["steps"]
            self.bar = tqdm(
                total=self.params["epochs"] * steps,
                initial=self.initial_epoch * steps,
                unit="batch",
            )

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Starts the epoch's clock."""
        self.start = time.monotonic()
        self.done = -1

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Moves the bar; one call may cover several steps."""
        if self.bar is not None:
            self.bar.update(batch - self.done)
            self.done = batch

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Prints the bounds of the epoch."""
        rows = _split_columns(logs)
        bounds = ", ".join(
            f"{name.removesuffix('_bound')} {value:.3f}"
            for name, value in rows.items()
            if name.endswith("_bound")
        )
        if self.bar is not None:
            self.bar.set_description(f"epoch {epoch + 1}/{self.params['epochs']}", refresh=False)
            self.bar.set_postfix_str(f"bound: {bounds}")
        else:
            print(
                f"epoch {epoch + 1}/{self.params['epochs']}: bound in nats: {bounds} "
                f"({time.monotonic() - self.start:.1f} s)",
                flush=True,
            )

    def close(self) -> None:
        """Closes the bar where it stands, however training ended."""
        if self.bar is not None:
            self.bar.close()


def _split_columns(logs: Logs) -> dict[str, float]:
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
