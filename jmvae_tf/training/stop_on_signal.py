"""Stops a training on Ctrl-C or SIGTERM where nothing is lost, or at once."""

import signal
import sys
from types import FrameType
from typing import Any

import keras
import tensorflow as tf
from tqdm import tqdm

_NOT, _AFTER_EPOCH, _AFTER_BATCH = range(3)


class StopOnSignal(keras.callbacks.Callback):
    """Ends `fit` early if signals come.

    The first SIGINT (Ctrl-C) lets the epoch end and saves it. The second one, or a SIGTERM, stops
    at the end of a batch. The next signal stops at once. Put this before the callbacks that write
    files, and give it to those that evaluate the model.

    Raises:
      KeyboardInterrupt: from the hooks, or at the end of the block, with the number of the signal.
    """

    def __init__(self) -> None:
        super().__init__()
        self.received: int | None = None
        self.previous: dict[int, Any] = {}
        self._stop = _NOT
        self._epoch = 0
        self._announced = False

    def __enter__(self) -> "StopOnSignal":
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

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Remembers the epoch, for the message."""
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Stops training if that is wanted now; says so if it is wanted after the epoch."""
        if self._stop == _AFTER_BATCH:
            raise KeyboardInterrupt(self.received)
        if self._stop == _AFTER_EPOCH and not self._announced:
            self._announced = True
            tqdm.write(  # Above the bar, if there is one.
                f"stopping after epoch {self._epoch}, which is saved; Ctrl-C again stops now and "
                "loses it",
                file=sys.stderr,
            )

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Stops here too, since a validation or test set can be large.

        Examples are only measured once the training batches of an epoch are done.
        """
        self.on_train_batch_end(batch)
        self.on_epoch_end(self._epoch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Makes this epoch the last one if a first SIGINT has come."""
        if self._stop == _AFTER_EPOCH:
            self.model.stop_training = True  # So `Checkpoints` saves it.

    def _receive(self, signum: int, frame: FrameType | None) -> None:
        if self._stop == _AFTER_BATCH:
            raise KeyboardInterrupt(signum)
        is_first = signum == signal.SIGINT and self._stop == _NOT
        self._stop = _AFTER_EPOCH if is_first else _AFTER_BATCH
        self.received = signum
