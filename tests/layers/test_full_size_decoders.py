"""Decoders that have an image's full size before their head, and the layers that make them."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.layers import notation
from jmvae_tf.layers.conditional import ConditionalDistribution
from jmvae_tf.layers.distributions import LikelihoodHead
from jmvae_tf.likelihoods import Bernoulli, Gaussian, LearnedGaussian, NegativeBinomial
from jmvae_tf.modalities import Modality
from jmvae_tf.models.loading import load_model
from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.models.vae import VAE
from jmvae_tf.runtime import replicas
from tests.helpers.small_models import examples, set_sequential_weights, small_model

SHAPE = (8, 12, 3)
MODALITIES = {
    "photo": Modality("photo", SHAPE, Gaussian(), kind="image"),
    "v": Modality("v", (5,), Gaussian()),
}


def _values(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def _convolution_3x3(x, kernel, bias):
    """Cross-correlation with zeros around the image, as all frameworks call a convolution."""
    padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    height, width = x.shape[1:3]
    shifted = [
        padded[:, i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3)
    ]
    return sum(shifted) + bias


def _doubled(x, axis):
    """Bilinear: new places are a quarter of a pixel before and after the old ones."""
    x = np.moveaxis(x, axis, 0)
    before, after = np.concatenate([x[:1], x[:-1]]), np.concatenate([x[1:], x[-1:]])
    new = np.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], axis=1)
    return np.moveaxis(new.reshape(-1, *x.shape[1:]), 0, axis)


def _leaky(x, slope):
    return np.where(x > 0, x, slope * x)


def _with_bias(model):
    """Gives the one convolution of a body biases other than 0, and returns its weights."""
    [layer] = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    layer.bias.assign(_values(layer.filters))
    return layer.get_weights()


@pytest.mark.parametrize(("letter", "slope"), [("R", 0.0), ("L", 0.01), ("S", 0.2), ("", 1.0)])
def test_a_convolution_that_keeps_the_size(letter, slope):
    model = notation.body(f"K4{letter}", (3, 5, 2))
    kernel, bias = _with_bias(model)
    x = _values(2, 3, 5, 2)
    expected = _leaky(_convolution_3x3(x, kernel, bias), slope)
    np.testing.assert_allclose(model(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("letter", ["S", "R"])
def test_bilinear_upsampling_before_a_convolution(letter):
    model = notation.body(f"UC4{letter}", (3, 5, 2))
    kernel, bias = _with_bias(model)
    x = _values(2, 3, 5, 2)
    doubled = _doubled(_doubled(x, 1), 2)
    assert doubled.shape == (2, 6, 10, 2)
    expected = _leaky(_convolution_3x3(doubled, kernel, bias), 0.2 if letter == "S" else 0.0)
    np.testing.assert_allclose(model(x), expected, rtol=1e-4, atol=1e-5)


def test_batch_normalisation_goes_with_the_new_layers():
    kinds = [type(layer).__name__ for layer in notation.body("UC4BS-K4BR", (4, 4, 1)).layers]
    convolution = ["Conv2D", "BatchNormalization", "ReLU"]
    assert kinds == ["UpSampling2D", *convolution, *convolution]


@pytest.mark.parametrize(
    ("text", "shape", "folded"),
    [
        ("D256R-D1536S-DC64S-DC48S-UC24S-UC12S", (64, 64, 3), (4, 4, 96)),
        ("D256R-D1536S-DC64S-DC48S-DC24S", (64, 64, 3), (4, 4, 96)),
        ("D96R-DC8S-UC6S", SHAPE, (2, 3, 16)),
        ("D96-UC8-DC6-K4S", SHAPE, (2, 3, 16)),
        ("D48-UC8R-DC6R", (8, 24, 1), (1, 3, 16)),
        ("D192-K2S", (8, 12, 4), (8, 12, 2)),
        ("D30-K2S-UC2BL", (6, 10, 4), (3, 5, 2)),
    ],
)
def test_a_dense_layer_is_folded_so_that_the_head_ends_at_the_image(text, shape, folded):
    model = notation.body(text, (4,), shape)
    [reshape] = [x for x in model.layers if isinstance(x, keras.layers.Reshape)]
    assert reshape.target_shape == folded
    p = LikelihoodHead(Bernoulli(), shape)(model(tf.zeros((2, 4))))
    assert p.mean().shape == (2, *shape)


@pytest.mark.parametrize(
    ("text", "shape", "message"),
    [
        ("D100R-UC8R", (8, 12, 3), "100 units, doubled 1 times.*multiple of 4 x 6$"),
        ("D96R-UC8R-UC8R-UC8R", (8, 12, 3), "doubled 3 times.*sides multiples of 8"),
        ("D96R-UC8R-UC8R-DC8R", (8, 8, 3), "doubled 4 times.*sides multiples of 16"),
        ("D96R-K8R", (5,), r"output_shape=\(5,\).*use them to decode an image"),
        ("D96R-K8R", None, "output_shape=None.*use them to decode an image"),
    ],
)
def test_layers_that_do_not_lead_to_the_image_are_refused(text, shape, message):
    with pytest.raises(ValueError, match=message):
        notation.body(text, (4,), shape)


@pytest.mark.parametrize("sides", [(2, 3), (16, 24), (8, 6), (4, 12)])
def test_features_of_another_size_are_refused(sides):
    head = LikelihoodHead(Gaussian(), SHAPE)
    message = rf"half the height and width.*{re.escape(str((*sides, 2)))}.*{re.escape(str(SHAPE))}"
    with pytest.raises(ValueError, match=message):
        head(tf.zeros((2, *sides, 2)))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_head_at_full_size_is_a_convolution_that_keeps_it(channels):
    head = LikelihoodHead(Gaussian(), (3, 5, channels))
    x = _values(2, 3, 5, 2)
    head(x)
    kernel, _ = head.parameters.get_weights()
    assert kernel.shape == (3, 3, 2, channels)
    head.parameters.bias.assign(_values(channels))
    expected = _convolution_3x3(x, kernel, _values(channels))
    np.testing.assert_allclose(head(x).mean(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("likelihood", "filters", "shared"),
    [
        (LearnedGaussian(), 3, SHAPE),
        (LearnedGaussian("one"), 3, ()),
        (NegativeBinomial(), 6, None),
    ],
)
def test_likelihoods_of_several_parameters_at_full_size(likelihood, filters, shared):
    head = LikelihoodHead(likelihood, SHAPE)
    p = head(_values(2, *SHAPE[:2], 4))
    assert head.parameters.kernel.shape == (3, 3, 4, filters)
    assert (None if head.shared is None else tuple(head.shared.shape)) == shared
    assert p.mean().shape == p.variance().shape == (2, *SHAPE)
    assert p.log_prob(tf.zeros((2, *SHAPE))).shape == (2,)


def _full_size_model(name):
    """A model whose photos go through the new layers, in and out."""
    row = PLAIN_MODELS[name]
    body = {"photo": "C4S-K4BS-F-D8S", "v": "D8S"}
    networks = {"decoders": {"photo": "D48S-DC4S-UC4BS"}}
    if "joint_encoder" in row.networks:
        networks["joint_encoder"] = f"({', '.join(body.values())})"
    if row.encoders == "all":
        networks["encoders"] = body
    return small_model(name, MODALITIES, **networks)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jmvae_kl", "jmvae_h", "cvae"])
def test_models_generate_at_full_size(name):
    given = {"v": examples(MODALITIES, 2)["v"]}
    model = _full_size_model(name)
    photos = model.generate("photo", given)
    assert photos.shape == (2, *SHAPE)
    assert np.all(np.std(photos, axis=0) > 0), "the decoder sees z"


def test_a_model_is_loaded_as_it_was_saved(tmp_path):
    networks = {"encoders": {"photo": "C4S-K4BS-F-D8S"}, "decoders": {"photo": "D48S-DC4S-UC4BS"}}
    model = VAE({"photo": MODALITIES["photo"]}, latent_dim=3, **networks)
    set_sequential_weights(model)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    data = {"photo": examples(MODALITIES, 2)["photo"]}
    before, after = model.reconstruct(data)["photo"], loaded.reconstruct(data)["photo"]
    np.testing.assert_array_equal(before, after)


def test_a_replica_without_examples_decodes_none(monkeypatch):
    decoder = ConditionalDistribution(
        notation.body("D24S-UC4S-UC4S", (4,), SHAPE), LikelihoodHead(Gaussian(), SHAPE)
    )
    monkeypatch.setattr(replicas, "current", lambda: replicas.Share(1, 2))
    mean = tf.function(lambda z: decoder(z).mean(), [tf.TensorSpec((None, 4))])
    z = _values(2, 4)
    assert mean(z[:0]).shape == (0, *SHAPE)
    np.testing.assert_allclose(mean(z), decoder(z).mean(), rtol=1e-5, atol=1e-6)


def _weights(network):
    return [(x.name, tuple(x.shape)) for x in network.variables]


def test_the_notation_of_before_makes_the_weights_of_before():
    """Files of older models have these."""
    body = notation.body("D5R-D48BR-DC4BR-DC2L", (4,), (16, 24, 3))
    head = LikelihoodHead(Gaussian(), (16, 24, 3))
    head(body(tf.zeros((1, 4))))

    def norm(size):
        return [(x, (size,)) for x in ("gamma", "beta", "moving_mean", "moving_variance")]

    assert _weights(body) == [
        *[("kernel", (4, 5)), ("bias", (5,))],
        *[("kernel", (5, 48)), *norm(48)],
        *[("kernel", (4, 4, 4, 8)), *norm(4)],
        *[("kernel", (4, 4, 2, 4)), ("bias", (2,))],
    ]
    assert head.parameters.name == "parameters"
    assert _weights(head) == [("kernel", (4, 4, 3, 2)), ("bias", (3,))]
    assert _weights(notation.body("C2R-C3BL-F-D5R", (8, 8, 3))) == [
        *[("kernel", (4, 4, 3, 2)), ("bias", (2,))],
        *[("kernel", (4, 4, 2, 3)), *norm(3)],
        *[("kernel", (12, 5)), ("bias", (5,))],
    ]
