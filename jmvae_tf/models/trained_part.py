"""A part of a model's variables, and steps of the optimiser that trains them."""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import tensorflow as tf

from jmvae_tf.runtime import replicas


class TrainedPart(NamedTuple):
    """Variables that are trained together.

    Attributes:
      optimizer: the optimiser that updates only these variables.
      variables: the variables, in the order that the optimiser knows.
    """

    optimizer: keras.optimizers.Optimizer
    variables: list[keras.Variable]

    def apply(self, gradients: Sequence[tf.Tensor | None]) -> None:
        """Takes a step of the optimiser, which adds up the gradients of all replicas.

        Args:
          gradients: this replica's, in the order of `variables`; None where there is none.
        """
        self.optimizer.apply(_part_of_clipped_sum(self.optimizer, gradients), self.variables)


def _part_of_clipped_sum(
    optimizer: keras.optimizers.Optimizer, gradients: Sequence[tf.Tensor | None]
) -> Sequence[tf.Tensor | None]:
    """Clips the sum of all replicas' gradients, and returns an equal part of it for each replica.

    Keras clips what each replica has before it adds up. So the sum is clipped here, as one device
    with the whole batch would do. Keras leaves the parts as they are, for they are smaller.
    """
    limits = (optimizer.global_clipnorm, optimizer.clipnorm, optimizer.clipvalue)
    if replicas.count() == 1 or not any(limits):
        return gradients
    scale = optimizer.loss_scale_factor or 1.0  # Keras divides by it before it clips.
    of_all, of_each, of_values = (limit and limit * scale for limit in limits)
    sums = replicas.sum_over_replicas([x for x in gradients if x is not None])
    if of_all:
        sums, _ = tf.clip_by_global_norm(sums, of_all)
    elif of_each:
        sums = [tf.clip_by_norm(x, of_each) for x in sums]
    else:
        sums = [tf.clip_by_value(x, -of_values, of_values) for x in sums]
    clipped = iter(sums)
    return [None if x is None else next(clipped) / replicas.count() for x in gradients]
