"""Models of experts: whose weights learn from what, what is drawn, and what is refused."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.models import subset_limits
from jmvae_tf.models.mopoe import MoPoE
from jmvae_tf.models.subsets import chosen_component, random_subset
from jmvae_tf.runtime.randomness import root_seed
from tests.helpers.small_models import examples, small_model

NAMES = ("a", "b", "c", "d")


@pytest.fixture
def modalities():
    return {
        "photo": Modality("photo", (4, 4, 1), Bernoulli(), kind="image"),
        "species": Modality("species", (3,), Categorical(), kind="label"),
    }


def numbers(count):
    return {f"n{i}": Modality(f"n{i}", (2,), Gaussian(), kind="numbers") for i in range(count)}


# What is drawn.


def test_subsets_are_drawn_by_size_first_and_then_by_name():
    """Sizes 2 and 3 of four are as likely; so each pair has 1/12, each three 1/8."""
    batch = 24_000
    drawn = random_subset(NAMES, {}, tf.constant(batch), root_seed(1), smallest=2)
    has = np.stack([drawn[name].numpy() for name in NAMES])
    patterns, counts = np.unique(has, axis=1, return_counts=True)
    expected = np.where(patterns.sum(axis=0) == 2, 1 / 12, 1 / 8)
    assert len(counts) == 10
    error = np.sqrt(expected * (1 - expected) / batch)
    assert (np.abs(counts / batch - expected) < 5 * error).all()


def test_subsets_are_of_what_an_example_has():
    rows = {"a": tf.constant([True, False, False]), "b": tf.constant([True, True, False])}
    for seed in range(20):
        drawn = random_subset(NAMES, rows, tf.constant(3), root_seed(seed), smallest=2)
        has = np.stack([drawn[name].numpy() for name in NAMES])
        assert not has[0, 1:].any()
        assert has.sum(axis=0)[1] == 2, "of three, two are the only size"
        assert has.sum(axis=0)[2] == 0, "of two there is none"


def test_components_in_use_are_as_likely():
    shares = [tf.fill([9000], 0.5), tf.zeros(9000), tf.fill([9000], 0.5)]
    chosen = chosen_component(shares, tf.constant(9000), root_seed(2)).numpy()
    np.testing.assert_array_equal(chosen.sum(axis=0), 1)
    assert not chosen[1].any()
    assert abs(chosen[0].mean() - 0.5) < 5 * np.sqrt(0.25 / 9000)


@pytest.mark.parametrize("name", ["mmvae", "mmjsd", "mmvm"])
def test_a_mixture_draws_an_expert_for_each_sample_and_example(modalities, name):
    """Not one for the batch: with experts far apart, both are near some samples of each example."""
    model = small_model(name, modalities)
    for sign, encoder in zip((-1, 1), model.encoders.values(), strict=True):
        kernel, bias = encoder.head.mean.get_weights()
        encoder.head.mean.set_weights([0 * kernel, np.full_like(bias, 50.0 * sign)])
    z = model.sample_posterior(examples(modalities, 5), 40, seed=1).numpy()
    signs = np.sign(z)
    np.testing.assert_array_equal(signs, np.broadcast_to(signs[..., :1], z.shape))
    assert (np.abs(signs[..., 0].mean(axis=0)) < 0.9).all()
    assert (np.abs(signs[..., 0].mean(axis=1)) < 1).any()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "k"), [("mmvae", 1), ("mmvae", 3), ("mopoe", 2)])
def test_weights_of_few_samples_of_a_mixture_are_unbiased(modalities, name, k):
    """Also where its components do not divide the number of samples, or exceed it."""
    model = small_model(name, modalities, **({"posterior": "gaussian"} if name == "mmvae" else {}))
    one = examples(modalities, 1)
    data = {name: tf.repeat(x, 4000, axis=0) for name, x in one.items()}

    def means(data, k):
        drawn = model.importance_samples(data, k, seed=k)
        log_p = [p.log_prob(data[m]) for m, p in model.decode(drawn.z).items()]
        assert drawn.z.shape[0] == k
        return np.exp(np.float64(sum(log_p) + drawn.log_p_z - drawn.log_q_z)).mean(axis=0)

    [exact] = means(one, 200_000)
    found = means(data, k)
    assert abs(found.mean() / exact - 1) < 5 * found.std() / exact / np.sqrt(4000) + 0.01
    assert found.std() / exact / np.sqrt(4000) < 0.03


@pytest.mark.slow
@pytest.mark.parametrize(("name", "centres"), [("mmjsd", (-1, 1)), ("mopoe", (-1, 0, 1))])
def test_each_component_gives_equally_many_samples_for_importance_weights(
    modalities, name, centres
):
    """MoPoE's are the products of all subsets; an example that lacks one has the other's alone."""
    model = small_model(name, modalities)
    for sign, encoder in zip((-1, 1), model.encoders.values(), strict=True):
        for head, value in ((encoder.head.mean, 50.0 * sign), (encoder.head.variance, 0.5)):
            kernel, bias = head.get_weights()
            head.set_weights([0 * kernel, np.full_like(bias, value)])
    rows = tf.constant([True, False, True])
    given = {**examples(modalities, 3), observed_key("species"): rows}
    z = model.importance_samples(given, 12, seed=2).z.numpy()
    for example, expected in enumerate((centres, (-1,), centres)):
        found, counts = np.unique(np.rint(z[:, example, 0] / 50), return_counts=True)
        assert tuple(found) == expected
        np.testing.assert_array_equal(counts, 12 // len(expected))


def test_a_hierarchy_with_encoders_draws_from_its_top_where_nothing_is_given(modalities):
    """Also for single examples of a batch, by masks."""
    model, data = small_model("jmvae_h_kl", modalities), examples(modalities, 3)
    [below] = model.layer_priors
    kernel, bias = below.head.mean.get_weights()
    below.head.mean.set_weights([0 * kernel, np.full_like(bias, 70.0)])
    hidden = {observed_key(name): tf.constant([True, False, True]) for name in data}
    far = model.sample_posterior({**data, **hidden}, 5).numpy() > 50
    np.testing.assert_array_equal(far, np.broadcast_to([[[False], [True], [False]]], far.shape))
    mean = model.posterior_mean({**data, **hidden})
    np.testing.assert_allclose(mean[1], 70.0)
    np.testing.assert_allclose(mean[0], model.posterior_mean(data)[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.posterior_mean(None), 70.0)
    assert (model.sample_posterior(None, 5).numpy() > 50).all()
    # So embeddings say what z_1 is, and not z_2, of which all is known to be standard normal.
    mean, stddev = model.posterior_moments({**data, **hidden})
    drawn = model.sample_posterior(None, 4000, seed=1).numpy()
    np.testing.assert_allclose(mean[1], drawn.mean(0), atol=0.2)
    np.testing.assert_allclose(stddev[1], drawn.std(0), rtol=0.15)
    np.testing.assert_array_equal(mean[0], model.posterior(data).mean()[0])
    np.testing.assert_array_equal(model.posterior_moments(None)[0], mean[1])


@pytest.mark.parametrize("name", ["mmvae", "mopoe", "mmjsd", "jmvae_h_kl"])
def test_importance_samples_start_from_something(modalities, name):
    with pytest.raises(ValueError, match="start from one modality or more"):
        small_model(name, modalities).importance_samples({}, 3)


def test_a_hierarchy_with_encoders_has_layers_of_its_own_names():
    with pytest.raises(ValueError, match=r"rename the modality\. Received: 'z1'"):
        small_model("jmvae_h_kl", {"z1": Modality("z1", (2,), Gaussian())} | numbers(1))
    small_model("jmvae_h", {"z1": Modality("z1", (2,), Gaussian())} | numbers(1))
    small_model("jmvae_h_kl", {"z3": Modality("z3", (2,), Gaussian())} | numbers(1))


def test_mvae_has_the_elbo_of_a_random_subset_where_there_is_one():
    """Of two or more of three or more; their mean is over the examples that have one."""
    model = small_model("mvae", numbers(3), num_subsets=2)
    data = examples(numbers(3), 4)
    hidden = {observed_key("n0"): tf.constant([True, False, True, False])}
    bound = model.bound({**data, **hidden}, root_seed(2))
    subsets = ("elbo_of_subset_1", "elbo_of_subset_2")
    assert set(subsets) < set(bound.terms)
    for name in subsets:
        np.testing.assert_array_equal(bound.terms[name].numpy() == 0, [False, True, False, True])
    rows = model.rows_of_terms({**data, **hidden}, bound.terms)
    for name in subsets:
        np.testing.assert_array_equal(rows[name], [True, False, True, False])
    assert not set(subsets) & set(model.rows_of_terms(data, bound.terms))


# What learns from what.


@pytest.mark.slow
def test_telbo_trains_decoders_on_the_joint_bound_alone(modalities):
    """And single encoders through the fixed weights of the decoders."""
    model, seed = small_model("telbo", modalities), root_seed(4)
    data = examples(modalities, 6)
    with tf.GradientTape(persistent=True) as tape:
        bound = model.unchecked_bound(data, seed, training=True)
        joint = bound.terms["log_p_photo"] + bound.terms["log_p_species"] - bound.terms["kl_prior"]
        alone = bound.terms["log_p_photo_alone"] - bound.terms["kl_prior_of_photo"]
    np.testing.assert_allclose(
        bound.value,
        joint + alone + bound.terms["log_p_species_alone"] - bound.terms["kl_prior_of_species"],
        rtol=1e-5,
    )
    for decoder in model.decoders.values():
        for variable in decoder.trainable_variables:
            found, expected = (tape.gradient(x, variable) for x in (bound.value, joint))
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    for variable in model.encoders["photo"].trainable_variables:
        found, expected = (tape.gradient(x, variable) for x in (bound.value, alone))
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
        assert tape.gradient(bound.terms["log_p_photo_alone"], variable) is not None
        assert tape.gradient(joint, variable) is None


@pytest.mark.slow
@pytest.mark.parametrize("gradient", ["plain", "dreg", "exact_dreg"])
def test_each_gradient_of_mmvae_reaches_all_weights_and_leaves_the_value(modalities, gradient):
    model = small_model("mmvae", modalities, gradient=gradient, num_samples=3)
    plain = small_model("mmvae", modalities, num_samples=3)
    plain.set_weights(model.get_weights())
    data = examples(modalities, 5)
    with tf.GradientTape() as tape:
        bound = model.unchecked_bound(data, root_seed(0), 0.5, training=True)
    expected = plain.unchecked_bound(data, root_seed(0), 0.5, training=True)
    np.testing.assert_allclose(bound.value, expected.value, rtol=1e-5)
    for gradient in tape.gradient(bound.value, model.trainable_variables):
        assert np.isfinite(gradient).all()
        assert np.any(gradient)


@pytest.mark.parametrize(
    ("gradient", "mean_of_weights"),
    [("plain", "looser"), ("plain", "tighter"), ("dreg", "tighter"), ("exact_dreg", "looser")],
)
def test_an_example_with_nothing_leaves_the_gradients_of_mmvae_finite(
    modalities, gradient, mean_of_weights
):
    model = small_model("mmvae", modalities, gradient=gradient, mean_of_weights=mean_of_weights)
    rows = tf.constant([True, False, True])
    hidden = {observed_key(name): rows for name in modalities}
    with tf.GradientTape() as tape:
        bound = model.unchecked_bound(
            {**examples(modalities, 3), **hidden}, root_seed(0), training=True
        )
    assert bound.value[1] == 0
    for slope in tape.gradient(bound.value, model.trainable_variables):
        assert np.isfinite(slope).all()


@pytest.mark.parametrize("missing", ["zeros", "noise"])
def test_dropout_hides_modalities_from_the_encoder_alone(modalities, missing):
    model = small_model("jmvae", modalities, modality_dropout=0.5, missing=missing)
    data = examples(modalities, 400)
    seen = model.with_dropout(data, root_seed(3), training=True)
    hidden = {
        name: np.any((seen[name] != x).numpy().reshape(400, -1), axis=1) for name, x in data.items()
    }
    both = hidden["photo"] & hidden["species"]
    assert not both.any(), "one modality is left"
    if missing == "zeros":  # Noise may be a value of the data.
        either = (hidden["photo"] | hidden["species"]).mean()
        assert abs(either - 0.5) < 5 * np.sqrt(0.25 / 400)
        assert np.all(seen["species"].numpy()[hidden["species"]] == 0)
    assert model.with_dropout(data, root_seed(3), training=False) is data
    terms = model.unchecked_bound(data, root_seed(3), training=True).terms
    assert np.all(terms["log_p_photo"].numpy() < 0), "what is hidden is reconstructed too"


def test_dropout_takes_a_mask_of_whole_examples_for_one_of_each_of_their_values(modalities):
    """Also where there are as many examples as values, so that the mask would fit either way."""
    modalities["sizes"] = Modality("sizes", (4,), Gaussian(), kind="numbers", partly_observed=True)
    model = small_model("jmvae", modalities, modality_dropout=0.9, missing="zeros")
    for number in (4, 5):
        data, rows = examples(modalities, number), np.arange(number) % 2 == 0
        data["sizes"] = tf.where(rows[:, np.newaxis], data["sizes"], 0.0)
        key = observed_key("sizes")
        of_values = {**data, key: tf.repeat(rows[:, np.newaxis], 4, axis=1)}
        found, expected = (
            model.unchecked_bound(x, root_seed(2), training=True).value
            for x in ({**data, key: tf.constant(rows)}, of_values)
        )
        np.testing.assert_array_equal(found, expected)


# What is refused.


@pytest.mark.slow
def test_mmvm_has_no_prior(modalities):
    model = small_model("mmvm", modalities)
    data = examples(modalities, 3)
    for ask in (model.posterior, lambda: model.generate("photo", num_samples=2)):
        with pytest.raises(ValueError, match=r"MMVM has no p.z.. Received: no modality; give one"):
            ask()
    with pytest.raises(ValueError, match=r"so no log p.x.. Received"):
        model.importance_samples(data, 5)
    hidden = {observed_key(name): tf.constant([True, False, True]) for name in data}
    with pytest.raises(ValueError, match="Received: example 1 of a batch without any modality"):
        model.posterior({**data, **hidden})
    in_graph = tf.function(lambda x: model.posterior(x).mean())({**data, **hidden})
    np.testing.assert_array_equal(np.isnan(in_graph).all(axis=1), [False, True, False])
    np.testing.assert_allclose(in_graph[0], model.posterior(data).mean()[0], rtol=1e-5)


def test_mopoe_of_many_modalities(monkeypatch):
    assert subset_limits.warning("MoPoE", 6) is None
    assert "7 modalities visits 127 subsets" in subset_limits.warning("MoPoE", 7)
    monkeypatch.setattr(subset_limits, "MANY", 2)
    with pytest.warns(UserWarning, match="MoPoE of 3 modalities visits 7 subsets in each step"):
        small_model("mopoe", numbers(3))
    with pytest.raises(ValueError, match=r"takes at most 12\. Received: 13; choose another model"):
        MoPoE(numbers(13), 2)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("mmvae", {"num_samples": 0}, "K must be at least 1. Received: num_samples=0"),
        ("mmvae", {"posterior": "cauchy"}, "posterior must be one of"),
        ("mmvae", {"gradient": "exact_dreg", "mean_of_weights": "tighter"}, "looser bound"),
        ("mvae", {"num_subsets": -1}, "must not be negative. Received: num_subsets=-1"),
        ("mvae", {"beta": -1.0}, "beta must be finite and not negative. Received: beta=-1.0"),
        ("mvtcae", {"alpha": 1.5}, r"must be in \[0, 1\]. Received: alpha=1.5"),
        ("mmvm", {"divergence": "prior"}, "Received: divergence='prior'"),
        ("jmvae", {"modality_dropout": 1.0}, "below 1, .* Received: modality_dropout=1.0"),
        ("jmvae_kl", {"gamma": float("nan")}, "gamma must be finite and not negative"),
    ],
)
def test_mistakes(modalities, name, options, message):
    with pytest.raises(ValueError, match=message):
        small_model(name, modalities, **options)


@pytest.mark.parametrize("name", ["mvae", "mmvae"])
def test_a_row_with_nothing_is_refused(modalities, name):
    model = small_model(name, modalities)
    model.compile(optimizer="adam", run_eagerly=True)
    data = {name: x.numpy() for name, x in examples(modalities, 4).items()}
    rows = np.array([True, True, False, True])
    hidden = {observed_key(name): rows for name in data}
    with pytest.raises(ValueError, match=r"Every example must have one of .* first example 2"):
        model.fit({**data, **hidden}, verbose=0)


@pytest.mark.parametrize(
    ("name", "options", "called"),
    [
        ("mvae", {}, "bound"),
        ("mvae", {"beta": 0.5}, "objective"),
        ("mvae", {"beta": 2.0}, "bound"),
        ("mmvae", {"beta": 2.0}, "objective"),
        ("mmvae", {"beta": 2.0, "num_samples": 1}, "bound"),
        # A mean of the weights of all experts under one logarithm.
        ("mmvae", {"beta": 2.0, "num_samples": 1, "mean_of_weights": "tighter"}, "objective"),
        ("mmvae", {"num_samples": 1, "mean_of_weights": "tighter"}, "bound"),
        ("jmvae", {"num_samples": 3}, "bound"),
        ("jmvae", {"beta": 2.0}, "bound"),
        ("jmvae", {"beta": 2.0, "num_samples": 3}, "objective"),
        ("jmvae_kl", {"beta": 2.0, "num_samples": 3}, "objective"),
        ("jmvae_kl", {"gamma": 0.1, "num_samples": 3}, "objective"),
        ("mvtcae", {}, "objective"),
        ("mvtcae", {"alpha": 0.0}, "bound"),
        ("jmvae_kl", {}, "bound"),
        ("jmvae_kl", {"gamma": 0.1}, "objective"),
        *((name, {}, "objective") for name in ("crmvae", "mmjsd", "mmvm")),
        *((name, {}, "bound") for name in ("mmvae", "mopoe", "helvae", "telbo", "jmvae_h_kl")),
    ],
)
def test_only_lower_bounds_are_called_bounds(modalities, name, options, called):
    model = small_model(name, modalities, **options)
    assert model.objective_name == called
    names = {metric.name for metric in model.metrics}
    assert called in names
    assert not names & ({"bound", "objective"} - {called})
