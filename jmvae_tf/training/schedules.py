"""Schedules: quantities that change from epoch to epoch, or from step to step.

To add one, write a callback here and add it to `schedules_of`. It must be a function of the epoch,
so that a resumed run equals an uninterrupted one. The callback's `model` has one `optimizer`; a GAN
variant also has those of its decoder and discriminator. Keras's schedules of the learning rate are
functions of the step, which checkpoints contain; see `rate_of`.
"""

import keras

from jmvae_tf.settings import Settings

_LAST_OF_DECAY = 0.01
"""The learning rate at the end of its decay and after it, as a fraction of the first one."""


class KLWarmUp(keras.callbacks.Callback):
    """Raises the weight of the divergence from the prior from 0 to 1, linearly by epoch.

    In epoch e = 1, 2, ... the weight is min(1, (e - 1) / N_t) (2018 paper, "Settings").

    Args:
      epochs: N_t; 0 for the full weight from the start.

    Raises:
      ValueError: if `epochs` is negative.
    """

    def __init__(self, epochs: int) -> None:
        super().__init__()
        if epochs < 0:
            raise ValueError(f"A warm-up cannot take fewer than 0 epochs. Received: {epochs}")
        self.epochs = epochs

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Sets the weight; Keras counts epochs from 0, the paper from 1."""
        self.model.kl_weight.assign(min(1.0, epoch / self.epochs) if self.epochs else 1.0)


def schedules_of(settings: Settings) -> list[keras.callbacks.Callback]:
    """Returns the schedules of a run that are callbacks."""
    return [KLWarmUp(settings.warmup_epochs)]


def rate_of(
    settings: Settings, initial: float, steps_per_epoch: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Returns a learning rate, constant (2018 paper, "Settings") or decaying with every step.

    A decay ends after `decay_epochs`, however many epochs the run has in the end. So more epochs on
    --resume leave the earlier ones as they were.

    Args:
      settings: the run's settings.
      initial: the learning rate at the first step.
      steps_per_epoch: the number of steps of an epoch.
    """
    if not settings.decay_epochs:
        return initial
    return keras.optimizers.schedules.CosineDecay(
        initial, settings.decay_epochs * steps_per_epoch, alpha=_LAST_OF_DECAY
    )
