"""Decides when a bound that does not get better ends a training; needs no TensorFlow."""

from collections.abc import Mapping, Sequence

from jmvae_tf.models.objective_names import value_in
from jmvae_tf.settings import Settings


def ends(settings: Settings, rows: Sequence[Mapping[str, float]]) -> bool:
    """Tells whether a training ends, as the bound has not been better for `patience` epochs.

    Epochs of the warm-up do not count: while the divergence has less than its full weight in
    training, the bound on the validation set may first get better and then worse.

    Args:
      settings: the run's settings.
      rows: the rows of `history.csv` so far.
    """
    values = {int(x.get("epoch", 0)): value_in(x, "validation_") for x in rows}
    bounds = {epoch: value for epoch, value in values.items() if value is not None}
    if not settings.patience or not bounds:
        return False
    best = max(bounds, key=lambda epoch: (bounds[epoch], -epoch))
    return max(bounds) - max(best, settings.warmup_epochs) >= settings.patience
