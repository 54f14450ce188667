"""Schedules: quantities that change from epoch to epoch.

To add one, for example a decay of the learning rate, write a callback here and add it to
`schedules_of`. It must be a function of the epoch, so that a resumed run equals an uninterrupted
one. The callback's `model` has one `optimizer`; a GAN variant also has those of its decoder and
discriminator.
"""

import keras

from jmvae_tf.settings import Settings


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
    """Returns the schedules of a run. Learning rates are constant (2018 paper, "Settings")."""
    return [KLWarmUp(settings.warmup_epochs)]
