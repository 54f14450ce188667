"""Shows how far a training is."""

import sys
import time
from typing import Any

import keras
from tqdm import tqdm

from jmvae_tf.models.objective_names import BOUND, name_in
from jmvae_tf.runtime.progress import shows_bars
from jmvae_tf.training.callbacks import split_columns

_BAR = "{desc} {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left{postfix}"
"""Says all in 80 columns, even with two bounds behind it."""

_PARTS = ("train", "validation", "test")

_COMPILING = "about 10 s"
"""Measured on two cores, with the first test: 8 s on digits, 6 s on toyfaces with a GAN."""


class Progress(keras.callbacks.Callback):
    """Shows a bar over the whole run on a terminal; elsewhere prints one line per epoch.

    Before, a line says that the first step compiles, which takes longer than many others.

    Args:
      initial_epoch: the number of epochs already trained.
    """

    def __init__(self, initial_epoch: int = 0) -> None:
        super().__init__()
        self.initial_epoch = initial_epoch
        self.bar: tqdm | None = None
        self.evaluated: list[str] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Says that the first step compiles."""
        if not self.model.run_eagerly:
            print(f"compiling ({_COMPILING})", flush=True)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the epoch's clock."""
        self.start = time.monotonic()
        self.done = -1
        self.title = f"epoch {epoch + 1}/{self.params['epochs']}"
        if self.bar is not None:
            self.bar.set_description_str(self.title, refresh=False)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Moves the bar; one call may cover several steps."""
        if self.bar is not None:
            self.bar.update(batch - self.done)
        elif shows_bars(sys.stderr):
            # Only now, so that the estimate is without the compilation.
            steps = self.params["steps"]
            self.bar = tqdm(
                desc=self.title,
                total=self.params["epochs"] * steps,
                initial=self.initial_epoch * steps + batch + 1,
                bar_format=_BAR,
                dynamic_ncols=True,
            )
        self.done = batch

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Shows the objective of the epoch."""
        columns = split_columns(logs)
        names = {part: name_in(columns, f"{part}_") for part in _PARTS}
        bounds = {part: columns[f"{part}_{name}"] for part, name in names.items() if name}
        name = next(filter(None, names.values()), BOUND)
        if self.bar is not None:
            shown = [f"{name} {bounds['train']:.5g}"] if "train" in bounds else []
            other = next((part for part in ("validation", "test") if part in bounds), None)
            if other:  # It stays until the next evaluation.
                self.evaluated = [f"{other} {bounds[other]:.5g}"]
            self.bar.set_postfix_str(", ".join([*shown, *self.evaluated]))
        else:
            text = ", ".join(f"{part} {value:.3f}" for part, value in bounds.items())
            print(
                f"{self.title}: {name} in nats: {text} ({time.monotonic() - self.start:.1f} s)",
                flush=True,
            )

    def close(self) -> None:
        """Closes the bar where it stands, however training ended."""
        if self.bar is not None:
            self.bar.close()
