"""The GAN variants: which loss reaches which network, and that all else is as without them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.export.signatures import signatures_of
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.adversarial import Adversarial, without_adversary
from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.training.schedules import KLWarmUp
from tests.helpers.small_models import decoded_z, examples, known_to, set_variances, small_model

FACES = {
    "image": Modality(
        "image",
        (8, 8, 3),
        Gaussian(),
        kind="image",
        likelihood_weight=1 / 3,
        standardised=True,
        value_range=(0, 1),
    ),
    "attributes": Modality(
        "attributes",
        (3,),
        Gaussian(),
        kind="attributes",
        value_names=("Bald", "Bangs", "Smiling"),
    ),
}
# Batch normalisation in every network, so that moving statistics are everywhere.
BODY = "D8BR"
DISCRIMINATOR = "C4BL-F-D8L"


def _slow_but(*quick):
    """All models with a prior, which the authors' adversary needs; most of them are slow."""
    names = [name for name, row in PLAIN_MODELS.items() if row.has_prior]
    return [pytest.param(x, marks=[] if x in quick else pytest.mark.slow) for x in names]


def _adversarial(name, weight=2.0, discriminator=DISCRIMINATOR, **options):
    """The same initial weights at each call."""
    keras.utils.set_random_seed(0)
    vae = small_model(name, FACES, BODY, **options)
    image = vae.statistics["image"]
    image.set_statistics(np.full(image.event_shape, 0.5), np.full(image.event_shape, 2.0))
    return Adversarial(vae, "image", discriminator, weight)


def _compiled(name, weight=2.0, optimizer=lambda: keras.optimizers.SGD(1.0), **options):
    model = _adversarial(name, weight, **options)
    model.compile(optimizer(), optimizer(), optimizer(), jit_compile=False)
    return model


def _batch(model, num=6):
    return known_to(without_adversary(model), examples(FACES, num))


def _values(variables):
    return [x.numpy() for x in variables]


@pytest.mark.slow
@pytest.mark.parametrize("name", _slow_but("cvae"))
def test_what_generates_is_exported(name, tmp_path):
    model = _compiled(name)
    data = _batch(model)
    model.train_step(data)
    vae = model.vae
    loaded = tf.saved_model.load(export_saved_model(model, tmp_path))
    same = {x.name for x in signatures_of(vae)}
    assert set(loaded.signatures) == {*same, "serving_default"}
    assert same > {"reconstruct_image" if name == "vae" else "attributes_to_image"}
    image = tf.clip_by_value(data["image"], 0.0, 1.0)
    if name == "vae":
        [drawn] = loaded.signatures["reconstruct_image"](image).values()
        expected = vae.reconstruct({"image": image})["image"]
    else:
        attributes = data["attributes"][:1]  # Of more, each draws its own where inference draws.
        [drawn] = loaded.signatures["attributes_to_image"](attributes).values()
        expected = vae.generate("image", {"attributes": attributes})
    np.testing.assert_allclose(drawn, expected, rtol=0, atol=1e-5)


def _parts(model):
    """The variables of the image's decoder, of the discriminator, and of all else."""
    decoder = model.vae.decoders["image"].variables
    ids = {id(x) for x in decoder}
    # The trackers' sums are no part of a network.
    tracked = {id(x) for tracker in model.metrics for x in tracker.variables}
    others = [x for x in model.vae.variables if id(x) not in ids | tracked]
    return decoder, model.discriminator.variables, others


def _assert_equal(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def _differ(ours, theirs):
    return [not np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True)]


# Which loss reaches which network.


@pytest.mark.slow
@pytest.mark.parametrize("name", _slow_but("cmma"))
def test_the_adversary_reaches_the_image_decoder_and_nothing_else(name):
    models = [_compiled(name, weight) for weight in (0.0, 10.0)]
    before = [_values(part) for part in _parts(models[0])]
    data = _batch(models[0])
    for model in models:
        assert np.isfinite(model.train_step(data)[model.vae.objective_name])
    without, strong = ([_values(part) for part in _parts(model)] for model in models)
    for one, other in zip(without[1:], strong[1:], strict=True):
        _assert_equal(one, other)  # The discriminator, and all else.
    trainable = [x.trainable for x in _parts(models[0])[0]]
    # Every variable of the decoder, but for its moving statistics.
    assert _differ(without[0], strong[0]) == trainable
    # Everything has moved.
    assert all(_differ(before[1], without[1]))
    assert any(_differ(before[2], without[2]))

    plain = small_model(name, FACES, BODY)
    plain.statistics["image"].set_statistics(
        *(_values([x])[0] for x in models[0].vae.statistics["image"].weights)
    )
    for variable, value in zip(plain.decoders["image"].variables, before[0], strict=True):
        variable.assign(value)
    for variable, value in zip(_others(plain), before[2], strict=True):
        variable.assign(value)
    plain.compile(keras.optimizers.SGD(1.0))
    plain.train_step(data)
    # The moving statistics of the decoder are among them: fakes have not updated them.
    _assert_equal(_values(plain.decoders["image"].variables), without[0])
    _assert_equal(_values(_others(plain)), without[2])


def _others(vae):
    ids = {id(x) for x in vae.decoders["image"].variables}
    ids |= {id(x) for tracker in vae.metrics for x in tracker.variables}
    return [x for x in vae.variables if id(x) not in ids]


def test_updates_are_the_gradients_of_the_losses_of_the_class(monkeypatch):
    model = _compiled("jmvae_kl", weight=7.0)
    vae, data = model.vae, _batch(model)
    bounds = []
    z_prior = tf.random.stateless_normal((6, 3), (1, 2))
    bound_of = vae.unchecked_bound

    def keep(*arguments, **options):
        bounds.append(seed := arguments[1])
        return bound_of(arguments[0], seed, *arguments[2:], **options)

    monkeypatch.setattr(vae, "unchecked_bound", keep)
    monkeypatch.setattr(vae, "sample_posterior", lambda given, num, seed: z_prior)
    decoder = vae.decoders["image"].trainable_variables
    discriminator = model.discriminator.trainable_variables
    decoder_ids = {id(x) for x in decoder}
    others = [x for x in vae.trainable_variables if id(x) not in decoder_ids]
    before = model.get_weights()
    model.train_step(data)
    after = [_values(part) for part in (others, decoder, discriminator)]
    model.set_weights(before)

    # The same by hand, each loss with passes of its own and cut off from what it must not reach.
    standardised = vae.standardise(data)
    np.testing.assert_allclose(standardised["image"], (data["image"] - 0.5) / 2, rtol=1e-6)

    def logits(image):
        return model.discriminator(image, training=True)[:, 0]

    z = tf.stop_gradient(vae.joint_encoder(standardised, training=True).sample(seed=bounds[0]))
    reached = []
    for part in (others, decoder, discriminator):
        with tf.GradientTape() as tape:
            bound = bound_of(standardised, bounds[0], training=True)
            fakes = [vae.decoders["image"](draw, training=True).mean() for draw in (z, z_prior)]
            if part is others:
                loss = -bound.value
            elif part is decoder:
                loss = -bound.value - 7 * sum(tf.math.log_sigmoid(logits(x)) for x in fakes)
            else:
                loss = -tf.math.log_sigmoid(logits(standardised["image"])) - sum(
                    tf.math.log_sigmoid(-logits(tf.stop_gradient(x))) for x in fakes
                )
            loss = tf.reduce_mean(loss)
        reached.append(tape.gradient(loss, part))
        model.set_weights(before)
    for part, gradients, values in zip(
        (others, decoder, discriminator), reached, after, strict=True
    ):
        for variable, gradient, value in zip(part, gradients, values, strict=True):
            np.testing.assert_allclose(
                variable.numpy() - value, gradient, rtol=1e-3, atol=1e-5, err_msg=variable.path
            )


def test_the_discriminator_does_not_feel_the_bound():
    updates = []
    for weight in (1.0, 2.0):
        model = _compiled("vae")
        model.kl_weight.assign(weight)
        model.train_step(_batch(model))
        updates.append([_values(part) for part in _parts(model)])
    (_, discriminator, others), (_, other_discriminator, other_others) = updates
    _assert_equal(discriminator, other_discriminator)
    assert any(_differ(others, other_others))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jmvae_kl", "cmma"])
def test_each_optimizer_has_the_variables_of_its_part(name):
    model = _adversarial(name)
    model.compile()
    sizes = []
    for optimizer in (model.optimizer, model.decoder_optimizer, model.discriminator_optimizer):
        assert float(optimizer.learning_rate) == pytest.approx(1e-4)
        assert optimizer.beta_1 == 0.5
        sizes.append(len(optimizer._trainable_variables))
    trainable = [sum(x.trainable for x in part) for part in _parts(model)]
    assert sizes == [trainable[2], *trainable[:2]]
    assert sum(sizes) == len(model.trainable_variables)


@pytest.mark.slow
def test_each_loss_falls_where_its_part_learns():
    model = _adversarial("vae", weight=1e4)
    model.compile(*(keras.optimizers.Adam(0.0) for _ in range(3)))
    step, data = tf.function(model.train_step), _batch(model, 16)
    for loss, optimizer in (
        ("generator_loss", model.decoder_optimizer),
        ("discriminator_loss", model.discriminator_optimizer),
    ):
        optimizer.learning_rate = 1e-2
        losses = []
        for _ in range(40):
            model.reset_metrics()
            losses.append(float(step(data)[loss]))
        assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])
        optimizer.learning_rate = 0.0


# Fakes.


@pytest.mark.slow
@pytest.mark.parametrize(("name", "part"), [("cmma", "prior_encoder"), ("jmvae_h", "layer_priors")])
def test_prior_fakes_are_drawn_from_the_models_own_prior(monkeypatch, name, part):
    model = _compiled(name)
    set_variances(model.vae, 1e-4)
    network = getattr(model.vae, part)
    network = network[0] if isinstance(network, list) else network
    kernel, _ = network.head.mean.get_weights()
    network.head.mean.set_weights([0 * kernel, np.array([5, -6, 7])])
    z = _prior_draws(monkeypatch, model, _batch(model))
    np.testing.assert_allclose(z, [[5, -6, 7]] * 6, atol=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jmvae_kl", "cvae"])
def test_prior_fakes_are_drawn_from_a_standard_normal(monkeypatch, name):
    model = _compiled(name)
    z = _prior_draws(monkeypatch, model, _batch(model, 3000))
    assert z.shape == (3000, 3)
    # 9,000 values: a standard error of 0.011 for the mean and 0.0075 for the spread.
    assert abs(np.mean(z)) < 0.05
    assert np.std(z) == pytest.approx(1, abs=0.04)


def _prior_draws(monkeypatch, model, data):
    """The z that the last fakes of a test step were made of."""
    kept = decoded_z(monkeypatch, model.vae)
    model.test_step(data)
    return kept[-1].numpy()


def test_every_step_draws_other_fakes(monkeypatch):
    model = _compiled("vae")
    data = _batch(model)
    first, second = (_prior_draws(monkeypatch, model, data) for _ in range(2))
    assert not np.allclose(first, second)


def test_the_discriminators_moving_statistics_are_those_of_real_images():
    model = _compiled("vae")
    before = model.get_weights()
    data = _batch(model)
    model.train_step(data)
    statistics = [x for x in model.discriminator.variables if "moving" in x.path]
    after = _values(statistics)
    assert len(after) == 2
    model.set_weights(before)
    model.discriminator(model.vae.standardise(data)["image"], training=True)
    _assert_equal(after, _values(statistics))


@pytest.mark.slow
def test_a_step_in_a_graph_is_the_step_taken_eagerly():
    eager, graph = (_compiled("cvae", optimizer=lambda: keras.optimizers.SGD(0.1)) for _ in "12")
    data = _batch(eager)
    eager.train_step(data)
    tf.function(graph.train_step)(data)
    for one, other in zip(eager.get_weights(), graph.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


# Use as any model.


def test_a_test_step_changes_no_network_and_measures_the_bound_of_the_model_inside():
    model = _compiled("jmvae_kl")
    data = _batch(model)
    before = [_values(part) for part in _parts(model)]
    ours = model.test_step(data)
    for part, values in zip(_parts(model), before, strict=True):
        _assert_equal(_values(part), values)
    model.vae.reset_metrics()
    theirs = model.vae.test_step(data)
    assert set(ours) == {
        *theirs,
        "discriminator_loss",
        "generator_loss",
        "discriminator_accuracy",
    }
    assert {name: float(x) for name, x in theirs.items()} == {
        name: float(ours[name]) for name in theirs
    }
    assert {x.name for x in model.metrics} == set(ours)


def test_losses_are_means_over_the_examples():
    model = _compiled("vae")
    data = _batch(model)
    logit = model.discriminator.layers[-1]
    logit.set_weights([np.zeros_like(logit.kernel), np.array([1.5])])
    losses = model.test_step(data)
    assert float(losses["generator_loss"]) == pytest.approx(2 * np.log1p(np.exp(-1.5)))
    assert float(losses["discriminator_loss"]) == pytest.approx(
        np.log1p(np.exp(-1.5)) + 2 * np.log1p(np.exp(1.5))
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", _slow_but("cvae"))
def test_a_resumed_run_ends_with_the_weights_of_an_undisturbed_one(tmp_path, name):
    def fit(model, first, last):
        data = tf.data.Dataset.from_tensor_slices(_batch(model, 8)).batch(4)
        return model.fit(
            data, initial_epoch=first, epochs=last, verbose=0, callbacks=[KLWarmUp(2)]
        ).history

    undisturbed, stopped = (_adversarial(name) for _ in range(2))
    for model in (undisturbed, stopped):
        model.compile(run_eagerly=True)
    history = fit(undisturbed, 0, 2)
    assert all(np.isfinite(values).all() for values in history.values())
    fit(stopped, 0, 1)
    stopped.save(tmp_path / "model.keras")
    resumed = keras.saving.load_model(tmp_path / "model.keras")
    data = _batch(resumed)
    for modality, ours in resumed(data).items():
        np.testing.assert_array_equal(ours, stopped(data)[modality])
    assert {x: values[-1:] for x, values in history.items()} == fit(resumed, 1, 2)
    _assert_equal(undisturbed.get_weights(), resumed.get_weights())
    for part in ("optimizer", "decoder_optimizer", "discriminator_optimizer"):
        ours, theirs = (_values(getattr(x, part).variables) for x in (undisturbed, resumed))
        _assert_equal(ours, theirs)
        assert ours[0] == 4  # Steps.


@pytest.mark.slow
def test_a_run_resumed_in_graphs(tmp_path):
    models = [_adversarial("jmvae_kl") for _ in range(2)]
    data = tf.data.Dataset.from_tensor_slices(_batch(models[0], 8)).batch(4)
    for model, epochs in zip(models, (2, 1), strict=True):
        model.compile(keras.optimizers.Adam(1e-3), steps_per_execution=2, jit_compile=True)
        model.fit(data, epochs=epochs, verbose=0, validation_data=data)
    models[1].save(tmp_path / "model.keras")
    resumed = keras.saving.load_model(tmp_path / "model.keras")
    assert float(resumed.optimizer.learning_rate) == pytest.approx(1e-3)
    resumed.fit(data, initial_epoch=1, epochs=2, verbose=0, validation_data=data)
    _assert_equal(models[0].get_weights(), resumed.get_weights())


def test_saved_with_a_discriminator_that_is_a_layer(tmp_path):
    body = keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.Activation("tanh")])
    model = _adversarial("vae", weight=0.5, discriminator=body)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.modality, loaded.adversarial_weight) == ("image", 0.5)
    images = _batch(model)["image"]
    np.testing.assert_array_equal(loaded.discriminator(images), model.discriminator(images))
    assert loaded.discriminator(images).shape == (6, 1)


def test_the_model_inside():
    model = _adversarial("jmvae_kl")
    assert without_adversary(model) is model.vae
    assert without_adversary(model.vae) is model.vae
    assert model.kl_weight is model.vae.kl_weight


def test_the_discriminator_is_by_default_the_authors():
    model = _adversarial("vae", discriminator=None)
    assert [layer.units for layer in model.discriminator.layers[0].layers if "dense" in layer.name]
    assert not any("moving" in x.path for x in model.discriminator.variables)
    assert model.adversarial_weight == 2.0


# Mixed precision.


@pytest.fixture(params=[pytest.param("mixed_bfloat16", marks=pytest.mark.slow), "mixed_float16"])
def policy(request):
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy("float32")


@pytest.mark.slow
def test_mixed_precision(tmp_path, policy):
    model = _adversarial("vae", weight=1.0)
    model.compile()
    data = _batch(model)
    before = [_values(part) for part in _parts(model)]
    # In float16 the scale of a loss may begin too high: then a step is left out to halve it.
    for _ in range(4):
        losses = model.train_step(data)
    assert all(np.isfinite(float(x)) for x in losses.values())
    for part, values in zip(_parts(model), before, strict=True):
        moved = _differ(_values(part), values)
        trained = [x.trainable for x in part]
        assert all(now for now, learns in zip(moved, trained, strict=True) if learns)
    logits = model.discriminator(model.vae.standardise(data)["image"])
    assert logits.dtype == tf.float32
    assert model.discriminator.layers[0].layers[0].compute_dtype == policy.removeprefix("mixed_")

    optimizers = ("optimizer", "decoder_optimizer", "discriminator_optimizer")
    scales = [
        isinstance(getattr(model, name), keras.optimizers.LossScaleOptimizer) for name in optimizers
    ]
    assert scales == [policy == "mixed_float16"] * 3
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for each in (model, loaded):
        each.train_step(data)
    _assert_equal(model.get_weights(), loaded.get_weights())
    for name in optimizers:
        _assert_equal(*(_values(getattr(each, name).variables) for each in (model, loaded)))


# Mistakes.


@pytest.mark.parametrize(
    ("name", "options", "arguments", "message"),
    [
        ("cvae", {"target": "attributes", "decoders": {}}, ("image",), "'image'"),
        ("jmvae", {}, ("attributes",), r"one of \['image'\]. Received: modality='attributes'"),
        ("jmvae", {}, ("label",), "Received: modality='label'"),
        ("cmma", {"target": "attributes", "encoders": {}, "decoders": {}}, ("image",), "none here"),
        ("vae", {}, ("image", None, -0.1), "adversarial_weight=-0.1"),
        ("vae", {}, ("image", None, float("nan")), "adversarial_weight=nan"),
        ("vae", {}, ("image", None, float("inf")), "adversarial_weight=inf"),
        ("vae", {}, ("image", "C4Q"), "Received: 'C4Q'"),
        ("mmvm", {}, ("image",), "Received: original with MMVM, which has no prior"),
    ],
)
def test_mistakes(name, options, arguments, message):
    vae = small_model(name, FACES, BODY, **options)
    with pytest.raises(ValueError, match=message):
        Adversarial(vae, *arguments)


def test_data_that_lack_a_modality_are_refused():
    model = _compiled("jmvae_kl")
    with pytest.raises(ValueError, match=r"Received: \['image'\]"):
        model.train_step({"image": _batch(model)["image"]})
