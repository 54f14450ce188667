"""Checks in the graph: a request that breaks a rule fails with the reason."""

import tensorflow as tf

_MOST_AXES = 16  # A longer shape is cut in a message.


def refuse_unless(holds: tf.Tensor, rule: str, *received: tf.Tensor) -> tf.Operation:
    """Fails with InvalidArgument if a rule does not hold.

    This is an assertion without a branch. A single branch makes TensorFlow schedule all ops of the
    graph in a slower way.

    Args:
      holds: bool, [].
      rule: the rule, ending in words that introduce the received values.
      *received: small tensors with the received values.
    """
    return tf.raw_ops.Assert(condition=holds, data=[rule, *received], summarize=_MOST_AXES)
