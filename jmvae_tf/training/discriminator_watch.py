"""Says when a discriminator begins late, or has won, so that nobody waits for better images."""

import sys
from typing import Any

import keras
from tqdm import tqdm

from jmvae_tf.models.adversarial import HEAD_START
from jmvae_tf.models.adversaries import parts
from jmvae_tf.settings import Settings

ACCURACY = "discriminator_accuracy"

_SHORT = 3
"""A training is short if a third of its steps or more is the discriminator's head start."""


def note_on_discriminator(settings: Settings, steps_per_epoch: int) -> str:
    """Returns a note if the decoder learns from the discriminator late or never; "" if not.

    Args:
      settings: the settings of a run.
      steps_per_epoch: the number of training steps of an epoch.
    """
    if settings.adversary is None:
        return ""
    after = settings.adversary_after or 0
    if after >= settings.epochs:
        return (
            f"note: the discriminator begins after epoch {after} (--adversary_after), so these "
            f"{settings.epochs} epochs are without it"
        )
    steps = (settings.epochs - after) * steps_per_epoch
    if parts.adversary_of(settings.adversary).is_original or steps > _SHORT * HEAD_START:
        return ""
    return (
        f"note: the discriminator trains alone for its first {HEAD_START} steps, so the decoder "
        f"learns from it in {max(0, steps - HEAD_START)} of {steps} steps; more --epochs help"
    )


class DiscriminatorWatch(keras.callbacks.Callback):
    """Warns when the discriminator judged every image of an epoch rightly, once in a row."""

    def __init__(self) -> None:
        super().__init__()
        self.won = False

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Prints the warning."""
        wins = (logs or {}).get(ACCURACY, 0.0) >= 1.0
        if wins and not self.won:
            tqdm.write(  # Above the bar, if there is one.
                f"warning: the discriminator judged every image of epoch {epoch + 1} rightly, so "
                "the decoder learns little from it; lower --discriminator_learning_rate, or add r1 "
                "to --adversary or raise --penalty_weight",
                file=sys.stderr,
            )
        self.won = wins
