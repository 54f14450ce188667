"""Checks in the graph: a request that breaks a rule fails with its reason."""

import tensorflow as tf

_MOST_AXES = 16  # A longer shape is cut in a message.


def refuse_unless(holds: tf.Tensor, rule: str, *received: tf.Tensor) -> tf.Operation:
    """Fails with InvalidArgument where a rule does not hold.

    This is an assertion without a branch: one branch makes TensorFlow schedule every op of the
    graph in a slower way.

    Args:
      holds: bool, [].
      rule: the rule, and words that lead to what was received.
      *received: small tensors that are at hand anyway.
    """
    return tf.raw_ops.Assert(condition=holds, data=[rule, *received], summarize=_MOST_AXES)
