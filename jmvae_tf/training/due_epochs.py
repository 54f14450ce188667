"""Says after which epochs a run is evaluated and saved; needs no TensorFlow."""

from jmvae_tf.settings import Settings


def has_evaluation(settings: Settings, epoch: int) -> bool:
    """Whether a run is evaluated on the validation and the test set after an epoch, from 1."""
    return _is_due(settings, settings.evaluate_every, epoch)


def has_checkpoint(settings: Settings, epoch: int) -> bool:
    """Whether a run is saved after an epoch, from 1."""
    return _is_due(settings, settings.checkpoint_every, epoch)


def _is_due(settings: Settings, every: int, epoch: int) -> bool:
    """Whether it is an epoch of an interval, or one that has both.

    Only a checkpoint that is evaluated can be the best one. So of evaluations and checkpoints, each
    of the rarer ones goes with one of the others.
    """
    rarer = max(settings.evaluate_every, settings.checkpoint_every)
    return epoch % every == 0 or epoch % rarer == 0 or epoch == settings.epochs
