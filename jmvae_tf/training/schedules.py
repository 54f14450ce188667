"""Schedules: quantities that change from epoch to epoch, or from step to step.

To add one, write a callback here and add it to `schedules_of`. It must be a function of the epoch,
so that a resumed run equals an uninterrupted one. The callback's `model` has one `optimizer`; a GAN
variant also has those of its decoder and discriminator. Keras's schedules of the learning rate are
functions of the step, which checkpoints contain; see `rate_of`.
"""

from typing import Any

import keras
import tensorflow as tf

from jmvae_tf.models.adversarial import Adversarial, Stage
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


class AdversaryAfter(keras.callbacks.Callback):
    """Trains a model without its discriminator at first, then only the image's decoder against it.

    Args:
      epochs: the number of epochs without the discriminator; 0 to train all together.
    """

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.epochs = epochs

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Chooses what is trained from this epoch on."""
        if not (self.epochs and isinstance(self.model, Adversarial)):
            return
        if epoch == self.epochs:
            # What is trained no more is used as its average, so z is drawn with that.
            others = self.model.parts()[0]
            others.optimizer.finalize_variable_values(others.variables)
        self.model.stage = Stage.BOUND if epoch < self.epochs else Stage.DECODER


def schedules_of(settings: Settings) -> list[keras.callbacks.Callback]:
    """Returns the schedules of a run that are callbacks."""
    return [KLWarmUp(settings.warmup_epochs), AdversaryAfter(settings.adversary_after or 0)]


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


@keras.saving.register_keras_serializable(package="jmvae_tf")
class TwoRates(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that another one follows.

    Args:
      first: the rate of the first steps, or its schedule.
      second: that of the others; a schedule counts its steps from the change.
      change: the number of the first steps.
    """

    def __init__(self, first: Any, second: Any, change: int) -> None:
        super().__init__()
        self.first = first
        self.second = second
        self.change = change

    def __call__(self, step: int | tf.Tensor) -> tf.Tensor:
        """Returns the rate of a step."""
        step = tf.cast(step, tf.int64)
        after = tf.maximum(step - self.change, 0)
        return tf.where(step < self.change, _at(self.first, step), _at(self.second, after))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments, for Keras to save."""
        rates = {"first": self.first, "second": self.second}
        return {
            **{name: keras.saving.serialize_keras_object(x) for name, x in rates.items()},
            "change": self.change,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "TwoRates":
        """Makes the schedule that `get_config` described."""
        first, second = (
            keras.saving.deserialize_keras_object(config[name]) for name in ("first", "second")
        )
        return cls(first, second, config["change"])


def _at(
    rate: float | keras.optimizers.schedules.LearningRateSchedule, step: tf.Tensor
) -> tf.Tensor:
    return tf.cast(rate(step) if callable(rate) else rate, tf.float32)


def decoder_rate_of(
    settings: Settings, steps_per_epoch: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Returns the learning rate of the image's decoder in a model with a discriminator.

    Args:
      settings: the run's settings.
      steps_per_epoch: the number of steps of an epoch.
    """
    first = rate_of(settings, settings.learning_rate, steps_per_epoch)
    if not settings.adversary_after or settings.decoder_learning_rate is None:
        return first
    second = rate_of(settings, settings.decoder_learning_rate, steps_per_epoch)
    return TwoRates(first, second, settings.adversary_after * steps_per_epoch)
