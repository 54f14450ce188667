"""What Keras needs to be told to train and save these models, under strategies too."""

from collections.abc import Mapping
from typing import Any, Self

import keras
import tensorflow as tf

from jmvae_tf.precision import computing_in


class TrainableModel(keras.Model):
    """A model whose constructor makes all variables, trained by `fit` under any strategy.

    Its `train_step` and `test_step` give what `results_of` makes of the trackers.

    Args:
      **kwargs: of `keras.Model`.

    Raises:
      ValueError: if a dtype is among them.
    """

    def __init__(self, **kwargs: Any) -> None:
        """See the class."""
        if "dtype" in kwargs:
            raise ValueError(
                "The layers of a model compute in the Keras policy that is in force when it is "
                f"made; set that instead. Received: dtype={kwargs['dtype']!r}"
            )
        super().__init__(**kwargs)
        self._precision = str(keras.config.dtype_policy().name)

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """As `keras.Model.fit`; a `tf.data.Dataset` is taken in the order that it has."""
        if isinstance(x, tf.data.Dataset | tf.distribute.DistributedDataset):
            kwargs.setdefault("shuffle", False)  # Keras warns that it cannot shuffle one.
        if self.compiled and not self.optimizer.built:
            # Within a step of several replicas it is too late to make variables.
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)
        return super().fit(x, *args, **kwargs)

    def results_of(self, trackers: Mapping[str, keras.metrics.Metric]) -> dict[str, tf.Tensor]:
        """The trackers' means so far, by name; of this replica where there are several.

        Keras averages what the replicas of several workers give over its first axis, so there they
        have one.
        """
        results = {name: tracker.result() for name, tracker in trackers.items()}
        resolver = self.distribute_strategy.cluster_resolver
        if resolver is not None and len(resolver.cluster_spec().as_dict().get("worker", ())) > 1:
            return {name: result[tf.newaxis] for name, result in results.items()}
        return results

    @property
    def precision(self) -> str:
        """The name of the Keras policy that was in force when the model was made."""
        return self._precision

    def get_config(self) -> dict[str, Any]:
        """The arguments that all models have, and the precision, for Keras to save."""
        return {"name": self.name, "precision": self.precision}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        """The model, newly initialised, that `get_config` described, in its precision.

        Files of earlier versions do not say it: their models compute in the policy in force.
        """
        arguments = {
            key: keras.saving.deserialize_keras_object(value, custom_objects)
            if isinstance(value, dict)
            else value
            for key, value in config.items()
        }
        with computing_in(arguments.pop("precision", keras.config.dtype_policy().name)):
            return cls(**arguments)

    def build(self, input_shape: Any = None) -> None:
        """Nothing is left to build: the modalities gave all shapes to the constructor."""

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Nothing either; Keras's own cannot read the batches of several workers."""
