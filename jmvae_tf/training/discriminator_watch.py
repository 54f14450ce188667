"""Says when a discriminator has won, so that nobody waits for images that no longer change."""

import sys
from typing import Any

import keras
from tqdm import tqdm

ACCURACY = "discriminator_accuracy"


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
