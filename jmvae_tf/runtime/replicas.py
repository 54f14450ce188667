"""The replicas that share a batch, as computations need to know of them.

Under a strategy of `tf.distribute` every replica computes the same step on its own part of the
batch; the replicas in their order have the batch in its order. The parts that `data/pipelines.py`
makes for training are equally large. Others, such as those of the last batch of a data set, need
not be, and some may be empty.
"""

import contextvars
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

_EXAMPLES: contextvars.ContextVar[tf.Tensor | None] = contextvars.ContextVar(
    "examples", default=None
)


class Share(NamedTuple):
    """The part of every batch that one replica has.

    Attributes:
      replica: which, from 0.
      replicas: how many share the batch.
      gathered: from the number of examples that this replica has to those that all have,
        [replicas]; None where all have as many.
    """

    replica: int | tf.Tensor = 0
    replicas: int = 1
    gathered: Callable[[tf.Tensor], tf.Tensor] | None = None

    def part_of_batch(
        self, make: Callable[[tf.Tensor], tf.Tensor], examples: tf.Tensor
    ) -> tf.Tensor:
        """This replica's part of a tensor that is drawn for the whole batch.

        Every replica draws the whole tensor, so an example gets the draw that it would get if one
        replica had the whole batch.

        Args:
          make: maps a number of examples to a tensor [examples, ...], the same on every replica.
          examples: how many of them this replica has.

        Returns:
          [examples, ...].
        """
        if self.replicas == 1:
            return make(examples)
        sizes = self.sizes(examples)
        first, number = tf.reduce_sum(sizes[: self.replica]), tf.reduce_sum(sizes)
        return make(number)[first : first + examples]

    def sizes(self, examples: tf.Tensor) -> tf.Tensor:
        """How many examples each replica has, int32 [replicas], of which this has `examples`."""
        return self.gathered(examples) if self.gathered else tf.fill([self.replicas], examples)

    def part_of_mean(self, data: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
        """What this replica adds to means over the whole batch, of which the sum is the mean.

        Args:
          data: [examples, ...], of this replica.

        Returns:
          From values, [examples], to this part.
        """
        if self.replicas == 1:
            return tf.reduce_mean
        number = tf.reduce_sum(self.sizes(tf.shape(data)[0]))
        return lambda values: tf.reduce_sum(values) / tf.cast(number, values.dtype)


WHOLE = Share()
"""Of the only replica."""


def count() -> int:
    """How many replicas share a batch; 1 without a strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def current() -> Share:
    """The share of the replica that computes this."""
    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return WHOLE
    place, replicas = replica.replica_id_in_sync_group, replica.num_replicas_in_sync

    def gathered(examples: tf.Tensor) -> tf.Tensor:
        # In float32, which every device can reduce.
        own = tf.one_hot(place, replicas) * tf.cast(examples, tf.float32)
        return tf.cast(replica.all_reduce(tf.distribute.ReduceOp.SUM, own), tf.int32)

    return Share(place, replicas, gathered)


def never_empty(network: Callable[[Any], tf.Tensor], inputs: Any) -> tf.Tensor:
    """What a network makes of a part of a batch, be it empty.

    Some ops fail without examples: TensorFlow's fused convolutions give a wrong shape. So an empty
    part is filled with one example of zeros, which `examples_in` does not count, and which is taken
    away again.

    Args:
      network: from such inputs to [batch, ...].
      inputs: a tensor [batch, ...], or a dictionary of them.
    """
    if current().replicas == 1:
        return network(inputs)
    number = tf.shape(tf.nest.flatten(inputs)[0])[0]
    added = tf.cast(number == 0, tf.int32)
    filled = tf.nest.map_structure(
        lambda x: tf.pad(x, [[0, added], *[[0, 0]] * (x.shape.rank - 1)]), inputs
    )
    token = _EXAMPLES.set(number)
    try:
        return network(filled)[:number]
    finally:
        _EXAMPLES.reset(token)


def examples_in(values: tf.Tensor) -> tf.Tensor:
    """The rows of a tensor within a network that are of examples."""
    number = _EXAMPLES.get()
    return values if number is None else values[:number]
