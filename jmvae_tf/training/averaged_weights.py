"""Averages of weights, which Keras's optimisers keep if they are made with `use_ema`.

As in Keras's `SwapEMAWeights`, only trained weights are averaged. Moving statistics of batch
normalisation stay those that the weights themselves gave.
"""

from typing import Any

import keras
import numpy as np

from jmvae_tf.models.trainable import TrainableModel


def use_averages(model: TrainableModel) -> None:
    """Sets the weights of a compiled model to their averages, if its optimisers keep some."""
    for part in model.parts():
        part.optimizer.finalize_variable_values(part.variables)


class AveragesInTests(keras.callbacks.Callback):
    """Tests a model with the averages of its weights, if its optimisers keep some.

    Training continues with the weights themselves. Keras's `SwapEMAWeights` adds and subtracts to
    swap them, which rounds, and knows a single optimiser.
    """

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[np.ndarray] = []

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Puts the averages into the model."""
        self.kept = [x.numpy() for part in self.model.parts() for x in part.variables]
        use_averages(self.model)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Puts the weights back."""
        variables = [x for part in self.model.parts() for x in part.variables]
        for variable, value in zip(variables, self.kept, strict=True):
            variable.assign(value)
        self.kept = []
