"""Networks from the appendix's notation."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.layers import notation
from jmvae_tf.layers.default_networks import (
    default_decoder,
    default_discriminator,
    default_encoder,
    default_joint_encoder,
)
from jmvae_tf.layers.distributions import LikelihoodHead
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.adversarial import Adversarial
from jmvae_tf.models.cmma import CMMA
from jmvae_tf.models.cvae import CVAE
from jmvae_tf.models.jmvae import JMVAE
from jmvae_tf.models.jmvae_kl import JMVAEKL
from jmvae_tf.models.vae import VAE
from tests.helpers.small_models import small_model


def _kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def test_mnist_body():
    model = notation.body("D512R-D512R", (28, 28, 1))
    assert _kinds(model) == ["Flatten", "Dense", "Dense"]
    assert [layer.units for layer in model.layers[1:]] == [512, 512]
    assert all(layer.activation is keras.activations.relu for layer in model.layers[1:])
    assert model.count_params() == 784 * 512 + 512 + 512 * 512 + 512
    assert notation.body("D64", (3,)).layers[0].activation is keras.activations.linear


def test_celeba_encoder_halves_the_image_four_times():
    model = notation.body("C64R-C128BR-C256BR-C256BR-F-D1024R", (64, 64, 3))
    convolutions = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    assert [x.filters for x in convolutions] == [64, 128, 256, 256]
    assert [x.output.shape[1] for x in convolutions] == [32, 16, 8, 4]
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    assert [(x.epsilon, x.momentum) for x in norms] == [(1e-4, 0.9)] * 3
    # A layer that is normalised has no bias: the mean would take it away again.
    assert [x.use_bias for x in convolutions] == [True, False, False, False]
    assert model.output_shape == (None, 1024)


def test_leaky_relu():
    x = tf.constant([[-2.0, 3.0]])
    plain = notation.body("D2L", (2,))
    plain.layers[0].set_weights([np.eye(2), np.zeros(2)])
    np.testing.assert_allclose(plain(x), [[-0.02, 3]], rtol=1e-6)
    assert _kinds(notation.body("C4BL-DC4BL", (4, 4, 1))) == [
        "Conv2D",
        "BatchNormalization",
        "ReLU",
        "Conv2DTranspose",
        "BatchNormalization",
        "ReLU",
    ]
    normalised = notation.body("D2BL", (2,))
    kernel = normalised.layers[0].kernel
    kernel.assign(np.eye(2))
    assert not normalised.layers[0].use_bias
    np.testing.assert_allclose(normalised(x), [[-0.02, 3]], rtol=1e-3)


def test_default_discriminator_of_images():
    assert default_discriminator((64, 64, 3)) == "C64L-C128L-C256L-C256L-F-D1024L"
    assert default_discriminator((28, 28, 1)) == "D512L-D512L"
    model = notation.body(default_discriminator((32, 32, 3)), (32, 32, 3))
    relus = [x.negative_slope for x in model.layers if isinstance(x, keras.layers.ReLU)]
    assert relus == [0.01] * 5
    assert "BatchNormalization" not in _kinds(model)
    assert model.output_shape == (None, 1024)


@pytest.mark.parametrize("size", [32, 64, 128])
def test_default_decoder_of_images_ends_at_their_size(size):
    shape = (size, size, 3)
    model = notation.body(default_decoder(shape), (128,), shape)
    p = LikelihoodHead(Gaussian(), shape)(model(tf.zeros((2, 128))))
    assert p.mean().shape == (2, *shape)
    if size == 64:
        assert default_decoder(shape) == "D4096R-DC256BR-DC128BR-DC64BR"
        assert default_encoder(shape) == "C64R-C128BR-C256BR-C256BR-F-D1024R"


def test_defaults_of_vectors_and_small_images():
    assert default_encoder((40,)) == "D512R-D512R"
    assert default_decoder((28, 28, 1)) == "D512R-D512R"
    assert default_joint_encoder([(28, 28, 1), (10,)]) == "(D512R-D512R, D512R-D512R)"


@pytest.mark.parametrize(
    "shape",
    [(480, 640, 3), (218, 178, 3), (1024, 1024, 1), (300, 300, 1), (100_000,), (8, 100, 100)],
)
def test_defaults_that_nobody_would_choose_are_refused(shape):
    for default in (default_encoder, default_decoder):
        if default is default_decoder and shape == (480, 640, 3):
            continue  # Its units are many, but not for a latent variable of 64.
        with pytest.raises(ValueError, match=r"pass smaller networks as joint_encoder, encoders"):
            default(shape)
    with pytest.raises(ValueError, match=rf"{re.escape(str(shape))}, for which .* million"):
        default_joint_encoder([(10,), shape])


def test_large_events_are_taken_with_networks_that_somebody_chose():
    image = Modality("image", (218, 178, 3), Gaussian(), kind="image")
    model = small_model("jmvae_kl", {"image": image, "n": Modality("n", (2,), Gaussian())})
    assert model.generate("image", num_samples=1).shape == (1, 218, 178, 3)


def test_joint_body_concatenates_its_branches():
    body = notation.joint_body("(D4R, D3)-D5R", {"x": (2, 2, 1), "w": (6,)})
    x, w = tf.random.normal((7, 2, 2, 1)), tf.random.normal((7, 6))
    side_by_side = tf.concat([body.branches["x"](x), body.branches["w"](w)], axis=-1)
    np.testing.assert_allclose(
        body({"w": w, "x": x}), body.trunk(side_by_side), rtol=1e-5, atol=1e-6
    )
    assert notation.joint_body("(D4R,D3)", {"x": (2,), "w": (6,)}).trunk is None


def test_concatenated_body_takes_all_values_side_by_side():
    body = notation.concatenated_body("D5R-D4R", {"z": (3,), "w": (2, 2, 1)}, (8, 8, 1))
    z, w = tf.random.normal((7, 3)), tf.random.normal((7, 2, 2, 1))
    side_by_side = tf.concat([z, tf.reshape(w, (7, 4))], axis=-1)
    np.testing.assert_allclose(
        body({"w": w, "z": z}), body.trunk(side_by_side), rtol=1e-5, atol=1e-6
    )
    # Transposed convolutions lead to the size of the event.
    image = notation.concatenated_body("D64R-DC8R", {"z": (3,), "w": (2,)}, (8, 8, 1))
    assert image({"z": z, "w": w[:, :, 0, 0]}).shape == (7, 4, 4, 8)


@pytest.mark.parametrize(
    ("text", "received"),
    [
        ("D512r", "D512r"),
        ("D512RL", "D512RL"),
        ("D0R", "D0R"),
        ("", "''"),
        ("D5R--D5R", "''"),
        ("X3", "X3"),
        ("D3-C4", "C4"),
    ],
)
def test_unknown_notation_is_refused(text, received):
    with pytest.raises(ValueError, match=f"Received: .*{received}"):
        notation.body(text, (4, 4, 1))


@pytest.mark.parametrize("text", ["D3R, D3R", "(D3R)", "(D3R, D3R, D3R)", "(D3R, D3R)D4"])
def test_a_joint_notation_has_a_branch_for_each_modality(text):
    with pytest.raises(ValueError, match="joint network"):
        notation.joint_body(text, {"x": (2,), "w": (2,)})


def test_transposed_convolutions_must_fit_the_image():
    with pytest.raises(ValueError, match="100 units"):
        notation.body("D100R-DC8R", (2,), (64, 64, 3))
    with pytest.raises(ValueError, match="output_shape=None"):
        notation.body("D64R-DC8R", (2,))


SIZE = (8, 8, 3)
IMAGE = {"image": Modality("image", SIZE, Gaussian(), kind="image")}
BOTH = {**IMAGE, "v": Modality("v", (5,), Gaussian())}


class ToPairs(keras.layers.Layer):
    """Mixes up examples and their values."""

    def call(self, x):
        return tf.reshape(x, (-1, 2))


def ending_in(*layers):
    """A decoder's body from four latent values."""
    return keras.Sequential([keras.Input((4,)), *layers])


@pytest.mark.parametrize(
    ("model", "networks_of", "message"),
    [
        (VAE, {"encoders": {"image": "C4R"}}, r"flatten them.*\(4, 4, 4\)"),
        (VAE, {"encoders": {"image": "C4R-C4BR-DC4R"}}, r"flatten them.*\(4, 4, 4\)"),
        (VAE, {"decoders": {"image": "D16R-DC4R-C4R"}}, r"half the height.*\(2, 2, 4\).*\(8, 8"),
        (
            VAE,
            {"decoders": {"image": "D16R-C4R-DC4R"}},
            r"convolution needs an input of shape.*\(16,\) before 'C4R'",
        ),
        (
            VAE,
            {"decoders": {"image": ending_in(keras.layers.Dense(6), keras.layers.Reshape((2, 3)))}},
            r"decoder must end.*\(2, 3\)",
        ),
        (
            VAE,  # Each example becomes four.
            {"decoders": {"image": ending_in(keras.layers.Dense(8), ToPairs())}},
            "one row of features for each example",
        ),
        (JMVAE, {"joint_encoder": "(C4R, D4R)"}, r"branch of a joint.*'image'"),
        (JMVAE, {"joint_encoder": "(D4R, D4R)-D4R-F", "decoders": {"v": "D4R-D4"}}, None),
        (JMVAE, {"joint_encoder": keras.Sequential([keras.layers.Dense(3)])}, "Networks must fit"),
        (CVAE, {"joint_encoder": "(C4R-F, D4R)", "decoders": {"image": "D16-DC4-C4"}}, "half"),
        (CMMA, {"encoders": {"v": keras.layers.Reshape((5, 1))}}, "branch of a joint.*'v'"),
    ],
)
def test_networks_that_do_not_fit_are_refused_when_the_model_is_made(model, networks_of, message):
    arguments = {"modalities": IMAGE if model is VAE else BOTH, "latent_dim": 4, **networks_of}
    if model in (CVAE, CMMA):
        arguments["target"] = "image"
    if message is None:
        model(**arguments)
        return
    with pytest.raises(ValueError, match=message) as refusal:
        model(**arguments)
    assert "\n" not in str(refusal.value)
    assert keras.config.is_traceback_filtering_enabled()


def test_decoders_that_end_at_the_size_or_half_of_it_or_flat_are_taken():
    for body in (
        ending_in(keras.layers.Dense(192), keras.layers.Reshape(SIZE)),
        ending_in(keras.layers.Dense(48), keras.layers.Reshape((4, 4, 3))),
        ending_in(keras.layers.Dense(192)),
        "D16R-DC4R",
    ):
        model = VAE(IMAGE, latent_dim=4, encoders={"image": "D4"}, decoders={"image": body})
        assert model.generate("image", num_samples=1).shape == (1, 8, 8, 3)


def shared_by_two(shared):
    """A body of its own layers around a shared one."""
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(4), shared])


@pytest.mark.slow
@pytest.mark.parametrize(
    "networks_of",
    [
        lambda layer: {"decoders": {"image": layer, "v": layer}},
        lambda layer: {"decoders": {"image": shared_by_two(layer), "v": shared_by_two(layer)}},
        lambda layer: {"encoders": {"v": layer}, "decoders": {"v": layer}},
    ],
)
def test_layers_of_two_networks_are_refused(networks_of):
    layer = keras.layers.Dense(4)
    modalities = {**IMAGE, "v": Modality("v", (4,), Gaussian())}
    with pytest.raises(ValueError, match="layers of its own"):
        JMVAEKL(modalities, 4, **networks_of(layer))
    # Without weights there is nothing to be lost.
    JMVAEKL(modalities, 4, **networks_of(keras.layers.Activation("relu")))


def test_a_discriminator_has_layers_of_its_own():
    vae = VAE(IMAGE, 4, encoders={"image": notation.body("D4R", (8, 8, 3))})
    with pytest.raises(ValueError, match="layers of its own"):
        Adversarial(vae, "image", vae.encoder_networks["image"])
