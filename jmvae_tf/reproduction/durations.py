"""How long runs took to train and to measure, kept in their folders."""

import contextlib
import math
import pathlib
import time
import types
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jmvae_tf.runtime.files import read_json, write_json
from jmvae_tf.training.run_folder import RunFolder


class Durations(NamedTuple):
    """What was spent on a run.

    Attributes:
      training: seconds of training, all starts together.
      epochs: the epochs that were trained in them.
      measuring: seconds of measuring.
      measured: those of each file of measures by its name, as far as it is known.
    """

    training: float = 0.0
    epochs: int = 0
    measuring: float = 0.0
    measured: Mapping[str, float] = types.MappingProxyType({})


def read_durations(folder: RunFolder) -> Durations:
    """Reads what was spent on a run; nothing if its file is missing or damaged."""
    try:
        found = read_json(_file(folder))
    except (OSError, ValueError):
        return Durations()
    measured = found.pop("measured", {})
    if not (isinstance(measured, dict) and all(map(_is_time, measured.values()))):
        return Durations()
    totals: dict[str, Any] = {name: found.get(name) for name in ("training", "epochs", "measuring")}
    if not all(map(_is_time, totals.values())):
        return Durations()
    return Durations(**totals, measured=measured)


@contextlib.contextmanager
def kept_time(folder: RunFolder, work: str, measures: str = "") -> Iterator[None]:
    """Keeps the time of the body, of training also if it is interrupted.

    Args:
      folder: the folder of the run.
      work: "training", whose time adds to that of earlier starts, or "measuring".
      measures: the name of the file of what is measured; empty if a run has one only.
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
            measured = {**spent.measured, measures: seconds} if measures else {}
            spent = spent._replace(
                measuring=sum(measured.values()) if measured else seconds, measured=measured
            )
        write_json(_file(folder), {**spent._asdict(), "measured": dict(spent.measured)})


def _newest_epoch(folder: RunFolder) -> int:
    return max(folder.checkpoint_epochs(), default=0)


def _file(folder: RunFolder) -> pathlib.Path:
    return folder.path / "measures" / "durations.json"


def _is_time(value: Any) -> bool:
    """Tells whether a value is a number of seconds or epochs."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value < math.inf
