"""A model of three parts, each with an optimiser of its own."""

import abc
from typing import Any

import keras

from jmvae_tf.models.trainable import TrainableModel
from jmvae_tf.models.trained_part import TrainedPart


class ThreePartModel(TrainableModel, abc.ABC):
    """A model whose image decoder and discriminator have optimisers of their own."""

    def compile(
        self,
        optimizer: Any = None,
        decoder_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        **kwargs: Any,
    ) -> None:
        """Compiles the model with one optimiser for each part of the networks.

        Args:
          optimizer: optimiser of everything but the image's decoder and the discriminator.
          decoder_optimizer: optimiser of the image's decoder.
          discriminator_optimizer: optimiser of the discriminator.
          **kwargs: passed to `keras.Model.compile`.

        The default is Adam with learning rate 1e-4 and beta_1 0.5, as in the authors' code.
        """
        super().compile(optimizer=_optimizer(optimizer), **kwargs)
        scaled = isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer)
        self.decoder_optimizer = _optimizer(decoder_optimizer, scaled)
        self.discriminator_optimizer = _optimizer(discriminator_optimizer, scaled)
        # Keras would build only the first one, and for all variables.
        for part in self.parts():
            if not part.optimizer.built:
                part.optimizer.build(part.variables)
                _start_averages(part)

    def parts(self) -> tuple[TrainedPart, ...]:
        """Returns the three parts: all other networks, the image's decoder, the discriminator."""
        optimizers = (self.optimizer, self.decoder_optimizer, self.discriminator_optimizer)
        return tuple(map(TrainedPart, optimizers, self.variables_of_parts()))

    @abc.abstractmethod
    def variables_of_parts(self) -> tuple[list[keras.Variable], ...]:
        """Returns the variables of other networks, the image's decoder and the discriminator."""

    @property
    def trainable_weights(self) -> list[keras.Variable]:
        """All trained weights, part by part.

        If optimisers average weights, Keras's `fit` ends with the averages of `optimizer` alone, in
        as many of these as it has.
        """
        return [variable for variables in self.variables_of_parts() for variable in variables]

    def _get_metrics_result_or_logs(self, logs: Any) -> Any:
        """Returns the results of all replicas for what the step returned; Keras wants all or none.

        Steps return other terms in other stages.
        """
        results = self.get_metrics_result()
        return {name: results[name] for name in logs} if set(logs) <= set(results) else logs

    def fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """Trains the model; see `TrainableModel.fit`."""
        history = super().fit(*args, **kwargs)
        for part in self.parts()[1:]:  # Keras has done so for the first one.
            part.optimizer.finalize_variable_values(part.variables)
        return history

    def get_compile_config(self) -> dict[str, Any]:
        """Returns the arguments of `compile`, for Keras to save; empty if not compiled."""
        if not self.compiled:
            return {}
        return super().get_compile_config() | {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name in ("decoder_optimizer", "discriminator_optimizer")
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles the model as `get_compile_config` described."""
        self.compile(**keras.saving.deserialize_keras_object(config))


def _optimizer(optimizer: Any, scaled: bool = False) -> keras.optimizers.Optimizer:
    """Returns the optimiser, by default the authors'; if `scaled`, wrapped to scale its loss."""
    if optimizer is None:
        optimizer = keras.optimizers.Adam(1e-4, beta_1=0.5)
    optimizer = keras.optimizers.get(optimizer)
    if scaled and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def _start_averages(part: TrainedPart) -> None:
    """Sets the averages of a part's weights, if its optimiser keeps some, to the weights.

    Keras starts them at 0, which would replace weights that no step has changed.
    """
    optimizer = getattr(part.optimizer, "inner_optimizer", part.optimizer)
    if optimizer.use_ema:
        averages = optimizer._model_variables_moving_average
        for variable, average in zip(part.variables, averages, strict=True):
            average.assign(variable)
