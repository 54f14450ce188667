"""Penalty, spectral normalisation, projection, similarity and shifts, against NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.models.adversaries import shifts
from jmvae_tf.models.adversaries.gradient_penalty import gradient_penalty
from jmvae_tf.models.adversaries.learned_similarity import learned_dissimilarity
from jmvae_tf.models.adversaries.projection import Projection
from jmvae_tf.models.adversaries.spectral_norm import SpectralNorm


def _random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


# The gradient penalty.


def test_the_penalty_of_a_linear_discriminator_is_half_its_squared_weights():
    weights = _random(4, 4, 3)
    penalty = gradient_penalty(lambda x: tf.tensordot(x, weights, 3), tf.zeros((2, 4, 4, 3)))
    np.testing.assert_allclose(penalty, [0.5 * np.sum(weights**2)] * 2, rtol=1e-6)


def test_the_penalty_of_a_network_against_differences():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(5, "tanh"), keras.layers.Dense(1)]
    network = keras.Sequential(layers)
    images, step = _random(2, 2, 2, 1).astype(np.float64), 1e-3
    kernels = [np.asarray(x, np.float64) for x in (network(images), *network.get_weights())][1:]

    def logits(x):
        first, bias, second, last = kernels
        return (np.tanh(x.reshape(len(x), -1) @ first + bias) @ second + last)[:, 0]

    squares = np.zeros(2)
    for place in np.ndindex(2, 2, 1):
        moved = np.zeros_like(images)
        moved[(slice(None), *place)] = step
        squares += ((logits(images + moved) - logits(images - moved)) / (2 * step)) ** 2
    ours = gradient_penalty(lambda x: network(x)[:, 0], images.astype(np.float32))
    np.testing.assert_allclose(ours, squares / 2, rtol=1e-4)


def test_the_penalty_trains_the_weights_that_it_is_of():
    kernel = tf.Variable(_random(12, 1))
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(
            lambda x: tf.squeeze(tf.reshape(x, (-1, 12)) @ kernel, -1), tf.ones((1, 2, 2, 3))
        )
    np.testing.assert_allclose(tape.gradient(penalty, kernel), kernel, rtol=1e-6)  # Of |w|^2 / 2.


# Spectral normalisation.


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda: keras.layers.Dense(5), (7,)),
        (lambda: keras.layers.Conv2D(5, 4, 2, "same"), (8, 8, 3)),
    ],
)
def test_the_largest_singular_value_becomes_1(layer, shape):
    keras.utils.set_random_seed(0)
    normalised = SpectralNorm(layer())
    x = _random(2, *shape)
    normalised(x)
    for _ in range(100):
        normalised.update()
    outputs = normalised(x)
    kernel = np.asarray(normalised.layer.kernel)
    largest = np.linalg.svd(kernel.reshape(-1, 5), compute_uv=False)[0]
    plain = normalised.layer(x)  # Its bias is 0.
    np.testing.assert_allclose(outputs, plain / largest, rtol=1e-3, atol=1e-5)


def test_passes_leave_u_and_an_update_changes_it():
    normalised = SpectralNorm(keras.layers.Dense(3))
    normalised(_random(2, 4))
    before = normalised.u.numpy()
    normalised(_random(2, 4), training=True)
    np.testing.assert_array_equal(normalised.u, before)
    normalised.update()
    assert not np.allclose(normalised.u, before)


def test_the_gradient_of_a_normalised_kernel_is_that_of_the_quotient():
    keras.utils.set_random_seed(0)
    normalised = SpectralNorm(keras.layers.Dense(3, use_bias=False))
    x = _random(2, 4)
    normalised(x)
    for _ in range(200):  # u and v no longer change.
        normalised.update()
    [kernel] = normalised.trainable_variables
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(normalised(x) ** 2)
    gradient = tape.gradient(loss, kernel)

    def loss_of(w):
        return np.sum((x @ w / np.linalg.svd(w, compute_uv=False)[0]) ** 2)

    values, step = np.asarray(kernel, np.float64), 1e-5
    for place in np.ndindex(*values.shape):
        moved = np.zeros_like(values)
        moved[place] = step
        difference = (loss_of(values + moved) - loss_of(values - moved)) / (2 * step)
        assert float(gradient[place]) == pytest.approx(difference, rel=1e-3, abs=1e-4)


# The projection.


def test_the_projection_against_numpy():
    projection = Projection()
    features, condition = _random(2, 16), _random(2, 3, seed=1)
    ours = projection(features, condition)
    [v] = projection.get_weights()
    expected = [condition[i] @ v @ features[i] / 4 for i in range(2)]
    np.testing.assert_allclose(ours, expected, rtol=1e-5)


def test_a_spectral_projection_has_a_norm_of_1():
    projection, condition = Projection(spectral=True), _random(2, 3, seed=1)
    features = _random(2, 16)
    projection(features, condition)
    for _ in range(100):
        projection.embedding.update()
    v = np.asarray(projection.embedding.layer.kernel)
    v = v / np.linalg.svd(v, compute_uv=False)[0]
    expected = [condition[i] @ v @ features[i] / 4 for i in range(2)]
    np.testing.assert_allclose(projection(features, condition), expected, rtol=1e-3, atol=1e-5)


def test_a_hidden_condition_adds_nothing():
    np.testing.assert_array_equal(Projection()(_random(2, 16), np.zeros((2, 3))), [0, 0])


# The learned similarity.


def test_the_dissimilarity_against_numpy():
    real, other = _random(3, 2, 2, 5), _random(3, 2, 2, 5, seed=1)
    expected = 0.5 * ((real - other) ** 2).reshape(3, -1).sum(axis=1)
    np.testing.assert_allclose(learned_dissimilarity(real, other), expected, rtol=1e-5)
    vectors = learned_dissimilarity(real.reshape(3, -1), other.reshape(3, -1))
    np.testing.assert_allclose(vectors, expected, rtol=1e-5)


def test_the_dissimilarity_pulls_the_reconstruction_alone():
    real, other = (tf.constant(_random(1, 4, seed=seed)) for seed in (0, 1))
    with tf.GradientTape() as tape:
        tape.watch([real, other])
        loss = learned_dissimilarity(real, other)
    of_real, of_other = tape.gradient(loss, [real, other])
    assert of_real is None
    np.testing.assert_allclose(of_other, other - real, rtol=1e-5)


# Shifts.


def test_shifts_move_images_and_continue_their_edges():
    images = _random(3, 5, 6, 2)
    moved = shifts.shifted(images, tf.constant([[0, 0], [1, -2], [-1, 1]])).numpy()
    np.testing.assert_array_equal(moved[0], images[0])
    np.testing.assert_array_equal(moved[1, 1:, :4], images[1, :4, 2:])
    np.testing.assert_array_equal(moved[1, 0, :4], images[1, 0, 2:])
    np.testing.assert_array_equal(moved[1, 1:, 5], images[1, :4, 5])
    np.testing.assert_array_equal(moved[2, :4, 1:], images[2, 1:, :5])


def test_the_gradient_of_a_shift_is_shifted_back():
    images = tf.constant(_random(1, 4, 4, 1))
    with tf.GradientTape() as tape:
        tape.watch(images)
        loss = tf.reduce_sum(shifts.shifted(images, tf.constant([[1, 0]]))[:, 2])
    expected = np.zeros((1, 4, 4, 1))
    expected[:, 1] = 1
    np.testing.assert_array_equal(tape.gradient(loss, images), expected)


def test_every_shift_is_drawn_as_often():
    most = shifts.most_shifts(64, 32)
    assert most == (2, 1)
    assert shifts.most_shifts(8, 8) == (1, 1)
    drawn = shifts.draw_shifts(tf.constant(6000), most, tf.constant([1, 2])).numpy()
    for column, furthest in enumerate(most):
        values, counts = np.unique(drawn[:, column], return_counts=True)
        assert values.tolist() == list(range(-furthest, furthest + 1))
        expected = 6000 / len(values)
        assert np.abs(counts - expected).max() < 4 * np.sqrt(expected)
