"""Batch normalisation: Keras's layer, but fused."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.layers import notation, observed_rows
from jmvae_tf.layers.batch_normalization import BatchNormalization

SHAPES = [(50, 7), (10, 4, 6, 3)]


def _pair(shape, rng):
    """Ours and Keras's layer with the same variables, which are not their initial ones."""
    layers = BatchNormalization(), keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-4)
    values = rng.uniform(0.5, 2.0, (4, shape[-1])).astype(np.float32)
    for layer in layers:
        layer.build((None, *shape[1:]))
        layer.set_weights(values)
    return layers


def _step(layer, inputs, upstream):
    """Output and gradients of one training step."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, training=True)
        loss = tf.reduce_sum(outputs * upstream)
    return outputs, *tape.gradient(loss, [inputs, *layer.trainable_variables])


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("jit_compile", [False, True])
def test_it_trains_as_keras_layer_does(shape, jit_compile, rng):
    """Far from zero too, where the mean of squares less the squared mean would lose digits."""
    inputs = tf.constant(rng.normal(20.0, 2.0, shape), tf.float32)
    upstream = tf.constant(rng.normal(size=shape), tf.float32)
    ours, theirs = _pair(shape, rng)
    step = tf.function(_step, jit_compile=jit_compile)
    for actual, expected in zip(
        step(ours, inputs, upstream), step(theirs, inputs, upstream), strict=True
    ):
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)
    for actual, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_it_uses_the_moving_statistics_where_it_does_not_train(shape, rng):
    inputs = tf.constant(rng.normal(size=shape), tf.float32)
    ours, theirs = _pair(shape, rng)
    before = ours.get_weights()
    np.testing.assert_allclose(ours(inputs), theirs(inputs), rtol=1e-6)
    np.testing.assert_array_equal(ours.get_weights(), before)


def test_a_frozen_layer_keeps_its_statistics_and_uses_them(rng):
    inputs = tf.constant(rng.normal(size=(10, 3)), tf.float32)
    ours, theirs = _pair((10, 3), rng)
    ours.trainable = theirs.trainable = False
    before = ours.get_weights()
    np.testing.assert_allclose(
        ours(inputs, training=True), theirs(inputs, training=True), rtol=1e-6
    )
    np.testing.assert_array_equal(ours.get_weights(), before)


def test_checkpoints_with_keras_layer_can_still_be_read(monkeypatch, tmp_path, rng):
    inputs = tf.constant(rng.normal(size=(10, 3)), tf.float32)
    with monkeypatch.context() as patch:
        patch.setattr(
            notation,
            "BatchNormalization",
            lambda: keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-4),
        )
        old = notation.body("D4R-D4BR", (3,))
    old(inputs, training=True)
    old.save_weights(tmp_path / "old.weights.h5")
    new = notation.body("D4R-D4BR", (3,))
    new.load_weights(tmp_path / "old.weights.h5")
    np.testing.assert_allclose(new(inputs), old(inputs), rtol=1e-6)


def test_moving_statistics_are_those_of_the_batch():
    """Of values 0 and 2 the variance is 1, and not 2 as the population's estimate."""
    layer = BatchNormalization(momentum=0.0)
    layer(tf.constant([[0.0], [2.0]]), training=True)
    assert layer.moving_mean.numpy() == pytest.approx([1.0])
    assert layer.moving_variance.numpy() == pytest.approx([1.0])


@pytest.mark.bfloat16
def test_a_lower_precision_is_normalised_in_float32(rng):
    """A mean of 1000 with a deviation of 1 leaves nothing in bfloat16's own arithmetic."""
    layer = BatchNormalization(dtype="mixed_bfloat16")
    inputs = tf.constant(rng.choice([1000.0, 1008.0], (200, 3)), tf.bfloat16)
    outputs = layer(inputs, training=True)
    assert outputs.dtype == tf.bfloat16
    np.testing.assert_allclose(np.abs(tf.cast(outputs, tf.float32)), 1.0, atol=0.2)


def test_keras_saves_it(tmp_path):
    layer = BatchNormalization(momentum=0.5, epsilon=1e-2)
    same = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert (same.momentum, same.epsilon) == (0.5, 1e-2)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("jit_compile", [False, True])
def test_rows_that_do_not_count_change_nothing(shape, jit_compile, rng):
    """Outputs, gradients and moving statistics are those of the others alone."""
    rows = rng.random(shape[0]) < 0.6
    inputs = np.float32(rng.normal(20.0, 2.0, shape))
    upstream = np.float32(rng.normal(size=shape))
    masked, alone = _pair(shape, rng)[0], _pair(shape, np.random.default_rng(0))[0]
    alone.set_weights(masked.get_weights())
    upstream[~rows] = 0.0  # Later layers and likelihoods select, too.

    @tf.function(jit_compile=jit_compile)
    def step(inputs):
        with observed_rows.counting(tf.constant(rows)):
            return _step(masked, inputs, tf.constant(upstream))

    outputs, to_inputs, *to_variables = step(tf.constant(inputs))
    expected = _step(alone, tf.constant(inputs[rows]), tf.constant(upstream[rows]))
    for actual, x in zip((outputs[rows], to_inputs[rows], *to_variables), expected, strict=True):
        np.testing.assert_allclose(actual, x, rtol=1e-4, atol=1e-4)
    assert not np.any(to_inputs[~rows])
    for actual, x in zip(masked.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_allclose(actual, x, rtol=1e-4)


def test_a_batch_without_rows_that_count_keeps_the_statistics(rng):
    layer, _ = _pair((5, 3), rng)
    before = layer.get_weights()
    inputs = tf.constant(rng.normal(size=(5, 3)), tf.float32)
    with observed_rows.counting(tf.zeros(5, bool)):
        outputs = layer(inputs, training=True)
    np.testing.assert_array_equal(layer.get_weights(), before)
    np.testing.assert_allclose(outputs, layer(inputs), rtol=1e-5)


def test_a_branch_of_a_joint_network_has_rows_of_its_own(rng):
    body = notation.joint_body("(D4BR, D4BR)-D4BR", {"x": (2,), "y": (2,)})
    rows = {"x": np.array([True, True, False]), "y": np.array([False, True, True])}
    data = {name: tf.constant(rng.normal(size=(3, 2)), tf.float32) for name in rows}
    with observed_rows.counting(tf.constant([False, True, False]), rows):
        body(data, training=True)
    for name in rows:
        dense, norm = body.branches[name].layers[:2]
        mean = np.mean(dense(data[name])[rows[name]], axis=0)
        np.testing.assert_allclose(norm.moving_mean, 0.1 * mean, rtol=1e-4, atol=1e-6)
    # A single row has no variance.
    np.testing.assert_allclose(body.trunk.layers[1].moving_variance, 0.9, rtol=1e-5)
