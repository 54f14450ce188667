"""Finds terms of an objective that cannot be: a sign of broken data or of a broken model."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import keras

from jmvae_tf.modalities import Modality
from jmvae_tf.runtime.errors import UserError

_PARTS = ("val_", "test_")
_ROUNDING = 1e-5  # Of the log-probability of one value, nats; float32.

RULE = "Every term must be finite, and no log-probability of discrete values above 0"


def impossible(
    terms: Mapping[str, float], modalities: Mapping[str, Modality] | None = None
) -> dict[str, str]:
    """Finds terms that are not finite, and log-probabilities of discrete values above 0.

    The latter come from values that the likelihood does not have, such as levels up to 255 for a
    Bernoulli. Densities may be above 1, and their logarithms above 0.

    Args:
      terms: name to value, nats; the names are those of `objectives`, perhaps with what Keras puts
        before those of other parts of the data.
      modalities: of the model; None if they are not known.

    Returns:
      Name of each such term to what is wrong with it.
    """
    highest = {
        f"{part}log_p_{name}": _ROUNDING * math.prod(modality.event_shape)
        for name, modality in (modalities or {}).items()
        if modality.likelihood.is_discrete
        for part in ("", *_PARTS)
    }
    found = {}
    for name, value in terms.items():
        if not math.isfinite(value):
            found[name] = f"{name} = {value}"
        elif value > highest.get(name, math.inf):
            found[name] = f"{name} = {value:.6g}, from values that its likelihood cannot have"
    return found


def terms_of(logs: Mapping[str, Any] | None) -> dict[str, float]:
    """Returns what Keras logged but `loss`, minus the bound, which is for Keras's own callbacks."""
    losses = ("loss", "val_loss")
    return {name: float(x) for name, x in (logs or {}).items() if name not in losses}


class FiniteTerms(keras.callbacks.Callback):
    """Ends training as soon as the bound or one of its terms is impossible; see `impossible`.

    Keras's `TerminateOnNaN` looks at `loss` alone, and ends a run as if it had succeeded.

    Args:
      remedy: returns the last part of the message: what to do, such as where to resume from.
      every_batch: whether to check after every batch, which waits for it to be computed, or after
        epochs alone.

    Raises:
      UserError: from the hooks, naming the terms and the epoch.
    """

    def __init__(
        self,
        remedy: Callable[[], str] = lambda: "check the data, or lower the learning rate",
        every_batch: bool = True,
    ) -> None:
        super().__init__()
        self.remedy = remedy
        self.every_batch = every_batch
        self.epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Remembers the epoch, counted from 1."""
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Checks the training terms; their means over the epoch keep a NaN once it is there."""
        if self.every_batch:
            self._check(logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Checks the validation terms too: the last step of an epoch may have spoilt the model."""
        self._check(logs)

    def _check(self, logs: Mapping[str, Any] | None) -> None:
        # Models of other packages have no modalities.
        modalities = getattr(self.model, "modalities", None)
        if bad := impossible(terms_of(logs), modalities):
            raise UserError(RULE, f"{', '.join(bad.values())} in epoch {self.epoch}", self.remedy())
