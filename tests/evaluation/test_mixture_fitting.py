"""Mixtures are fitted to where a model puts training data that have every modality."""

import types

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation.mixture_fitting import fit_latent_mixture
from jmvae_tf.modalities import observed_key
from tests.helpers.small_models import examples, small_model

CENTRES = np.array([[-6, 0], [0, 6], [6, -3]], "f")


class Known:
    """A model whose z is the value of its modality and noise of known deviations."""

    conditions = ()
    latent_dim = 2
    modalities = types.MappingProxyType({})

    def sample_posterior(self, given, num_samples, seed):
        noise = tf.random.stateless_normal((1, len(given["x"]), 2), seed)
        return given["x"] + noise * [0.5, 0.1]


def batches(model, numbers):
    model.modalities = {"x": types.SimpleNamespace(observed_in=lambda x: None)}
    return [{"x": tf.constant(CENTRES[np.arange(number) % 3])} for number in numbers]


def test_known_clusters_are_found():
    model = Known()
    mixture = fit_latent_mixture(model, batches(model, [900, 600]), num_components=3)
    order = np.argsort(mixture.means[:, 0])
    np.testing.assert_allclose(mixture.weights[order], [1 / 3] * 3, atol=1e-3)
    np.testing.assert_allclose(mixture.means[order], CENTRES, atol=5 * 0.5 / np.sqrt(500))
    covariances = mixture.factors @ mixture.factors.transpose(0, 2, 1)
    for each in covariances:
        np.testing.assert_allclose(np.sqrt(np.diag(each)), [0.5, 0.1], rtol=0.2)
        assert abs(each[0, 1]) < 5 * 0.05 / np.sqrt(500)
    assert (mixture.num_examples, mixture.checkpoint) == (1500, "")
    again = fit_latent_mixture(model, batches(model, [900, 600]), num_components=3)
    np.testing.assert_array_equal(again.factors, mixture.factors)


def test_only_so_many_examples_are_used(monkeypatch):
    monkeypatch.setattr("jmvae_tf.evaluation.mixture_fitting.MOST_FITTED_TO", 100)
    model = Known()
    assert fit_latent_mixture(model, batches(model, [70, 70, 70]), 3).num_examples == 100


def test_examples_that_lack_a_modality_are_left_out(two_modalities):
    model, data = small_model("jmvae_kl", two_modalities), examples(two_modalities, 40)
    there = np.arange(40) % 2 == 0
    batch = {**data, observed_key("label"): tf.constant(there)}
    mixture = fit_latent_mixture(model, [batch], 2, checkpoint="epoch-000001.keras")
    assert (mixture.num_examples, mixture.checkpoint) == (20, "epoch-000001.keras")
    complete = {name: tf.boolean_mask(x, there) for name, x in data.items()}
    np.testing.assert_array_equal(mixture.means, fit_latent_mixture(model, [complete], 2).means)


@pytest.mark.parametrize("name", ["vae", "jmvae_h"])
def test_it_is_of_what_decoders_take(two_modalities, name):
    """In JMVAE-h that is z_1: its mean is the mean of samples given everything."""
    model = small_model(name, two_modalities)
    data = examples({x: two_modalities[x] for x in model.modalities}, 60)
    [mean] = fit_latent_mixture(model, [data], 1).means
    z = model.sample_posterior(data, 200, seed=1).numpy()
    spread = z.mean(axis=1).std(axis=0)
    np.testing.assert_allclose(mean, z.mean(axis=(0, 1)), atol=5 * spread.max())


def test_refused(two_modalities):
    model, data = small_model("jmvae_kl", two_modalities), examples(two_modalities, 39)
    with pytest.raises(ValueError, match=r"needs 40 training examples that .*Received: 39"):
        fit_latent_mixture(model, [data])
    with pytest.raises(ValueError, match="Received: num_components=0"):
        fit_latent_mixture(model, [data], 0)
    with pytest.raises(ValueError, match="Received: one that needs label"):
        fit_latent_mixture(small_model("cvae", two_modalities), [data], 2)
    with pytest.raises(ValueError, match="Received: 0"):
        fit_latent_mixture(model, [], 2)
