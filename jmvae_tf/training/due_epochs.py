"""Says after which epochs a run is evaluated and saved; needs no TensorFlow."""

from jmvae_tf.settings import Settings

_IN_PATIENCE = 5
"""Evaluations within the epochs of `patience`, at least: one alone may be worse by chance."""


def has_evaluation(settings: Settings, epoch: int) -> bool:
    """Whether a run is evaluated on the validation and the test set after an epoch, from 1."""
    return _is_due(settings, _evaluate_every(settings), epoch)


def has_checkpoint(settings: Settings, epoch: int) -> bool:
    """Whether a run is saved after an epoch, from 1."""
    return _is_due(settings, settings.checkpoint_every, epoch)


def _evaluate_every(settings: Settings) -> int:
    """Returns the epochs between evaluations, few enough for patience."""
    if not settings.patience:
        return settings.evaluate_every
    return min(settings.evaluate_every, max(1, settings.patience // _IN_PATIENCE))


def _is_due(settings: Settings, every: int, epoch: int) -> bool:
    """Whether it is an epoch of an interval, or one that has both.

    Only a checkpoint that is evaluated can be the best one. So of evaluations and checkpoints, each
    of the rarer ones goes with one of the others.
    """
    rarer = max(_evaluate_every(settings), settings.checkpoint_every)
    return epoch % every == 0 or epoch % rarer == 0 or epoch == settings.epochs
