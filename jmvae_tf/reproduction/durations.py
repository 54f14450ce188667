"""How long runs took to train and to measure, kept in their folders."""

import contextlib
import math
import pathlib
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from jmvae_tf.runtime.files import read_json, write_json
from jmvae_tf.training.run_folder import RunFolder


class Durations(NamedTuple):
    """What was spent on a run.

    Attributes:
      training: seconds of training, all starts together.
      epochs: the epochs that were trained in them.
      measuring: seconds of measuring.
    """

    training: float = 0.0
    epochs: int = 0
    measuring: float = 0.0


def read_durations(folder: RunFolder) -> Durations:
    """Reads what was spent on a run; nothing if its file is missing or damaged."""
    try:
        found = read_json(_file(folder))
    except (OSError, ValueError):
        return Durations()
    are_times = all(_is_time(found.get(name)) for name in Durations._fields)
    return (
        Durations(**{name: found[name] for name in Durations._fields}) if are_times else Durations()
    )


@contextlib.contextmanager
def kept_time(folder: RunFolder, work: str) -> Iterator[None]:
    """Keeps the time of the body, of training also if it is interrupted.

    Args:
      folder: the folder of the run.
      work: "training", whose time adds to that of earlier starts, or "measuring".
    """
    before, start, ended = _newest_epoch(folder), time.monotonic(), False
    try:
        yield
        ended = True
    finally:
        seconds, spent = time.monotonic() - start, read_durations(folder)
        if work == "training":
            epochs = spent.epochs + max(0, _newest_epoch(folder) - before)
            spent = spent._replace(training=spent.training + seconds, epochs=epochs)
        elif ended:
            spent = spent._replace(measuring=seconds)
        write_json(_file(folder), spent._asdict())


def _newest_epoch(folder: RunFolder) -> int:
    return max(folder.checkpoint_epochs(), default=0)


def _file(folder: RunFolder) -> pathlib.Path:
    return folder.path / "measures" / "durations.json"


def _is_time(value: Any) -> bool:
    """Tells whether a value is a number of seconds or epochs."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value < math.inf
