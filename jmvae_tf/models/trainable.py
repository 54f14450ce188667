"""What Keras needs to be told so that its `fit` trains these models, under strategies too."""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf


class TrainableModel(keras.Model):
    """A model whose constructor makes all variables, trained by `fit` under any strategy.

    Its `train_step` and `test_step` give what `results_of` makes of the trackers.
    """

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

    def build(self, input_shape: Any = None) -> None:
        """Nothing is left to build: the modalities gave all shapes to the constructor."""

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Nothing either; Keras's own cannot read the batches of several workers."""
