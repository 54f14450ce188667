"""Test bounds and coherence, on models and data with known answers."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation import coherence
from jmvae_tf.evaluation.conditional import conditional_log_likelihoods
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.jmvae import JMVAE
from jmvae_tf.models.jmvae_kl import JMVAEKL


def test_estimate():
    values = np.array([1.0, 2.0, 3.0, 6.0], np.float32)
    assert estimate(values) == (3.0, np.sqrt((4 + 1 + 0 + 9) / 3) / 2)
    assert str(estimate(values)) == "3.0000 ± 1.0801"


def _set_linear(layer, kernel, bias):
    layer.set_weights([np.asarray(kernel, "f"), np.asarray(bias, "f")])


@pytest.fixture
def gaussian_pair():
    """x and w of one value each, encoders and decoders linear, weights chosen by hand.

    q(z|w) = N(0.8 w, softplus(0.3)), p(x|z) = N(2 z + 0.5, 0.7).
    """
    modalities = {
        "x": Modality("x", (1,), Gaussian(0.7)),
        "w": Modality("w", (1,), Gaussian(1.0)),
    }
    networks = {"x": "D1", "w": "D1"}
    model = JMVAEKL(modalities, 1, joint_encoder="(D1, D1)", encoders=networks, decoders=networks)
    for part in (model.encoders["w"], model.decoders["x"]):
        _set_linear(part.body.layers[0], [[1.0]], [0.0])
    _set_linear(model.encoders["w"].head.mean, [[0.8]], [0.0])
    _set_linear(model.encoders["w"].head.variance, [[0.0]], [0.3])
    _set_linear(model.decoders["x"].head.parameters, [[2.0]], [0.5])
    return model


@pytest.mark.parametrize("num_samples", [1, 10])
def test_eq_5_is_its_closed_form(gaussian_pair, rng, num_samples):
    """E_q log N(x; 2 z + 0.5, 0.7) = log N(x; 1.6 w + 0.5, 0.7) - 4 softplus(0.3) / (2 0.7)."""
    x, w = rng.normal(size=(2, 5000, 1))
    examples = {"x": tf.constant(x, tf.float32), "w": tf.constant(w, tf.float32)}
    scores = conditional_log_likelihoods(gaussian_pair, examples, "x", ["w"], num_samples, 3)
    assert scores.shape == (5000,)
    variance = np.log1p(np.exp(0.3))
    mean = 1.6 * w[:, 0] + 0.5
    expected = (
        -0.5 * np.log(2 * np.pi * 0.7)
        - (x[:, 0] - mean) ** 2 / (2 * 0.7)
        - 4 * variance / (2 * 0.7)
    )
    difference = estimate(scores - expected)
    assert abs(difference.mean) < 5 * difference.standard_error
    # The samples of an example are averaged: ten of them spread a tenth as much.
    error = scores.astype(float) - expected
    one_sample = (4 * variance * 2) ** 2 / 2 / (2 * 0.7) ** 2 + (
        4 * 4 * variance * (x[:, 0] - mean) ** 2
    ) / (2 * 0.7) ** 2 * 1.0
    assert np.mean(error**2) == pytest.approx(np.mean(one_sample) / num_samples, rel=0.2)


def test_eq_5_does_not_depend_on_the_batches_but_on_the_seed(gaussian_pair, rng):
    examples = {name: tf.constant(rng.normal(size=(30, 1)), tf.float32) for name in ("x", "w")}
    scores = [
        conditional_log_likelihoods(gaussian_pair, examples, "x", ["w"], 4, seed)
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert not np.allclose(scores[0], scores[2])
    chunked = conditional_log_likelihoods(gaussian_pair, examples, "x", ["w"], 2000, batch_size=7)
    whole = conditional_log_likelihoods(gaussian_pair, examples, "x", ["w"], 2000, batch_size=30)
    assert chunked.shape == (30,)
    # Both average 2,000 draws; the variance of their difference is read off the draws of one.
    np.testing.assert_allclose(chunked, whole, atol=0.6)


def test_eq_5_of_jmvae_runs_its_chains(two_modalities, two_modality_batch):
    model = JMVAE(two_modalities, 3, num_rounds=2)
    scores = conditional_log_likelihoods(model, two_modality_batch, "image", ["label"], 5)
    z = model.sample_posterior({"label": two_modality_batch["label"]}, 400, 1)
    log_p = model.decode(z)["image"].log_prob(
        tf.broadcast_to(two_modality_batch["image"], (400, 6, 4, 4, 1))
    )
    spread = np.std(log_p, axis=0)
    error = np.abs(scores - np.mean(log_p, axis=0))
    assert np.all(error < 5 * spread * np.sqrt(1 / 5 + 1 / 400))


class _Model:
    """Stands for a trained model that answers as it is told."""

    def __init__(self, modalities, answers):
        self.modalities = modalities
        self.answers = answers

    def generate(self, target, given, num_samples=None, seed=0):
        [labels] = given.values()
        answer = tf.gather(self.answers, tf.argmax(labels, axis=1))
        return answer if num_samples is None else tf.stack([answer] * num_samples)


@pytest.fixture
def patterns(rng):
    """Three kinds of image and sixty noisy examples of them."""
    kinds = rng.integers(0, 2, (3, 4, 4, 1)).astype("f")
    labels = np.arange(60) % 3
    images = np.clip(kinds[labels] + 0.1 * rng.normal(size=(60, 4, 4, 1)), 0, 1).astype("f")
    return kinds, images, np.eye(3, dtype="f")[labels]


def test_coherence_of_a_perfect_a_shifted_and_a_constant_generator(two_modalities, patterns):
    kinds, images, labels = patterns
    classifier = coherence.fit_classifier(images, labels)
    assert coherence.classifier_accuracy(classifier, images, labels).mean() == 1
    for answers, expected in ((kinds, 1.0), (np.roll(kinds, 1, 0), 0.0), (kinds[[0] * 3], 1 / 3)):
        model = _Model(two_modalities, answers)
        right = coherence.label_coherence(model, classifier, "label", "image", 8)
        assert right.shape == (24,)
        assert right.mean() == pytest.approx(expected)


def test_accuracy_of_generated_labels(two_modalities, patterns):
    _, _, labels = patterns
    for answers, expected in ((np.eye(3), 1.0), (np.eye(3)[[0, 0, 0]], 1 / 3)):
        model = _Model(two_modalities, answers.astype("f"))
        # The stand-in reads labels; a real model would be given the images.
        right = coherence.generated_label_accuracy(model, labels, labels, "image", "label")
        assert right.shape == (60,)
        assert right.mean() == pytest.approx(expected)
