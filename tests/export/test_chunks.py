"""Large batches are answered in parts."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.export import chunks


@pytest.mark.parametrize("size", [1, chunks.MOST_AT_ONCE, chunks.MOST_AT_ONCE + 1, 150])
def test_a_large_batch_is_answered_in_chunks(size, rng):
    sizes = []

    def twice(x):
        number = tf.shape(x["a"])[0]
        told = tf.py_function(lambda n: sizes.append(int(n)), [number], [])
        with tf.control_dependencies([told]):
            return {"b": 2 * x["a"], "text": tf.strings.as_string(x["a"][:, 0])}

    x = rng.normal(size=(size, 3)).astype("f")
    spec = tf.TensorSpec((None, 3), tf.float32)
    asked = tf.function(lambda x: chunks.in_chunks(twice, {"a": x}), input_signature=[spec])
    answer = asked(x)
    np.testing.assert_array_equal(answer["b"], 2 * x)
    assert answer["b"].shape == (size, 3)
    assert answer["text"].shape == size
    assert max(sizes) <= chunks.MOST_AT_ONCE
    assert sum(sizes) == size
