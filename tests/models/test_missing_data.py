"""Examples that lack modalities: what models compute of them, and that nothing hidden counts."""

import dataclasses
import itertools

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.inference import product_of_experts
from jmvae_tf.layers.distributions import reparameterised_sample, standard_normal
from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import SAMPLE_WEIGHT, Modality, observed_key
from jmvae_tf.models.adversarial import Adversarial
from jmvae_tf.models.jmvae_kl import JMVAEKL
from jmvae_tf.models.loading import load_model
from jmvae_tf.models.observed import network_inputs
from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.objectives import cmma_bound, cvae_bound, jmvae_bound, jmvae_kl_bound, vae_bound
from jmvae_tf.runtime.precision import computing_in
from jmvae_tf.runtime.randomness import root_seed, split
from tests.helpers.small_models import (
    ITERATIVE,
    OF_SEVERAL,
    ONE_WAY,
    examples,
    known_to,
    set_sequential_weights,
    small_model,
    swept,
)

NAMES = ("photo", "species", "sizes")
# Models whose objective in an example is that of a model of what the example has, or is made of it.
SMALLER = ("mvae", "mmvae", "mopoe", "mvtcae", "crmvae", "helvae", "mmjsd", "mmvm", "telbo")
PATTERNS = [pattern for number in (1, 2, 3) for pattern in itertools.combinations(NAMES, number)]


@pytest.fixture
def modalities():
    """An image, a label, and numbers that may be partly observed."""
    return {
        "photo": Modality("photo", (4, 4, 1), Bernoulli(), kind="image"),
        "species": Modality("species", (3,), Categorical(), kind="label"),
        "sizes": Modality(
            "sizes", (4,), Gaussian(), kind="numbers", standardised=True, partly_observed=True
        ),
    }


def _with_every_pattern(modalities, name="jmvae", filling=np.nan):
    """An example of each pattern; what it lacks is `filling`. Of numbers, single ones too."""
    data = known_to_all(examples(modalities, len(PATTERNS)))
    rows = {x: np.array([x in pattern for pattern in PATTERNS]) for x in NAMES}
    rows["sizes"] = rows["sizes"][:, None] & (np.arange(7)[:, None] % 4 != np.arange(4))
    return hide(data, {x: rows[x] for x in modalities}, filling)


def known_to_all(data):
    return {name: np.array(x) for name, x in data.items()}


def hide(data, masks, filling=np.nan):
    """Overwrites what masks hide, and puts the masks beside the data."""
    hidden = dict(data)
    for name, mask in masks.items():
        by_value = mask.reshape(*mask.shape, *[1] * (data[name].ndim - mask.ndim))
        hidden[name] = np.where(by_value, data[name], np.float32(filling)).astype("f")
        hidden[observed_key(name)] = mask
    return hidden


def _step(model, how=None):
    """A function from data to the bound and its gradients, in a graph if `how` is given."""

    def step(data):
        with tf.GradientTape() as tape:
            shown = model.without_hidden(data)
            value = model.unchecked_bound(shown, root_seed(3), training=True).value
            total = tf.reduce_sum(value)
        return value, *tape.gradient(
            total, model.trainable_variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )

    function = step if how is None else tf.function(step, **how)
    return lambda data: function({name: tf.constant(x) for name, x in data.items()})


# Each example against the model of what it has.


def _by_hand(model, name, data, pattern, seed):
    """The bound of the modalities of a pattern alone, from the networks of the whole model."""
    data = {x: tf.constant(value) for x, value in data.items()}
    data |= {x: tf.zeros_like(data[x]) for x in NAMES if x not in pattern}
    masks = {observed_key(x): tf.zeros(7, bool) for x in NAMES if x not in pattern}
    partly = {observed_key("sizes"): data.pop(observed_key("sizes"))}
    x = network_inputs(model.modalities, {**data, **partly, **masks})
    p_z = standard_normal(3)
    observed = {"sizes": partly[observed_key("sizes")]} if "sizes" in pattern else {}
    if name in ONE_WAY:
        if len(pattern) < 3:
            return np.zeros(7)
        q = model.joint_encoder(x)
        z = reparameterised_sample(q, seed)
        p_x = {"photo": model.decoders["photo"](model.decoder_inputs(z, {**data, **partly}))}
        if name == "cvae":
            return cvae_bound(data, q, p_z, p_x).value
        p_z = model.prior_encoder({y: x[y] for y in NAMES[1:]})
        return cmma_bound(data, q, p_z, p_x).value
    if name == "jmvae_kl":
        q_z_x = {y: model.encoders[y](x[y]) for y in pattern}
        if len(pattern) == 3:
            q = model.joint_encoder(x)
        else:
            q = product_of_experts(list(q_z_x.values())) if len(q_z_x) > 1 else q_z_x[pattern[0]]
        z = reparameterised_sample(q, seed)
        p_x = {y: model.decoders[y](z) for y in pattern}
        if len(pattern) == 1:
            only = {pattern[0]: data[pattern[0]]}
            return vae_bound(only, q, p_z, p_x, masks=observed).value
        if len(pattern) == 2:
            return jmvae_bound(data, q, p_z, p_x, masks=observed).value
        return jmvae_kl_bound(data, q, q_z_x, p_z, p_x, masks=observed).value
    if name in SMALLER:
        return _of_smaller_model(model, name, {**data, **partly}, pattern, seed)
    if name == "jmvae_h_kl":
        q = model.layers_above(model.joint_encoder(x))
    else:
        q = model.encode_layers({**data, **partly, **masks})
    seeds = split(seed, 2) if len(q) > 1 else [seed]
    z = [reparameterised_sample(q_l, seed_l) for q_l, seed_l in zip(q, seeds, strict=True)]
    p_z = model.prior_layers(z)
    p_x = {y: model.decoders[y](z[0]) for y in pattern}
    log_p = jmvae_bound(data, q[0], q[0], p_x, masks=observed).value  # Its divergence is 0.
    if name == "jmvae_h_kl" and len(pattern) == 3:
        log_p -= sum(q[0].kl_divergence(model.encoders[y](x[y])) for y in NAMES)
    return log_p - sum(q_l.kl_divergence(p_l) for q_l, p_l in zip(q, p_z, strict=True))


def _of_smaller_model(model, name, data, pattern, seed):
    """The bound of the same model of the modalities of a pattern, with the same weights."""
    small = small_model(name, {x: model.modalities[x] for x in pattern})
    for x in pattern:
        small.encoders[x].set_weights(model.encoders[x].get_weights())
        small.decoders[x].set_weights(model.decoders[x].get_weights())
    if name == "telbo" and len(pattern) == 3:
        small.joint_encoder.set_weights(model.joint_encoder.get_weights())
    if name == "mmvae":
        small.prior_scale.assign(model.prior_scale)
    if name == "mopoe" and len(pattern) < 3:  # The prior is an expert of all three only.
        small.aggregate = lambda experts, observed: product_of_experts(
            list(experts.values()), [observed.rows.get(x) for x in experts], "none"
        )
    of_pattern = {x: data[x] for x in pattern}
    if "sizes" in pattern:
        of_pattern[observed_key("sizes")] = data[observed_key("sizes")]
    bound = small.unchecked_bound(small.without_hidden(of_pattern), seed)
    if name == "crmvae":
        return bound.value * (len(pattern) + 1) / 4  # A mean over M + 1 posteriors.
    if name == "telbo" and len(pattern) < 3:  # ELBOs of each modality alone.
        alone = ("log_p_{}_alone", "kl_prior_of_{}")
        log_p, kl = ([bound.terms[term.format(x)] for x in pattern] for term in alone)
        return sum(log_p) - sum(kl)
    if name == "mvtcae":  # M and its share of the divergences stay.
        alpha, kl = 5 / 6, sum(bound.terms[f"kl_{x}"] for x in pattern)
        log_p = sum(bound.terms[f"log_p_{x}"] for x in pattern)
        return (3 - alpha) / 3 * log_p - (1 - alpha) * bound.terms["kl_prior"] - alpha / 3 * kl
    return bound.value


@pytest.mark.parametrize("name", swept(OF_SEVERAL, ["mvae"]))
def test_each_pattern_of_three_modalities_has_the_bound_of_what_it_has(modalities, name):
    model = small_model(name, modalities)
    set_sequential_weights(model)
    data = _with_every_pattern(modalities)
    bound = model.bound(data, root_seed(3))
    zeros = {x: np.nan_to_num(value) for x, value in data.items()}
    sizes = {x: zeros[x] for x in (*NAMES, observed_key("sizes"))}
    for row, pattern in enumerate(PATTERNS):
        expected = _by_hand(model, name, sizes, pattern, root_seed(3))
        np.testing.assert_allclose(bound.value[row], expected[row], rtol=1e-5, err_msg=pattern)
        for other in set(NAMES) - set(pattern):
            assert bound.terms.get(f"log_p_{other}", np.zeros(7))[row] == 0


def test_one_modality_of_three_has_the_bound_of_its_vae(modalities):
    """With the VAE's own class, and its weights."""
    model = small_model("jmvae_kl", modalities)
    data = _with_every_pattern(modalities)
    bound = model.bound(data, root_seed(3)).value
    for row, name in enumerate(NAMES):
        vae = small_model("vae", {name: modalities[name]})
        vae.encoders[name].set_weights(model.encoders[name].get_weights())
        vae.decoders[name].set_weights(model.decoders[name].get_weights())
        expected = vae.bound(known_to(vae, data) | _masks(data, [name]), root_seed(3)).value
        np.testing.assert_allclose(bound[row], expected[row], rtol=1e-6)


def _masks(data, names):
    return {observed_key(name): data[observed_key(name)] for name in names}


@pytest.mark.slow
@pytest.mark.parametrize("name", swept(PLAIN_MODELS))
def test_examples_with_nothing_count_0(modalities, name):
    model = small_model(name, modalities)
    data = known_to(model, examples(model.modalities, 4))
    nothing = {observed_key(x): tf.constant([True, False, True, False]) for x in model.modalities}
    bound = model.bound({**data, **nothing}, root_seed(0))
    assert np.all(bound.value.numpy()[[1, 3]] == 0)
    assert np.all(bound.value.numpy()[[0, 2]] != 0)
    for term in bound.terms.values():
        assert np.all(term.numpy()[[1, 3]] == 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", swept(PLAIN_MODELS))
def test_masks_that_hide_nothing_change_nothing(modalities, name):
    model = small_model(name, modalities)
    data = known_to(model, examples(model.modalities, 4))
    masks = {observed_key(x): tf.ones(4, bool) for x in model.modalities}
    alone, masked = (model.bound(batch, root_seed(0)).value for batch in (data, {**data, **masks}))
    np.testing.assert_allclose(masked, alone, rtol=1e-6)


# What is hidden.


@pytest.mark.parametrize(
    ("name", "precision", "jit_compile"),
    [
        pytest.param(name, *how, marks=() if quick else pytest.mark.slow)
        for name in PLAIN_MODELS
        for how in itertools.product(["float32", "mixed_bfloat16"], [False, True])
        for quick in [how == ("float32", False) and name == "jmvae"]
    ],
)
def test_hidden_values_change_neither_bound_nor_gradients(modalities, name, precision, jit_compile):
    with computing_in(precision):
        model = small_model(name, modalities, body="D8BR")
    state, step = model.get_weights(), _step(model, {"jit_compile": jit_compile})
    found = []
    for filling in (0.0, np.nan, np.inf):
        data = _with_every_pattern(modalities, filling=filling)
        model.set_weights(state)  # Batch normalisation has changed its own.
        results = step(known_to(model, data) | _masks(data, model.modalities))
        found.append([*results, *model.get_weights()])
    for x in found[0]:
        assert np.isfinite(x).all()
    for other in found[1:]:
        for x, expected in zip(other, found[0], strict=True):
            np.testing.assert_array_equal(x, expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", swept(PLAIN_MODELS))
def test_a_modality_that_a_whole_batch_lacks_keeps_its_networks(modalities, name):
    model = small_model(name, modalities, body="D8BR")
    lost = list(model.modalities)[-1]
    data = known_to(model, examples(model.modalities, 5))
    data[observed_key(lost)] = tf.zeros(5, bool)
    before = {x.path: x.numpy() for x in model.non_trainable_variables}
    value, *gradients = _step(model)(data)
    assert np.isfinite(value).all()
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.isfinite(gradient).all()
        if f"{lost}_decoder" in variable.path or f"{lost}_encoder" in variable.path:
            assert not np.any(gradient), variable.path
    for variable in model.non_trainable_variables:
        if f"{lost}_decoder" in variable.path or f"{lost}_encoder" in variable.path:
            np.testing.assert_array_equal(variable, before[variable.path])


def test_batch_statistics_are_those_of_the_rows_that_are_there(modalities):
    """The photo's networks move as if they had seen its rows alone."""
    model = small_model("jmvae_kl", modalities, body="D8BR")
    data = known_to_all(examples(modalities, 8))
    has = np.arange(8) % 2 == 0
    rows = {"photo": has, "species": ~has}  # No example is complete.
    _step(model)(hide(data, rows))
    _, dense, norm, _ = model.encoders["photo"].body.layers
    values = dense(data["photo"][has].reshape(4, -1)).numpy()
    np.testing.assert_allclose(norm.moving_mean, 0.1 * values.mean(0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(norm.moving_variance, 0.9 + 0.1 * values.var(0), rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("has_image", "adversary"),
    [
        ("some", "original"),
        pytest.param("none", "original", marks=pytest.mark.slow),
        pytest.param("some", "hinge+projection+similarity+shifts", marks=pytest.mark.slow),
        ("none", "hinge+projection+similarity+shifts"),
    ],
)
def test_a_discriminator_sees_only_images_that_are_there(has_image, adversary):
    modalities = {
        "photo": Modality("photo", (4, 4, 1), Bernoulli(), kind="image"),
        "species": Modality("species", (3,), Categorical(), kind="label"),
    }
    vae = small_model("jmvae_kl", modalities)
    model = Adversarial(vae, "photo", "D8BL", adversary=adversary)
    data = known_to_all(examples(modalities, 6))
    rows = np.array([True, False] * 3) if has_image == "some" else np.zeros(6, bool)
    data = hide(data, {"photo": rows}, np.nan)
    model.compile(run_eagerly=True)
    for loss in _judged(model, data):
        np.testing.assert_array_equal(loss.numpy() != 0, rows)
    results = model.train_on_batch(data, return_dict=True)
    assert all(np.isfinite(x) for x in results.values())
    if has_image == "some":
        for loss in _judged(model, {name: x[rows] for name, x in data.items()}):
            assert loss.shape == (3,)


def _judged(model, data):
    """The losses of an adversary and the dissimilarity; the accuracy may be 0 for any example."""
    batch, seed = model.vae.examples_of(data), root_seed(0)
    bound = model.vae.unchecked_bound(batch, seed)
    z = model.opponent.samples(data, batch, seed)
    judged = model.opponent.judged(model.opponent.seen(batch, bound, z, seed, True), True)
    return judged.discriminator_loss, judged.generator_loss


@pytest.mark.slow
def test_fakes_of_images_without_any_other_modality_are_drawn_from_the_prior():
    modalities = {
        "photo": Modality("photo", (4, 4, 1), Bernoulli(), kind="image"),
        "species": Modality("species", (3,), Categorical(), kind="label"),
    }
    for name in ("jmvae", "jmvae_kl", "jmvae_h"):
        model = Adversarial(
            small_model(name, modalities), "photo", "D8L", adversary="hinge+projection"
        )
        data = known_to_all(examples(modalities, 6))
        data = hide(data, {"species": np.array([True, False] * 3)}, np.nan)
        batch = model.vae.examples_of(data)
        bound = model.vae.unchecked_bound(batch, root_seed(0))
        z = model.opponent.samples(data, batch, root_seed(0))
        seen = model.opponent.seen(batch, bound, z, root_seed(0), True)
        assert np.isfinite(seen.fakes[0]).all(), name
        np.testing.assert_array_equal(np.any(seen.condition != 0, axis=1), [True, False] * 3)


# Training, statistics, metrics.


def test_statistics_are_over_what_is_there(modalities, rng):
    """Columns of other scales, each with gaps of its own, in batches of which one has nothing."""
    values = rng.normal([1e6, 0, 5, 1e-3], [2, 1e3, 1, 1e-5], (50, 4))
    mask = rng.random((50, 4)) < 0.6
    mask[:10] = False
    mask[20:30, 2] = False
    model = small_model("jmvae", modalities)
    data = {**known_to_all(examples(modalities, 50)), "sizes": np.where(mask, values, np.nan)}
    data[observed_key("sizes")] = mask
    data["sizes"] = data["sizes"].astype(np.float64)
    batches = [{name: x[i : i + 10] for name, x in data.items()} for i in range(0, 50, 10)]
    model.adapt(batches)
    found = model.statistics["sizes"]
    for column in range(4):
        there = values[mask[:, column], column]
        np.testing.assert_allclose(found.mean[column], there.mean(), rtol=1e-6)
        np.testing.assert_allclose(found.stddev[column], there.std(), rtol=1e-5)
    shown = model.standardise(data)
    assert not np.any(shown["sizes"].numpy()[~mask])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jmvae_kl", "telbo", "cvae"])
def test_means_of_terms_are_over_the_examples_that_have_them(modalities, name):
    model = small_model(name, modalities)
    model.compile(optimizer="adam", run_eagerly=True)
    data = _with_every_pattern(modalities, filling=0.0)
    model.adapt(data)
    bound = model.bound(model.standardise(data), model.test_seed())
    results = model.test_on_batch(data, return_dict=True)
    has = np.array([[x in pattern for x in NAMES] for pattern in PATTERNS])
    complete = has.all(axis=1)
    photo = has[:, 0] if name == "jmvae_kl" else complete
    terms = {"log_p_photo": photo, "bound": complete if name == "cvae" else has.any(axis=1)}
    if name == "jmvae_kl":
        terms |= {"kl_photo": complete, "log_p_sizes": has[:, 2]}
    if name == "telbo":
        terms |= {"kl_prior": complete, "kl_prior_of_sizes": has[:, 2]}
    for term, rows in terms.items():
        values = bound.value if term == "bound" else bound.terms[term]
        np.testing.assert_allclose(results[term], values.numpy()[rows].mean(), rtol=1e-5)


def test_the_loss_is_a_mean_over_the_whole_batch(modalities):
    """One step of gradient descent, with weights of the examples too."""
    model = small_model("jmvae_kl", modalities)
    data = _with_every_pattern(modalities)
    model.adapt(data)
    weights = np.linspace(0.5, 2.0, 7).astype("f")
    for batch, weight in ((data, np.ones(7, "f")), ({**data, SAMPLE_WEIGHT: weights}, weights)):
        model.compile(optimizer="sgd", run_eagerly=True)
        model.optimizer.learning_rate = 0.01
        with tf.GradientTape() as tape:
            value = model.unchecked_bound(
                model.examples_of(batch), model.training_seed(0), training=True
            ).value
            mean = tf.reduce_sum(weight * value) / 7
        expected = [
            x + 0.01 * gradient
            for x, gradient in zip(
                model.trainable_variables,
                tape.gradient(mean, model.trainable_variables),
                strict=True,
            )
        ]
        model.train_on_batch(batch)
        for x, y in zip(model.trainable_variables, expected, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_fit_takes_nan_for_missing_where_a_modality_says_so(modalities):
    """Masks and NaN are two ways to say the same."""
    data = _with_every_pattern(modalities)
    of_nan = {x: dataclasses.replace(y, nan_is_missing=True) for x, y in modalities.items()}
    weights = []
    for kinds, batch in ((modalities, data), (of_nan, {name: data[name] for name in NAMES})):
        model = small_model("jmvae", kinds)
        set_sequential_weights(model)
        model.compile(optimizer="adam", run_eagerly=True)
        model.fit(batch, batch_size=4, verbose=0, shuffle=False)
        results = model.evaluate(batch, verbose=0, return_dict=True)
        weights.append([*model.get_weights(), *results.values()])
    for x, y in zip(*weights, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.slow
def test_a_loaded_model_goes_on_as_the_one_that_was_saved(modalities, tmp_path):
    """Bit for bit, on examples with gaps."""
    model = small_model("jmvae", modalities, body="D8BR")
    model.compile(optimizer="adam", run_eagerly=True)
    data = _with_every_pattern(modalities)
    model.adapt(data)
    model.train_on_batch(data)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    loaded.run_eagerly = True
    for one in (model, loaded):
        one.reset_metrics()
        one.train_on_batch(data)
    for x, y in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"photo/observed": np.ones((7, 4, 4, 1), bool)}, "single values need partly_observed"),
        ({"photo/observed": np.ones(7, int)}, "A mask is bool"),
        ({"photo/observed": np.ones(6, bool)}, r"must have the shape \[batch\]"),
        ({"sizes/observed": np.ones((7, 3), bool)}, "or that of its values"),
        ({SAMPLE_WEIGHT: np.full(7, -1.0)}, "0 or more"),
        (
            {observed_key(x): np.arange(7) != 4 for x in NAMES},
            "Every example must have one of .* first example 4 ",
        ),
        ({"species": np.ones((7, 3), "f")}, "must be one-hot"),
    ],
)
def test_fit_refuses(modalities, change, rule):
    model = small_model("jmvae", modalities)
    model.compile(optimizer="adam")
    data = {**known_to_all(examples(modalities, 7)), **change}
    with pytest.raises(ValueError, match=rule):
        model.fit(data, verbose=0)


def test_a_vae_leaves_out_examples_without_its_modality(modalities):
    photo = {"photo": modalities["photo"]}
    data = hide(known_to_all(examples(photo, 7)), {"photo": np.arange(7) % 2 == 1})
    model = small_model("vae", photo)
    model.compile(optimizer="adam", run_eagerly=True)
    model.fit(data, validation_data=data, verbose=0)
    assert np.isfinite(model.evaluate(data, verbose=0, return_dict=True)["bound"])


def test_fit_refuses_examples_that_are_partly_nan(two_modalities):
    label = dataclasses.replace(two_modalities["label"], nan_is_missing=True)
    kinds = {**two_modalities, "label": label}
    model = small_model("jmvae", kinds)
    model.compile(optimizer="adam")
    data = known_to_all(examples(kinds, 4))
    data["label"][2, 1] = np.nan
    with pytest.raises(ValueError, match="NaN as a whole or not at all"):
        model.fit(data, verbose=0)


# Inference.


@pytest.mark.slow
@pytest.mark.parametrize("name", swept(OF_SEVERAL))
def test_each_example_is_inferred_from_what_it_has(modalities, name):
    """As if it had been given alone, without what it lacks."""
    if name in ITERATIVE:
        model = small_model(name, modalities, missing="zeros", num_rounds=1)
    else:
        model = small_model(name, modalities)
    set_sequential_weights(model)
    data = _with_every_pattern(modalities)
    rows = [row for row, pattern in enumerate(PATTERNS) if set(model.conditions) <= set(pattern)]
    data = {x: value[rows] for x, value in data.items()}
    found = model.posterior(data)
    together = model.posterior_mean(data)
    for place, row in enumerate(rows):
        alone = {x: data[x][[place]] for x in PATTERNS[row]}
        if "sizes" in alone:
            alone[observed_key("sizes")] = data[observed_key("sizes")][[place]]
        expected = model.posterior(alone)
        np.testing.assert_allclose(found.mean()[place], expected.mean()[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found.stddev()[place], expected.stddev()[0], rtol=1e-5)
        np.testing.assert_allclose(
            together[place], model.posterior_mean(alone)[0], rtol=1e-4, atol=1e-6
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vae", "jmvae_kl", *ITERATIVE])
def test_an_example_with_nothing_gets_the_prior(modalities, name):
    """As if nothing had been given; the others as without it."""
    model = small_model(name, modalities)
    set_sequential_weights(model)
    data = known_to_all(known_to(model, examples(modalities, 3)))
    hidden = hide(data, {x: np.array([True, False, True]) for x in data})
    q, z = model.posterior_and_samples(hidden, 2)
    assert z.shape == (2, 3, 3)
    whole = model.posterior(data).mean()
    for each in (q, model.posterior(hidden)):
        mean, stddev = (x.numpy().reshape(-1, 3, 3) for x in (each.mean(), each.stddev()))
        assert np.all(mean[:, 1] == 0)
        assert np.all(stddev[:, 1] == 1)
        for row in (0, 2):
            np.testing.assert_allclose(mean[0, row], whole[row], rtol=1e-5, atol=1e-6)
    mean = model.posterior_mean(hidden)[1]
    np.testing.assert_allclose(mean, model.posterior_mean({}), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ITERATIVE)
def test_iterative_sampling_keeps_what_is_observed(modalities, name):
    model = small_model(name, modalities, num_rounds=3)
    data = model.standardise(_with_every_pattern(modalities))
    filled = model.complement(data, root_seed(0))
    assert set(filled) == {*NAMES, observed_key("sizes")}
    for x in NAMES:
        rows = np.array([x in pattern for pattern in PATTERNS])
        np.testing.assert_array_equal(filled[x].numpy()[rows], data[x].numpy()[rows])
        assert np.isfinite(filled[x]).all()
    assert np.all(filled["sizes"].numpy()[[0, 1]] != 0)
    mask = filled[observed_key("sizes")].numpy()
    np.testing.assert_array_equal(mask[2], data[observed_key("sizes")].numpy()[2])
    assert mask[:2].all()  # What the chain filled in.


@pytest.mark.parametrize("name", ONE_WAY)
def test_models_of_one_direction_need_all_conditions(modalities, name):
    model = small_model(name, modalities)
    data = known_to_all(examples(modalities, 3))
    data[observed_key("species")] = np.array([True, False, True])
    with pytest.raises(ValueError, match=r"of every example\. Received: example 1 "):
        model.generate("photo", {x: y for x, y in data.items() if x != "photo"})


def test_numbers_that_may_be_missing_in_part_have_encoders_of_twice_their_size(modalities):
    model = JMVAEKL(modalities, 3)
    assert model.encoders["sizes"].body.input_shape == (None, 8)
    inputs = network_inputs(
        modalities,
        {"sizes": tf.ones((1, 4)), observed_key("sizes"): tf.constant([[True, False, True, True]])},
    )
    np.testing.assert_array_equal(inputs["sizes"], [[1, 1, 1, 1, 1, 0, 1, 1]])
