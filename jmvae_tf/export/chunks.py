"""Processes large batches in parts, so that activations' memory does not grow with the batch."""

from collections.abc import Callable, Mapping

import tensorflow as tf

MOST_AT_ONCE = 64
"""Examples per part."""

_Tensors = Mapping[str, tf.Tensor]


def in_chunks(function: Callable[[_Tensors], _Tensors], inputs: _Tensors) -> dict[str, tf.Tensor]:
    """Calls a function with at most `MOST_AT_ONCE` examples at a time.

    Args:
      function: maps tensors by name to tensors by name, all [batch, ...], each example
        independently.
      inputs: tensors by name, [batch, ...], at least one example.

    Returns:
      The outputs of all parts, concatenated.
    """

    @tf.function(autograph=False)
    def answers(start: tf.Tensor) -> _Tensors:
        return function({name: x[start : start + MOST_AT_ONCE] for name, x in inputs.items()})

    traced = answers.get_concrete_function(tf.TensorSpec((), tf.int32))
    specs = traced.structured_outputs
    batch = tf.shape(next(iter(inputs.values())))[0]
    number = -(-batch // MOST_AT_ONCE)
    arrays = {
        name: tf.TensorArray(spec.dtype, number, element_shape=spec.shape, infer_shape=False)
        for name, spec in specs.items()
    }
    _, arrays = tf.while_loop(
        lambda chunk, _: chunk < number,
        lambda chunk, arrays: (
            chunk + 1,
            {
                name: arrays[name].write(chunk, answer)
                for name, answer in traced(chunk * MOST_AT_ONCE).items()
            },
        ),
        (0, arrays),
        parallel_iterations=1,
    )
    return {
        name: tf.ensure_shape(arrays[name].concat(), spec.shape) for name, spec in specs.items()
    }
