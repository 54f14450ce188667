"""The replicas that share a batch, and the part that each of them has.

Under a strategy of `tf.distribute` every replica computes the same step on its own part of the
batch. The parts of the replicas, in order, are the batch. `data/pipelines.py` makes parts of equal
size for training. Other parts, for example of the last batch of a data set, may differ in size, and
some may be empty.
"""

import contextvars
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

_EXAMPLES: contextvars.ContextVar[tf.Tensor | None] = contextvars.ContextVar(
    "examples", default=None
)


class Share(NamedTuple):
    """One replica's part of every batch.

    Attributes:
      replica: the index of the replica, from 0.
      replicas: the number of replicas that share the batch.
      gathered: maps the number of examples of this replica to those of all replicas, [replicas];
        None if all have the same number.
    """

    replica: int | tf.Tensor = 0
    replicas: int = 1
    gathered: Callable[[tf.Tensor], tf.Tensor] | None = None

    def part_of_batch(
        self, make: Callable[[tf.Tensor], tf.Tensor], examples: tf.Tensor
    ) -> tf.Tensor:
        """Makes a random tensor for the whole batch and returns this replica's part.

        Every replica makes the whole tensor, so each example gets the same values as if one replica
        had the whole batch.

        Args:
          make: maps a number of examples to a tensor [examples, ...], the same on every replica.
          examples: the number of examples of this replica.

        Returns:
          [examples, ...].
        """
        if self.replicas == 1:
            return make(examples)
        sizes = self.sizes(examples)
        first, number = tf.reduce_sum(sizes[: self.replica]), tf.reduce_sum(sizes)
        return make(number)[first : first + examples]

    def sizes(self, examples: tf.Tensor) -> tf.Tensor:
        """Counts the examples of each replica, int32 [replicas]; this one has `examples`."""
        return self.gathered(examples) if self.gathered else tf.fill([self.replicas], examples)

    def part_of_mean(self, data: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
        """Makes the function for this replica's part of a mean over the whole batch.

        The parts of all replicas sum to the mean.

        Args:
          data: this replica's examples, [examples, ...].

        Returns:
          Maps values, [examples], to this replica's part.
        """
        if self.replicas == 1:
            return tf.reduce_mean
        number = tf.reduce_sum(self.sizes(tf.shape(data)[0]))
        return lambda values: tf.reduce_sum(values) / tf.cast(number, values.dtype)


WHOLE = Share()
"""The share of a single replica."""


def count() -> int:
    """Counts the replicas that share a batch; 1 without a strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def current() -> Share:
    """Returns the share of the replica that calls this."""
    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return WHOLE
    place, replicas = replica.replica_id_in_sync_group, replica.num_replicas_in_sync

    def gathered(examples: tf.Tensor) -> tf.Tensor:
        # In float32, which every device can reduce.
        own = tf.one_hot(place, replicas) * tf.cast(examples, tf.float32)
        return tf.cast(replica.all_reduce(tf.distribute.ReduceOp.SUM, own), tf.int32)

    return Share(place, replicas, gathered)


def sum_over_replicas(values: Any) -> Any:
    """Adds up the values of all replicas, of a tensor or of each tensor in a list."""
    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return values
    return replica.all_reduce(tf.distribute.ReduceOp.SUM, values)


def never_empty(network: Callable[[Any], Any], inputs: Any) -> Any:
    """Applies a network to a part of a batch that may be empty.

    Some ops fail without examples: TensorFlow's fused convolutions give a wrong shape. An empty
    part is therefore filled with one example of zeros. `examples_in` does not count it, and its
    output is removed.

    Args:
      network: maps the inputs to a tensor [batch, ...], or to a structure of them.
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
        return tf.nest.map_structure(lambda x: x[:number], network(filled))
    finally:
        _EXAMPLES.reset(token)


def examples_in(values: tf.Tensor) -> tf.Tensor:
    """Returns the rows of a tensor inside a network that belong to examples."""
    number = _EXAMPLES.get()
    return values if number is None else values[:number]
