"""Keras callbacks that keep a long run safe, recorded and watched.

Some stand beside callbacks of Keras, for a reason that their first lines say.
"""

import math
import os
import shutil
import signal
import sys
import time
from types import FrameType
from typing import Any

import keras
import tensorflow as tf
from tqdm import tqdm

from jmvae_tf.models.term_checks import terms_of
from jmvae_tf.runtime.files import written_atomically
from jmvae_tf.training.run_folder import RunFolder

KEPT_CHECKPOINTS = 2
"""How many of the newest checkpoints stay: one more than is needed, should the newest be bad."""

Logs = dict[str, Any] | None


class TermsOnTestSet(keras.callbacks.Callback):
    """Adds the terms on the test set, as `test_<name>`, to the epoch's logs.

    It stands before the callbacks that record them.

    Args:
      test: batches of the test set.
      steps: how many; None for all that there are.
    """

    def __init__(
        self, test: tf.data.Dataset | tf.distribute.DistributedDataset, steps: int | None = None
    ) -> None:
        super().__init__()
        self.test = test
        self.steps = steps

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Evaluates the model."""
        terms = self.model.evaluate(self.test, steps=self.steps, verbose=0, return_dict=True)
        if logs is not None:
            logs.update({f"test_{name}": value for name, value in terms.items()})


class HistoryFile(keras.callbacks.Callback):
    """Writes one row per epoch to `history.csv`.

    Keras's `CSVLogger` appends, so that a killed process leaves half a row; it cannot drop the rows
    of epochs that are trained again, and knows nothing of the test set or the warm-up's weight.

    Args:
      folder: of the run; rows of earlier epochs are kept.
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
    """Keeps the newest states of model and optimiser, and the one best on the validation set.

    Keras's `ModelCheckpoint` replaces a file while it writes, so that a killed process leaves a
    damaged one, keeps all or one, and does not know the best value of a run that resumes.

    Args:
      folder: of the run.
      every: epochs between checkpoints; the last epoch always has one.
    """

    def __init__(self, folder: RunFolder, every: int = 1) -> None:
        super().__init__()
        self.folder = folder
        self.every = every
        saved = {*folder.checkpoint_epochs(), folder.best_epoch()}
        candidates = [
            (row["validation_bound"], int(row["epoch"]))
            for row in folder.read_history()
            if "validation_bound" in row and int(row["epoch"]) in saved
        ]
        self.best, epoch = max(candidates, default=(-math.inf, 0))
        if folder.checkpoint_of(epoch).exists():
            self._keep_best(epoch)  # A kill may have come between the two files of an epoch.

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Saves what the epoch left, unless its turn has not come."""
        number = epoch + 1
        if number % self.every and number != self.params["epochs"]:
            return
        with written_atomically(self.folder.checkpoint_of(number)) as temporary:
            self.model.save(temporary)
        bound = (logs or {}).get("val_bound", -math.inf)
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
            except OSError:  # A file system without hard links.
                shutil.copyfile(path, temporary)
        self.folder.write_best_epoch(epoch)


class StopAtBatch(keras.callbacks.Callback):
    """Lets SIGINT and SIGTERM during `fit` interrupt it at the end of a batch, not within.

    Keras's `model.stop_training` ends a run as if it were whole, at the end of an epoch.

    Raises:
      KeyboardInterrupt: from the hooks, with the number of the signal.
    """

    def __init__(self) -> None:
        super().__init__()
        self.received: int | None = None
        self.previous: dict[int, Any] = {}

    def __enter__(self) -> "StopAtBatch":
        """Takes over both signals."""
        for signum in (signal.SIGINT, signal.SIGTERM):
            self.previous[signum] = signal.signal(signum, self._receive)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Gives the signals back; one that came after the last batch still counts.

        So it does where TensorFlow failed because the other workers had heeded theirs first.
        """
        for signum, handler in self.previous.items():
            signal.signal(signum, handler)
        failed = kind is not None and not issubclass(kind, tf.errors.OpError)
        if self.received is not None and not failed:
            raise KeyboardInterrupt(self.received)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Stops here if a signal has come."""
        if self.received is not None:
            raise KeyboardInterrupt(self.received)

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Stops here too, for a test set can be long."""
        self.on_train_batch_end(batch)

    def _receive(self, signum: int, frame: FrameType | None) -> None:
        if self.received is not None:  # The user insists.
            raise KeyboardInterrupt(signum)
        self.received = signum


class Progress(keras.callbacks.Callback):
    """A bar over the whole run on a terminal; elsewhere one plain line per epoch.

    Args:
      initial_epoch: how many epochs an earlier start has already done.
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
        """Moves the bar; one call may stand for several steps."""
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
        """Leaves the bar as it stands, however training ended."""
        if self.bar is not None:
            self.bar.close()


def _split_columns(logs: Logs) -> dict[str, float]:
    """Keras's names to the history's: `train_`, `validation_` and `test_` before each term."""
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
