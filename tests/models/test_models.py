"""The models: gradients, independence, inference, generation, saving."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.inference import product_of_experts
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.jmvae import JMVAE
from jmvae_tf.models.jmvae_kl import JMVAEKL
from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.models.vae import VAE
from jmvae_tf.objectives import jmvae_bound, jmvae_kl_bound
from jmvae_tf.runtime.randomness import fold, root_seed
from tests.helpers.programs import start_code
from tests.helpers.small_models import (
    ITERATIVE,
    OF_SEVERAL,
    all_but_first,
    examples,
    known_to,
    set_variances,
    small_model,
    swept,
)


@pytest.fixture
def jmvae_kl(two_modalities):
    return small_model("jmvae_kl", two_modalities, alpha=0.5)


@pytest.fixture(params=swept(PLAIN_MODELS))
def model(request, two_modalities):
    """Each of the models, for an image and a label; a VAE for the image."""
    return small_model(request.param, two_modalities)


@pytest.fixture
def batch(model, two_modality_batch):
    """Six examples of what `model` knows."""
    return known_to(model, two_modality_batch)


@pytest.fixture
def given(model, two_modality_batch):
    """What `model` generates an image from."""
    return all_but_first(model, two_modality_batch)


def _of_encoders(model):
    return {
        id(variable)
        for encoder in model.encoders.values()
        for variable in encoder.trainable_variables
    }


def test_bound_is_the_equation_at_the_models_own_distributions(jmvae_kl, two_modality_batch):
    seed = root_seed(5)
    q = jmvae_kl.joint_encoder(two_modality_batch)
    q_x = {name: jmvae_kl.encoders[name](x) for name, x in two_modality_batch.items()}
    p_x = jmvae_kl.decode(q.sample(seed=seed))
    p_z = jmvae_kl.posterior()
    expected = jmvae_kl_bound(two_modality_batch, q, q_x, p_z, p_x, 0.5, 0.3)
    bound = jmvae_kl.bound(two_modality_batch, seed, kl_weight=0.3)
    np.testing.assert_allclose(bound.value, expected.value, rtol=1e-6)
    eq_2 = jmvae_bound(two_modality_batch, q, p_z, p_x, 0.3)
    jmvae_kl.alpha = 0.0
    np.testing.assert_allclose(
        jmvae_kl.bound(two_modality_batch, seed, kl_weight=0.3).value, eq_2.value, rtol=1e-6
    )


@pytest.mark.parametrize(
    ("name", "modalities"),
    [("vae", "two_modalities")]
    + [
        pytest.param(*name.values, x, marks=name.marks)
        for name in swept(OF_SEVERAL)
        for x in ("two_modalities", "three_modalities")
    ],
)
def test_every_variable_gets_a_finite_gradient(request, name, modalities):
    modalities = request.getfixturevalue(modalities)
    model = small_model(name, modalities)
    batch = known_to(model, examples(modalities, 6))
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(model.bound(batch, root_seed(0), training=True).value)
    for variable, gradient in zip(
        model.trainable_variables, tape.gradient(value, model.trainable_variables), strict=True
    ):
        assert gradient is not None, variable.path
        assert np.all(np.isfinite(gradient)), variable.path
        assert np.any(gradient != 0), variable.path


def test_eq_2_gives_the_single_encoders_no_gradient(jmvae_kl, two_modality_batch):
    with tf.GradientTape(persistent=True) as tape:
        q = jmvae_kl.joint_encoder(two_modality_batch)
        p_x = jmvae_kl.decode(q.sample(seed=root_seed(0)))
        eq_2 = jmvae_bound(two_modality_batch, q, jmvae_kl.posterior(), p_x).value
        eq_4 = jmvae_kl.bound(two_modality_batch, root_seed(0)).value
    encoders = _of_encoders(jmvae_kl)
    assert len(encoders) == 12
    for variable in jmvae_kl.trainable_variables:
        reached = tape.gradient(eq_2, variable) is not None
        assert reached == (id(variable) not in encoders), variable.path
        assert tape.gradient(eq_4, variable) is not None, variable.path


@pytest.mark.slow
def test_warm_up_reaches_alpha_only_if_asked(two_modalities, two_modality_batch):
    seed = root_seed(1)
    for anneal_alpha in (False, True):
        model = JMVAEKL(two_modalities, 3, alpha=2.0, anneal_alpha=anneal_alpha)
        full = model.bound(two_modality_batch, seed)
        half = model.bound(two_modality_batch, seed, kl_weight=0.5)
        kl_encoders = full.terms["kl_image"] + full.terms["kl_label"]
        gain = 0.5 * full.terms["kl_prior"] + (1.0 * kl_encoders if anneal_alpha else 0.0)
        np.testing.assert_allclose(half.value - full.value, gain, rtol=1e-3, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("body", ["D8R", "D8BR"])
@pytest.mark.parametrize("name", swept(PLAIN_MODELS))
def test_examples_do_not_touch_each_other(two_modalities, two_modality_batch, name, body):
    model = small_model(name, two_modalities, body)
    batch = known_to(model, two_modality_batch)
    # One round of training moves the statistics away from their initial values.
    model.compile(optimizer="adam", run_eagerly=True)
    model.train_on_batch(batch)
    before = model.bound(batch, root_seed(0))
    image = batch["image"].numpy()
    image[2] = 1 - image[2]
    after = model.bound({**batch, "image": tf.constant(image)}, root_seed(0))
    same = np.isclose(before.value, after.value, rtol=1e-6)
    assert same.tolist() == [True, True, False, True, True, True]


def test_loss_is_minus_the_mean_over_the_batch(model, batch):
    """One step of plain gradient descent moves every weight by rate x gradient of the mean."""
    rate = 0.1
    weights = [variable.numpy() for variable in model.trainable_variables]
    with tf.GradientTape() as tape:
        bound = model.bound(batch, fold(root_seed(0), 0, 0), training=True)
        mean = tf.reduce_sum(bound.value) / 6
    gradients = tape.gradient(mean, model.trainable_variables)
    model.compile(optimizer=keras.optimizers.SGD(rate), run_eagerly=True)
    logs = model.train_on_batch(batch, return_dict=True)
    assert set(logs) == {model.objective_name, *bound.terms}
    np.testing.assert_allclose(logs[model.objective_name], mean, rtol=1e-5)
    for variable, old, gradient in zip(model.trainable_variables, weights, gradients, strict=True):
        np.testing.assert_allclose(variable, old + rate * gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_terms_are_tracked_in_training_and_test(jmvae_kl, two_modality_batch):
    data = tf.data.Dataset.from_tensor_slices(two_modality_batch).batch(4)
    jmvae_kl.compile(optimizer="adam", run_eagerly=True)
    names = {"bound", "kl_prior", "log_p_image", "log_p_label", "kl_image", "kl_label"}
    history = jmvae_kl.fit(data, epochs=1, validation_data=data, verbose=0).history
    assert set(history) == names | {f"val_{name}" for name in names}
    # Batches of four and of two: the mean is over examples, not over batches.
    jmvae_kl.kl_weight.assign(0.0)
    terms = jmvae_kl.evaluate(data, verbose=0, return_dict=True)
    bound = (
        -terms["kl_prior"]
        + terms["log_p_image"]
        + terms["log_p_label"]
        - 0.5 * (terms["kl_image"] + terms["kl_label"])
    )
    # Testing takes the full weight whatever the warm-up's is.
    np.testing.assert_allclose(terms["bound"], bound, rtol=1e-5)
    kl = jmvae_kl.bound(two_modality_batch, root_seed(0)).terms["kl_prior"]
    np.testing.assert_allclose(terms["kl_prior"], np.mean(kl), rtol=1e-5)
    assert terms == jmvae_kl.evaluate(data, verbose=0, return_dict=True)


@pytest.mark.slow
def test_overfits_eight_examples(two_modalities, rng):
    batch = {
        "image": tf.constant(rng.integers(0, 2, (8, 4, 4, 1)), tf.float32),
        "label": tf.one_hot(np.arange(8) % 3, 3),
    }
    model = JMVAEKL(two_modalities, 4, joint_encoder="(D64R, D64R)")
    # With the divergence from the prior in full, to confuse two of them would pay. Some rounding
    # confuses them for long without it, so there are twice the epochs that most need.
    model.kl_weight.assign(0.0)
    model.compile(optimizer=keras.optimizers.Adam(5e-3), steps_per_execution=20, jit_compile=False)
    data = tf.data.Dataset.from_tensors(batch).repeat()
    model.fit(data, epochs=40, steps_per_epoch=20, verbose=0)
    rebuilt = model.reconstruct(batch)
    np.testing.assert_array_equal(np.round(rebuilt["image"]), batch["image"])
    np.testing.assert_array_equal(np.argmax(rebuilt["label"], 1), np.argmax(batch["label"], 1))
    labels = model.generate("label", {"image": batch["image"]})
    np.testing.assert_array_equal(np.argmax(labels, 1), np.argmax(batch["label"], 1))


def test_which_encoder_answers(jmvae_kl, two_modality_batch):
    batch = two_modality_batch
    image = {"image": batch["image"]}
    np.testing.assert_array_equal(
        jmvae_kl.posterior(image).mean(), jmvae_kl.encoders["image"](batch["image"]).mean()
    )
    np.testing.assert_array_equal(
        jmvae_kl.posterior(batch).mean(), jmvae_kl.joint_encoder(batch).mean()
    )
    prior = jmvae_kl.posterior()
    np.testing.assert_array_equal(prior.mean(), np.zeros(3))
    np.testing.assert_array_equal(prior.stddev(), np.ones(3))


@pytest.mark.parametrize(
    "name",
    [pytest.param(x, marks=[pytest.mark.slow] * (x != "jmvae_kl")) for x in PLAIN_MODELS],
)
def test_training_raises_the_bound(three_modalities, rng, name):
    """All pixels agree, so that the left half alone can rise from 8 ln 2 = 5.5 nats to ln 2."""
    bit = rng.integers(0, 2, 32)
    half = tf.constant(np.broadcast_to(bit[:, None, None, None], (32, 4, 2, 1)), tf.float32)
    batch = {"left": half, "right": half, "label": tf.one_hot(bit, 3)}
    model = small_model(name, three_modalities, "D16R")
    known = known_to(model, batch)
    before = np.mean(model.bound(known, root_seed(0)).value)
    # Modalities that a model does not have are left out.
    data = tf.data.Dataset.from_tensor_slices(batch).batch(8).repeat(20)
    model.compile(optimizer=keras.optimizers.Adam(1e-2), jit_compile=False)
    history = model.fit(data, epochs=1, verbose=0).history
    assert np.all(np.isfinite(list(history.values())))
    assert np.mean(model.bound(known, root_seed(0)).value) > before + 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jmvae", "jmvae_kl", "jmvae_h"])
def test_each_of_three_modalities_follows_from_any_others(three_modalities, name):
    model = small_model(name, three_modalities)
    batch = examples(three_modalities, 5)
    for target, modality in three_modalities.items():
        others = [name for name in three_modalities if name != target]
        for size in range(len(others) + 1):
            for names in itertools.combinations(others, size):
                given = {name: batch[name] for name in names}
                shape = ((2, 5) if given else (2,)) + modality.event_shape
                generated = model.generate(target, given, 2, seed=1)
                assert generated.shape == shape
                assert np.all(np.isfinite(generated))


def test_a_subset_of_three_is_the_product_of_its_encoders(three_modalities, rng):
    model = JMVAEKL(three_modalities, 4)
    given = {
        "left": rng.integers(0, 2, (5, 4, 2, 1)).astype("f"),
        "label": np.eye(3, dtype="f")[[0, 1, 2, 0, 1]],
    }
    product = product_of_experts([model.encoders[name](x) for name, x in given.items()])
    q = model.posterior(given)
    np.testing.assert_allclose(q.mean(), product.mean(), rtol=1e-6)
    np.testing.assert_allclose(q.stddev(), product.stddev(), rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ITERATIVE)
def test_every_sample_has_a_chain_of_its_own(name, two_modalities, two_modality_batch):
    """Samples of one example differ by more than the encoder's noise: their chains differ."""
    model = small_model(name, two_modalities, num_rounds=1)
    set_variances(model, 1e-9)  # With its floor, a standard deviation of 0.001.
    z = model.sample_posterior({"label": two_modality_batch["label"]}, 4, seed=0).numpy()
    assert z.shape == (4, 6, 3)
    assert z.std(axis=0).mean() > 0.02
    all_given = model.sample_posterior(two_modality_batch, 4, seed=0).numpy()
    assert all_given.std(axis=0).mean() < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("num_rounds", [1, 2])
@pytest.mark.parametrize("name", ITERATIVE)
def test_samples_of_an_example_belong_to_it(name, two_modalities, num_rounds):
    """With zeros for the image, means fed back and no noise, z is a function of the label alone."""
    options = {"missing": "zeros", "num_rounds": num_rounds, "feed_back": "means"}
    model = small_model(name, two_modalities, **options)
    set_variances(model, 1e-9)
    labels = {"label": tf.eye(3)}
    z = model.sample_posterior(labels, 5, seed=0).numpy()
    mean = model.posterior_mean(labels)
    np.testing.assert_allclose(z, np.broadcast_to(mean, (5, 3, 3)), atol=0.01)
    assert np.std(mean, axis=0).max() > 0.05  # Else any order of examples would pass.


def test_generate_is_a_function_of_its_seed(model, given):
    images = [model.generate("image", given, 3, seed).numpy() for seed in (4, 4, 5)]
    assert images[0].shape == (3, 6, 4, 4, 1)
    np.testing.assert_array_equal(images[0], images[1])
    assert not np.allclose(images[0], images[2])
    average = model.generate("image", given, seed=4)
    z = model.posterior_mean(given, 4)
    np.testing.assert_allclose(average, model.decode(z, given=given)["image"].mean(), rtol=1e-5)
    if model.has_prior and not model.conditions:
        assert model.generate("image").shape == (4, 4, 1)
        assert model.generate("image", num_samples=2).shape == (2, 4, 4, 1)


@pytest.mark.slow
def test_a_batch_may_be_empty(model, given):
    nothing = {name: x[:0] for name, x in given.items()}
    assert model.generate("image", nothing, 2).shape == (2, 0, 4, 4, 1)


@pytest.mark.slow
def test_saved_and_loaded_by_keras(model, batch, given, tmp_path):
    model.compile(optimizer=keras.optimizers.Adam(1e-2), run_eagerly=True)
    model.train_on_batch(batch)
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.saving.load_model(path)
    assert loaded.get_config() == model.get_config()
    np.testing.assert_array_equal(
        loaded.generate("image", given, 2, 7), model.generate("image", given, 2, 7)
    )
    seed = root_seed(2)
    np.testing.assert_array_equal(loaded.bound(batch, seed).value, model.bound(batch, seed).value)
    # The optimiser's state came along: both take the same steps from here.
    for each in (model, loaded):
        each.train_on_batch(batch)
    for mine, theirs in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("jmvae", {"missing": "zeros", "num_rounds": 4, "feed_back": "means"}),
        ("jmvae_kl", {"alpha": 0.3, "anneal_alpha": True, "seed": 5}),
        ("jmvae_h", {"num_layers": 3, "layer_encoder": "D5", "layer_prior": "D6R-D7R"}),
        ("cvae", {"target": "label", "decoders": {"label": "D4"}}),
        ("cmma", {"target": "label", "decoders": {"label": "D4"}, "encoders": {"image": "D5"}}),
    ],
)
def test_a_config_makes_the_same_model(two_modalities, name, options):
    model = small_model(name, two_modalities, **options)
    again = PLAIN_MODELS[name].model_class().from_config(model.get_config())
    for option, value in options.items():
        attribute = {"encoders": "encoder_networks", "decoders": "decoder_networks"}
        assert getattr(again, attribute.get(option, option)) == value
    shapes = [[x.shape for x in each.variables] for each in (model, again)]
    assert shapes[0] == shapes[1]


@pytest.mark.slow
def test_networks_of_the_user_are_used_and_saved(two_modalities, two_modality_batch, tmp_path):
    encoder = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, "tanh")])
    decoder = keras.layers.Dense(6, "tanh")
    model = JMVAEKL(two_modalities, 3, encoders={"image": encoder}, decoders={"image": decoder})
    assert model.encoders["image"].body is encoder
    assert model.decoders["image"].body is decoder
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        loaded.reconstruct(two_modality_batch)["image"],
        model.reconstruct(two_modality_batch)["image"],
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"latent_dim": 0}, "latent_dim=0"),
        ({"decoders": {"picture": "D3R"}}, "picture"),
        ({"num_rounds": 0}, "num_rounds=0"),
        ({"missing": "ones"}, "ones"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": 2**31}, "seed=2147483648"),
    ],
)
def test_arguments_out_of_range(two_modalities, arguments, words):
    with pytest.raises(ValueError, match=f"Received: .*{words}"):
        JMVAE(two_modalities, **arguments)


@pytest.mark.parametrize("alpha", [-1.0, np.nan, np.inf])
def test_alpha_is_a_weight(two_modalities, alpha):
    with pytest.raises(ValueError, match=f"alpha={alpha}"):
        JMVAEKL(two_modalities, alpha=alpha)


MISUSE = (
    (lambda m, x: m.generate("sound"), "sound"),
    (lambda m, x: m.generate("image", {"lable": x["label"]}), "lable"),
    (lambda m, x: m.generate("image", {"label": x["label"][:, :2]}), r"\(6, 2\)"),
    (lambda m, x: m.generate("image", {"label": 3.0}), r"\(\)"),
    (lambda m, x: m.generate("image", x, num_samples=0), "num_samples=0"),
    (lambda m, x: m.posterior({**x, "image": x["label"]}), r"\(6, 3\)"),
    (lambda m, x: m.decode(np.zeros((6, 3), "f"), ["sound"], x), "sound"),
)


@pytest.mark.parametrize("name", swept(OF_SEVERAL))
def test_misuse_is_named(two_modalities, two_modality_batch, name):
    model = small_model(name, two_modalities)
    for call, words in MISUSE:
        with pytest.raises(ValueError, match=f"Received: .*{words}"):
            call(model, two_modality_batch)


def test_vae_is_jmvae_of_one_modality(two_modalities, two_modality_batch):
    image = {"image": two_modalities["image"]}
    x = {"image": two_modality_batch["image"]}
    vae = small_model("vae", image)
    jmvae = JMVAE(image, 3, joint_encoder="(D8R)", decoders={"image": "D8R"})
    jmvae.joint_encoder.set_weights(vae.encoders["image"].get_weights())
    jmvae.decoders["image"].set_weights(vae.decoders["image"].get_weights())
    bounds = [each.bound(x, root_seed(1), 0.5) for each in (vae, jmvae)]
    # The same operations in the same order.
    np.testing.assert_array_equal(bounds[0].value, bounds[1].value)
    assert list(bounds[0].terms) == list(bounds[1].terms) == ["kl_prior", "log_p_image"]
    np.testing.assert_array_equal(
        vae.generate("image", x, 2, seed=3), jmvae.generate("image", x, 2, seed=3)
    )


def test_a_vae_has_one_modality_and_no_direction(two_modalities):
    with pytest.raises(ValueError, match=r"exactly one .* Received: \['image', 'label'\]"):
        VAE(two_modalities)
    assert small_model("vae", two_modalities).directions == ()


@pytest.mark.slow
def test_loaded_by_a_process_that_has_not_made_a_model(jmvae_kl, two_modality_batch, tmp_path):
    jmvae_kl.save(tmp_path / "model.keras")
    np.savez(tmp_path / "given.npz", label=two_modality_batch["label"])
    code = (
        "import numpy as np, jmvae_tf\n"
        "model = jmvae_tf.load_model('model.keras')\n"
        "np.save('image.npy', model.generate('image', dict(np.load('given.npz'))))"
    )
    done = start_code(tmp_path, code)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(
        np.load(tmp_path / "image.npy"),
        jmvae_kl.generate("image", {"label": two_modality_batch["label"]}),
        atol=1e-6,
    )


def test_any_number_type_is_taken(jmvae_kl, two_modality_batch):
    image = two_modality_batch["image"].numpy()
    expected = jmvae_kl.generate("label", {"image": image}, 2, seed=3)
    for dtype in (np.uint8, np.float64, np.float16):
        given = {"image": tf.constant(image.astype(dtype))}
        np.testing.assert_array_equal(
            jmvae_kl.generate("label", given, 2, seed=np.int64(3)), expected
        )


@pytest.mark.slow
def test_training_data_must_have_all_modalities(jmvae_kl, two_modality_batch):
    jmvae_kl.compile(optimizer="adam", run_eagerly=True)
    extra = {**two_modality_batch, "identity": tf.range(6)}
    jmvae_kl.fit(tf.data.Dataset.from_tensors(extra), epochs=1, verbose=0)
    for data in ({"image": two_modality_batch["image"]}, two_modality_batch["image"]):
        with pytest.raises(ValueError, match="must be dictionaries of"):
            jmvae_kl.fit(tf.data.Dataset.from_tensors(data), epochs=1, verbose=0)


def test_a_vector_may_have_any_shape():
    modalities = {"x": Modality("x", (5, 3), Gaussian()), "w": Modality("w", (2,), Gaussian())}
    model = JMVAEKL(modalities, 2)
    assert model.generate("x", {"w": np.zeros((4, 2), "f")}).shape == (4, 5, 3)
    assert model.generate("w", {"x": np.zeros((4, 5, 3), "f")}).shape == (4, 2)
