"""The replicas that share a batch, as computations need to know of them.

Under a strategy of `tf.distribute` every replica computes the same step on its own part of the
batch. All parts are equally large in training, so that the mean over the batch is the mean of the
replicas' means, and the replicas in their order have the batch in its order.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class Share(NamedTuple):
    """The part of every batch that one replica has.

    Attributes:
      replica: which, from 0.
      replicas: how many share the batch.
    """

    replica: int | tf.Tensor = 0
    replicas: int = 1

    def drawn(self, draw: Callable[[tf.Tensor], tf.Tensor], examples: tf.Tensor) -> tf.Tensor:
        """The part of what is drawn for the whole batch.

        Every replica draws all of it, so that an example gets the draw that it would get if one
        replica had the whole batch.

        Args:
          draw: from a number of examples to a tensor [examples, ...], the same for every replica.
          examples: how many of them this replica has.

        Returns:
          [examples, ...].
        """
        if self.replicas == 1:
            return draw(examples)
        first = examples * self.replica
        return draw(examples * self.replicas)[first : first + examples]


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
    return Share(replica.replica_id_in_sync_group, replica.num_replicas_in_sync)
