"""Finds impossible values of an objective's terms, a sign of broken data or a broken model."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import keras

from jmvae_tf.modalities import Modality
from jmvae_tf.models.finite_weights import not_finite
from jmvae_tf.runtime.errors import UserError

_PARTS = ("val_", "test_")
_ROUNDING = 1e-5  # float32 rounding of one value's log-probability, nats.

RULE = "Every term must be finite, and no log-probability of discrete values above 0"


def impossible(
    terms: Mapping[str, float], modalities: Mapping[str, Modality] | None = None
) -> dict[str, str]:
    """Finds terms that are not finite, and log-probabilities of discrete values above 0.

    The latter come from values that the likelihood does not support, for example levels up to 255
    with a Bernoulli. Densities may be above 1 and their logarithms above 0.

    Args:
      terms: name to value, nats; the names are those of `objectives`, perhaps with a prefix of
        Keras such as `val_`.
      modalities: the model's modalities; None if unknown.

    Returns:
      The name of each such term to a description of the fault.
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
    """Returns Keras's logs without `loss`, minus the bound, which only Keras's callbacks need."""
    losses = ("loss", "val_loss")
    return {name: float(x) for name, x in (logs or {}).items() if name not in losses}


class FiniteTerms(keras.callbacks.Callback):
    """Stops training when the bound, one of its terms or a weight is impossible.

    What is impossible of a term, `impossible` says.

    Keras's `TerminateOnNaN` checks only `loss` and ends the run as if it had succeeded.

    Args:
      remedy: returns the last part of the message: what to do, for example where to resume.
      every_batch: whether to check after every batch, which waits for its result, or only after
        every epoch.

    Raises:
      UserError: from the hooks, with the terms or the weight, and the epoch.
    """

    def __init__(
        self,
        remedy: Callable[[], str] = lambda: "check the data, or lower the learning rate",
        every_batch: bool = True,
    ) -> None:
        super().__init__()
        self.remedy = remedy
        self.every_batch = every_batch
        # By default, Keras waits for every batch if a callback has a hook for batches.
        self.async_safe = not every_batch
        self.epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Remembers the epoch, counted from 1."""
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Checks the training terms; a NaN stays in their means until the epoch ends."""
        if self.every_batch:
            self._check(logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Checks the validation terms too, since an epoch's last step may have broken the model.

        After an epoch without an evaluation, it checks the weights in their place.
        """
        self._check(logs)
        if any(name.startswith(_PARTS) for name in logs or {}):
            return
        if bad := not_finite(self.model):
            raise UserError(
                "Every weight must be finite",
                f"NaN or infinite values of {bad[0]} after epoch {self.epoch}",
                self.remedy(),
            )

    def _check(self, logs: Mapping[str, Any] | None) -> None:
        # Models of other packages have no modalities.
        modalities = getattr(self.model, "modalities", None)
        if bad := impossible(terms_of(logs), modalities):
            raise UserError(RULE, f"{', '.join(bad.values())} in epoch {self.epoch}", self.remedy())
