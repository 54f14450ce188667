"""Models that are trained on K samples of one encoder."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp

from jmvae_tf.inference import posterior_of_observed
from jmvae_tf.likelihoods import Bernoulli, Categorical
from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.models.adversarial import Adversarial
from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.models.several_samples import SeveralSamples
from jmvae_tf.runtime.precision import computing_in
from jmvae_tf.runtime.randomness import root_seed
from tests.helpers.numpy_models import gaussian_of, log_normal, log_p_of
from tests.helpers.small_models import (
    examples,
    known_to,
    set_sequential_weights,
    small_model,
    swept,
)

MODELS = [
    name for name, row in PLAIN_MODELS.items() if issubclass(row.model_class(), SeveralSamples)
]


@pytest.fixture
def modalities():
    return {
        "image": Modality("image", (4, 4, 1), Bernoulli(), kind="image"),
        "label": Modality("label", (3,), Categorical(), kind="label"),
    }


def test_the_models_are_those_of_the_paper_with_one_layer_and_no_condition():
    assert MODELS == ["vae", "jmvae", "jmvae_kl"]


def _drawn(monkeypatch):
    """A list that gets the noise of every batch from now on, those that a new model tries too."""
    from jmvae_tf.models import several_samples

    kept, noise = [], several_samples.noise_of_batch

    def keeping(*arguments):
        kept.append(noise(*arguments))
        return kept[-1]

    monkeypatch.setattr(several_samples, "noise_of_batch", keeping)
    return kept


def _by_hand(model, data, noise):
    """NumPy's bound of K samples at the model's weights, [batch], for flat images."""
    image, label = (data[name].numpy().astype(float) for name in ("image", "label"))
    image = image.reshape(len(image), -1)
    given = [image] if len(model.modalities) == 1 else [image, label]
    encoder = model.encoders["image"] if len(given) == 1 else model.joint_encoder
    mean, variance = gaussian_of(encoder, *given)
    z = mean + np.sqrt(variance) * noise.numpy()
    if len(given) == 1:
        body, head = (model.decoders["image"].get_weights()[i : i + 2] for i in (0, 2))
        logits = np.maximum(z @ body[0] + body[1], 0) @ head[0] + head[1]
        log_p = (image * logits - np.log1p(np.exp(logits))).sum(axis=-1)
    else:
        log_p = sum(log_p_of(model, z, image, label).values())
    log_w = log_p + log_normal(z, 0, np.ones(3)) - log_normal(z, mean, variance)
    bound = logsumexp(log_w, axis=0) - np.log(len(log_w))
    if hasattr(model, "alpha"):
        for name, x in (("image", image), ("label", label)):
            m, v = gaussian_of(model.encoders[name], x)
            kl = variance / v - 1 - np.log(variance / v) + (mean - m) ** 2 / v
            bound -= model.alpha * 0.5 * kl.sum(axis=-1)
    return bound


@pytest.mark.slow
@pytest.mark.parametrize("gradient", ["plain", "dreg"])
@pytest.mark.parametrize("name", swept(MODELS))
def test_the_bound_of_five_samples_is_that_of_numpy(modalities, monkeypatch, name, gradient):
    drawn = _drawn(monkeypatch)
    options = {"alpha": 0.3} if name == "jmvae_kl" else {}
    model = small_model(name, modalities, num_samples=5, gradient=gradient, **options)
    set_sequential_weights(model)
    data = examples(modalities, 6)
    bound = model.unchecked_bound(known_to(model, data), root_seed(1), training=True)
    noise = drawn[-1]
    assert noise.shape == (5, 6, 3)
    np.testing.assert_allclose(bound.value, _by_hand(model, data, noise), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", swept(MODELS))
def test_one_sample_is_the_paper_and_has_one_gradient(modalities, monkeypatch, name):
    """The same numbers, bit for bit, with and without the settings; nothing else is drawn."""
    drawn, found = _drawn(monkeypatch), []
    data = examples(modalities, 6)
    for options in ({}, {"num_samples": 1}, {"num_samples": 1, "gradient": "dreg"}):
        keras.utils.set_random_seed(0)
        model = small_model(name, modalities, **options)
        with tf.GradientTape() as tape:
            bound = model.unchecked_bound(known_to(model, data), root_seed(1), 0.5, training=True)
        found.append([bound.value, *tape.gradient(bound.value, model.trainable_variables)])
    assert not drawn
    for other in found[1:]:
        for x, expected in zip(other, found[0], strict=True):
            if expected is not None:
                np.testing.assert_array_equal(x, expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", swept(MODELS))
def test_each_gradient_reaches_all_weights_and_leaves_the_value(modalities, name):
    data, values = examples(modalities, 5), []
    for gradient in ("plain", "dreg"):
        keras.utils.set_random_seed(0)
        model = small_model(name, modalities, num_samples=3, gradient=gradient)
        with tf.GradientTape() as tape:
            bound = model.unchecked_bound(known_to(model, data), root_seed(0), 0.5, training=True)
        values.append(bound.value)
        for slope in tape.gradient(bound.value, model.trainable_variables):
            assert np.isfinite(slope).all()
            assert np.any(slope)
    np.testing.assert_array_equal(*values)


@pytest.mark.slow
@pytest.mark.parametrize("gradient", ["plain", "dreg"])
@pytest.mark.parametrize("name", swept(MODELS))
def test_examples_that_lack_modalities(modalities, name, gradient):
    """One has all, one the image, one the label and one nothing; what is hidden may be anything."""
    model = small_model(name, modalities, num_samples=4, gradient=gradient)
    data = known_to(model, examples(modalities, 4))
    has = {"image": [True, True, False, False], "label": [True, False, True, False]}
    hidden = {observed_key(x): tf.constant(has[x]) for x in model.modalities}
    found = []
    for filling in (0.0, np.nan):
        filled = {
            x: tf.where(tf.reshape(has[x], (4, *[1] * (value.shape.rank - 1))), value, filling)
            for x, value in data.items()
        }
        given = model.without_hidden({**filled, **hidden})
        with tf.GradientTape() as tape:
            bound = model.unchecked_bound(given, root_seed(2), training=True)
        slopes = tape.gradient(bound.value, model.trainable_variables)
        assert all(np.isfinite(x).all() for x in slopes)
        found.append([bound.value, *bound.terms.values(), *slopes])
    for x, expected in zip(*found, strict=True):
        np.testing.assert_array_equal(x, expected)
    assert bound.value[3] == 0
    if name == "jmvae_kl":
        assert not bound.terms["kl_image"].numpy()[1:].any()
        assert bound.terms["kl_image"][0] > 0


def test_an_example_with_one_modality_has_the_bound_of_its_vae(modalities, monkeypatch):
    drawn = _drawn(monkeypatch)
    model = small_model("jmvae_kl", modalities, num_samples=4)
    data = examples(modalities, 2)
    hidden = {observed_key("label"): tf.constant([True, False])}
    bound = model.unchecked_bound(model.without_hidden({**data, **hidden}), root_seed(2))
    of_joint = drawn[-1]
    vae = small_model("vae", modalities, num_samples=4)
    for part in ("encoders", "decoders"):
        getattr(vae, part)["image"].set_weights(getattr(model, part)["image"].get_weights())
    expected = vae.unchecked_bound(known_to(vae, data), root_seed(2))
    np.testing.assert_array_equal(drawn[-1], of_joint)
    np.testing.assert_allclose(bound.value[1], expected.value[1], rtol=1e-5)


def test_the_posterior_of_an_incomplete_example_can_be_stopped(modalities):
    """The doubly reparameterised gradient takes apart what the encoders' product says."""
    model = small_model("jmvae_kl", modalities)
    data = examples(modalities, 2)
    experts = {name: q(data[name]) for name, q in model.encoders.items()}
    q = posterior_of_observed(None, experts, {})
    assert q.mean().shape == q.stddev().shape == (2, 3)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_another_precision_leaves_bound_and_gradients_in_float32(modalities, precision):
    with computing_in(precision):
        model = small_model("jmvae_kl", modalities, num_samples=3, gradient="dreg")
    with tf.GradientTape() as tape:
        bound = model.unchecked_bound(examples(modalities, 4), root_seed(0), training=True)
    assert bound.value.dtype == tf.float32
    for slope in tape.gradient(bound.value, model.trainable_variables):
        assert slope.dtype == tf.float32
        assert np.isfinite(slope).all()


def test_saved_and_loaded(modalities, tmp_path):
    model = small_model("jmvae", modalities, num_samples=3, gradient="dreg")
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert (again.num_samples, again.gradient) == (3, "dreg")
    data = examples(modalities, 3)
    for one, other in zip(
        *(x.bound(data, root_seed(0)).value for x in (model, again)), strict=True
    ):
        assert one == other


@pytest.mark.slow
def test_against_a_discriminator_the_first_sample_is_judged(modalities):
    inside = small_model("jmvae_kl", modalities, num_samples=3, gradient="dreg")
    model = Adversarial(inside, "image", discriminator="D8L")
    model.compile(
        optimizer="adam", decoder_optimizer="adam", discriminator_optimizer="adam", run_eagerly=True
    )
    data = examples(modalities, 6)
    logs = model.train_on_batch(data, return_dict=True)
    assert all(np.isfinite(x) for x in logs.values())
    bound = inside.bound(data, root_seed(0))
    assert bound.likelihoods["image"].mean().shape == data["image"].shape


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_samples": 0}, "K must be at least 1. Received: num_samples=0"),
        ({"gradient": "exact_dreg"}, r"one of \('plain', 'dreg'\). Received: 'exact_dreg'"),
    ],
)
@pytest.mark.parametrize("name", MODELS)
def test_mistakes(modalities, name, options, message):
    with pytest.raises(ValueError, match=message):
        small_model(name, modalities, **options)
