"""CVAE and CMMA: one modality is generated, all others are always given."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.models.cmma import CMMA
from jmvae_tf.models.cvae import CVAE
from jmvae_tf.runtime.randomness import root_seed
from tests.helpers.small_models import ONE_WAY, examples, set_sequential_weights, small_model


@pytest.fixture(params=ONE_WAY)
def name(request):
    return request.param


@pytest.fixture
def data(two_modalities):
    return examples(two_modalities, 6)


@pytest.fixture
def label(data):
    return {"label": data["label"]}


def test_cmma_without_what_is_given_is_cvae_without_it(two_modalities, data, label):
    """p(z|w) = p(z) in the one, p(x|z,w) = p(x|z) in the other."""
    cvae, cmma = (small_model(name, two_modalities) for name in ONE_WAY)
    cmma.joint_encoder.set_weights(cvae.joint_encoder.get_weights())
    kernel, *others = cvae.decoders["image"].get_weights()
    assert kernel.shape == (3 + 3, 8)  # z and then the label.
    kernel[3:] = 0
    cvae.decoders["image"].set_weights([kernel, *others])
    cmma.decoders["image"].set_weights([kernel[:3], *others])
    zeros = [0 * weight for weight in cmma.prior_encoder.get_weights()]
    # softplus(log(exp(v) - 1)) = v, and the floor of 1e-6 makes it 1.
    zeros[-1] = np.full(3, np.log(np.expm1(1 - 1e-6)), "f")
    cmma.prior_encoder.set_weights(zeros)

    bounds = [each.bound(data, root_seed(1), 0.5) for each in (cvae, cmma)]
    assert list(bounds[0].terms) == list(bounds[1].terms) == ["kl_prior", "log_p_image"]
    # A variance of 1 is right to 1e-7, and with it what follows, of order 10.
    np.testing.assert_allclose(bounds[0].value, bounds[1].value, rtol=1e-5)
    for given in (data, label):
        draws = [each.importance_samples(given, 4, seed=2) for each in (cvae, cmma)]
        for one, other in zip(*draws, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
        images = [each.generate("image", given, 2, seed=3) for each in (cvae, cmma)]
        np.testing.assert_allclose(*images, rtol=1e-5)


def test_given_the_conditions_the_posterior_is_the_prior(two_modalities, label, name):
    model = small_model(name, two_modalities)
    posterior = model.posterior(label)
    assert (posterior.batch_shape, posterior.event_shape) == ((6,), (3,))
    p_z = model.prior_encoder(label) if name == "cmma" else None
    np.testing.assert_array_equal(posterior.mean(), p_z.mean() if p_z else tf.zeros((6, 3)))
    np.testing.assert_array_equal(posterior.stddev(), p_z.stddev() if p_z else tf.ones((6, 3)))
    # Draws from it are draws from the prior, whose weights are those of the likelihood alone.
    draws = model.importance_samples(label, 4)
    # Computed twice, and on some processors not bit for bit the same.
    np.testing.assert_allclose(draws.log_p_z, draws.log_q_z, rtol=1e-5)


def test_what_is_given_reaches_the_image(two_modalities, data, name):
    """Through p(z|w) in CMMA alone, and through the decoder in CVAE alone."""
    model = small_model(name, two_modalities)
    z = tf.zeros((1, 3))
    classes = [{"label": tf.eye(3)[n : n + 1]} for n in range(3)]
    average = [model.generate("image", given).numpy() for given in classes]
    decoded = [model.decode(z, given=given)["image"].mean().numpy() for given in classes]
    assert np.std(average, axis=0).max() > 1e-3
    assert (np.std(decoded, axis=0).max() > 1e-3) == (name == "cvae")


def test_every_z_is_decoded_with_what_is_given_of_its_example(three_modalities):
    """A grid of z, [samples, more samples, batch, latent_dim], against one at a time."""
    model = small_model("cvae", three_modalities, target="left")
    set_sequential_weights(model)
    data = examples(three_modalities, 4)
    z = tf.random.stateless_normal((2, 5, 4, 3), [0, 1])
    means = model.decode(z, given=data)["left"].mean()
    assert means.shape == (2, 5, 4, 4, 2, 1)
    for example in range(4):
        alone = {name: data[name][example : example + 1] for name in model.conditions}
        for sample in np.ndindex(2, 5):
            one = model.decode(z[sample][example : example + 1], given=alone)["left"].mean()[0]
            np.testing.assert_allclose(means[sample][example], one, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["left", "right", "label"])
def test_any_of_three_modalities_can_be_the_one_that_is_generated(three_modalities, name, target):
    model = {"cvae": CVAE, "cmma": CMMA}[name](three_modalities, target, 3)
    given = tuple(other for other in three_modalities if other != target)
    assert model.directions == ((given, target),)
    assert model.directions[0].name == f"{given[0]}_{given[1]}_to_{target}"
    data = examples(three_modalities, 5)
    conditions = {other: data[other] for other in given}
    assert model.generate(target, conditions, 2).shape == (2, 5, *data[target].shape[1:])
    assert list(model.reconstruct(data)) == [target]
    # Every condition counts.
    for other in given:
        changed = {**conditions, other: 1 - conditions[other]}
        before, after = (model.generate(target, x, 2, seed=1) for x in (conditions, changed))
        assert not np.allclose(before, after)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, x: m.generate("left"), "needs right and label .* Received: nothing"),
        (
            lambda m, x: m.generate("left", {"right": x["right"]}),
            r"needs right and label to be given. Received: \['right'\]",
        ),
        (lambda m, x: m.posterior({"left": x["left"]}), r"Received: \['left'\]"),
        (lambda m, x: m.sample_posterior(None, 2), "Received: nothing"),
        (
            lambda m, x: m.importance_samples({"label": x["label"]}, 2),
            r"Received: \['label'\]",
        ),
        (lambda m, x: m.generate("label", x), "This model generates left. Received: 'label'"),
        (lambda m, x: m.decode(tf.zeros((6, 3)), ["right"], x), "generates left. .*'right'"),
        (lambda m, x: m.generate("left", {**x, "text": x["label"]}), r"Received: \['text'\]"),
    ],
)
def test_a_request_that_the_model_cannot_serve_is_refused(three_modalities, name, call, message):
    model = small_model(name, three_modalities)
    with pytest.raises(ValueError, match=message):
        call(model, examples(three_modalities, 6))


def test_a_decoder_that_sees_the_conditions_needs_them(two_modalities, label):
    cvae = small_model("cvae", two_modalities)
    with pytest.raises(ValueError, match=r"needs label to be given\. Received: nothing"):
        cvae.decode(tf.zeros((6, 3)))
    assert small_model("cmma", two_modalities).decode(tf.zeros((6, 3)))["image"].mean().shape == (
        (6, 4, 4, 1)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": "sound"}, r"Received: target='sound' among \['image', 'label'\]"),
        ({"target": "image", "latent_dim": 0}, "Received: latent_dim=0"),
        (
            {"target": "image", "decoders": {"label": "D3"}},
            r"decoders must be keyed by modalities that have one, \['image'\]. .*'label'",
        ),
    ],
)
def test_arguments_out_of_range(two_modalities, name, arguments, message):
    model = {"cvae": CVAE, "cmma": CMMA}[name]
    with pytest.raises(ValueError, match=message):
        model(two_modalities, **arguments)


def test_there_must_be_something_given(two_modalities, name):
    model = {"cvae": CVAE, "cmma": CMMA}[name]
    with pytest.raises(ValueError, match=r"target='image' among \['image'\]"):
        model({"image": two_modalities["image"]}, "image")


def test_the_target_has_no_prior_network(two_modalities):
    with pytest.raises(ValueError, match=r"encoders must be .* \['label'\]. Received: \['image'\]"):
        CMMA(two_modalities, "image", encoders={"image": "D3"})
