"""Eq. 5 and Eq. 6 on models with known answers, and what else is measured of a model."""

import dataclasses
import json
import types

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation import batches
from jmvae_tf.evaluation.estimate import Estimate, estimate
from jmvae_tf.evaluation.evaluate import EvaluationData, Protocol, evaluate
from jmvae_tf.evaluation.metrics import coherence, diversity, latent
from jmvae_tf.evaluation.metrics.conditional import conditional_log_likelihoods
from jmvae_tf.evaluation.metrics.importance import (
    importance_weighted_log_likelihoods,
    prior_log_likelihoods,
)
from jmvae_tf.evaluation.metrics.objective import bound_terms
from jmvae_tf.evaluation.metrics_table import Metric, Row, Section, metrics_as_json, metrics_as_text
from jmvae_tf.models.loading import MODELS
from tests.helpers.linear_gaussian import Chain
from tests.helpers.linear_models import (
    SIZES,
    OneWay,
    assert_converged,
    linear_model,
    mean_and_error,
    relative_variances,
    tensors,
)
from tests.helpers.small_models import ITERATIVE, examples, known_to, small_model

# Means, standard errors and how they are told.


def test_estimate():
    values = np.array([1.0, 2.0, 3.0, 6.0], np.float32)
    assert estimate(values) == (3.0, np.sqrt((4 + 1 + 0 + 9) / 3) / 2)
    assert str(estimate(values)) == "3.0000 ± 1.0801"


SECTIONS = [
    Section("Bounds, nats", [Metric("bound", "the bound", Estimate(-1.5, 0.25))]),
    Section("Nothing", []),
    Section(
        "Counts",
        [Metric("active", "of 3", 2), Metric("score", "a longer text", Estimate(0.0, 1.0))],
    ),
]


def test_table_for_people():
    assert metrics_as_text(SECTIONS).splitlines() == [
        "Bounds, nats",
        "  the bound      -1.5000 ± 0.2500",
        "",
        "Counts",
        "  of 3           2",
        "  a longer text  0.0000 ± 1.0000",
    ]


ROWS = [
    Row("Bald", [Metric("accuracy_Bald", "accuracy", Estimate(0.5, 0.1)), Metric("n", "n", 3)]),
    Row("Smiling", [Metric("accuracy_Smiling", "accuracy", Estimate(1.0, 0.0))]),
]


def test_rows_have_a_line_each_under_the_heads_of_their_columns():
    section = Section("Signs", [Metric("mean", "mean", Estimate(0.75, 0.05))], ROWS)
    assert metrics_as_text([section]).splitlines() == [
        "Signs",
        "  mean  0.7500 ± 0.0500",
        "           accuracy  n",
        "  Bald       0.5000  3",
        "  Smiling    1.0000  –",
    ]
    assert metrics_as_json([section]) == {
        "mean": {"mean": 0.75, "standard_error": 0.05},
        "accuracy_Bald": {"mean": 0.5, "standard_error": 0.1},
        "n": 3,
        "accuracy_Smiling": {"mean": 1.0, "standard_error": 0.0},
    }


def test_json_for_programs():
    assert json.loads(json.dumps(metrics_as_json(SECTIONS))) == {
        "bound": {"mean": -1.5, "standard_error": 0.25},
        "active": 2,
        "score": {"mean": 0.0, "standard_error": 1.0},
    }


# Eq. 5 and Eq. 6 have a closed form where z given w and x given z are linear and Gaussian.


def pair_of(system):
    """The modalities given the z that decoders take."""
    if isinstance(system, Chain):
        return system.pair
    return system.given_z if isinstance(system, OneWay) else system


def z_given_w(linear, w):
    """Mean, [n, 2], and covariance of the z that x is generated from, given w alone."""
    model, system = linear.model, linear.system
    if model.conditions:  # z ~ p(z|w)
        return w @ system.prior_gain.T, system.prior_variance * np.eye(2)
    if ("w",) in linear.encoders:  # z ~ q(z|w)
        encoder = linear.encoders[("w",)]
        return encoder.mean({"w": w}), encoder.variance * np.eye(2)
    # A chain: x as it starts, z from q(z|x,w), x from p(x|z), z from q(z|x,w) and so on.
    encoder = linear.encoders["x", "w"]
    pair = pair_of(system)
    a, noise = pair.loadings["x"], pair.variances["x"] * (model.feed_back == "samples")
    x, cov_x = np.zeros((len(w), SIZES["x"])), np.eye(SIZES["x"]) * (model.missing == "noise")
    for _ in range(model.num_rounds):
        gain = encoder.gains["x"]
        z, cov_z = encoder.mean({"x": x, "w": w}), gain @ cov_x @ gain.T
        if linear.above:  # z_2 from the mean of z_1, then z_1 anew from p(z_1|z_2).
            up, down = linear.above.gains["z"], system.maps[0]
            z, cov_z = linear.above.mean({"z": z}), up @ cov_z @ up.T
            cov_z = cov_z + linear.above.variance * np.eye(2)
            z, cov_z = z @ down.T, down @ cov_z @ down.T + np.eye(2) / 4
        else:
            cov_z = cov_z + encoder.variance * np.eye(2)
        x, cov_x = z @ a.T + pair.offsets["x"], a @ cov_z @ a.T + noise * np.eye(len(a))
    return z, cov_z


def x_given_z(linear, w):
    """A, what A z is added to, [n, 4], and the variance of x given z."""
    pair = pair_of(linear.system)
    offset = np.tile(pair.offsets["x"], (len(w), 1))
    if isinstance(linear.system, OneWay):
        offset += w @ linear.system.from_w.T
    return pair.loadings["x"], offset, pair.variances["x"]


def log_normal(difference, covariance):
    """log N of n vectors, given their differences from the mean."""
    _, log_det = np.linalg.slogdet(2 * np.pi * covariance)
    inverse = np.linalg.inv(covariance)
    return -0.5 * (log_det + np.einsum("ni,ij,nj->n", difference, inverse, difference))


CASES = [
    ("jmvae_kl", {}, 10),
    ("jmvae", {"missing": "zeros", "num_rounds": 1}, 10),
    ("jmvae", {"missing": "noise", "num_rounds": 3}, 10),
    ("jmvae", {"missing": "noise", "num_rounds": 3, "feed_back": "means"}, 10),
    ("jmvae_h", {"missing": "zeros", "num_rounds": 1}, 4),
    ("jmvae_h", {"missing": "noise", "num_rounds": 2}, 4),
    ("cvae", {}, 10),
    ("cmma", {}, 10),
]


@pytest.mark.parametrize(("kind", "options", "num_samples"), CASES)
def test_eq_5_and_eq_6_are_their_closed_forms(rng, kind, options, num_samples):
    """E log N(x; A z + b, s I) = log N(x; A m + b, s I) - tr(A C A') / (2 s), z ~ N(m, C)."""
    linear = linear_model(kind, rng, **options)
    data = linear.sample(2000, rng)
    scores = conditional_log_likelihoods(linear.model, tensors(data), "x", ["w"], num_samples, 3)
    m, c = z_given_w(linear, data["w"])
    a, offset, s = x_given_z(linear, data["w"])
    difference, noise = data["x"] - offset - m @ a.T, s * np.eye(len(a))
    expected = log_normal(difference, noise) - np.trace(a @ c @ a.T) / (2 * s)
    error = scores.mean_log - expected
    mean, standard_error = mean_and_error(error)
    assert abs(mean) < 5 * standard_error

    # With u = z - m it varies as g'u - u'Mu / 2, g = A'(x - A m - b) / s and M = A'A / s. Of N
    # independent draws the mean has the variance over N, and its fourth moment is that of a
    # Gaussian, or with N = 10 a tenth of a chi-square's excess, 12, more.
    if kind != "jmvae_h":  # Its N x N draws share z_2.
        g, curvature = difference @ a / s, a.T @ a @ c / s
        variance = np.einsum("ni,ij,nj->n", g, c, g) + np.trace(curvature @ curvature) / 2
        variance /= num_samples
        spread = np.sqrt((2 + 12 / num_samples) * (variance**2).mean() / len(error))
        assert abs((error**2).mean() - variance.mean()) < 5 * spread

    # log int q(z|w) p(x|z) dz is never exceeded in expectation, and log-mean-exp is nearer to it.
    limit = log_normal(difference, a @ c @ a.T + noise)
    assert np.all(scores.log_mean >= scores.mean_log - 1e-5)
    mean, standard_error = mean_and_error(scores.log_mean - limit)
    assert mean < 5 * standard_error
    assert np.all(limit > expected)


def test_log_mean_exp_rises_to_the_exact_conditional(rng):
    """Log int q(z|w) p(x|z) dz: an estimate of importance weights p(x|z), z ~ q(z|w)."""
    linear = linear_model("jmvae_kl", rng)
    data = linear.sample(1000, rng)
    m, c = z_given_w(linear, data["w"])
    a, offset, s = x_given_z(linear, data["w"])
    difference = data["x"] - offset - m @ a.T
    limit = log_normal(difference, a @ c @ a.T + s * np.eye(len(a)))
    covariance = np.linalg.inv(np.linalg.inv(c) + a.T @ a / s)
    variance = relative_variances(-difference @ a @ covariance / s, covariance, c)
    errors = {}
    for n in (1, 10, 100, 1000):
        scores = conditional_log_likelihoods(linear.model, tensors(data), "x", ["w"], n, 3)
        errors[n] = scores.log_mean - limit
        if n == 1:
            np.testing.assert_allclose(scores.log_mean, scores.mean_log, rtol=1e-6)
    for less, more in ((1, 10), (10, 100)):
        mean, standard_error = mean_and_error(errors[more] - errors[less])
        assert mean > 5 * standard_error
    assert_converged(errors[1000], variance, 1000)


def test_eq_5_does_not_depend_on_the_batches_but_on_the_seed(rng, monkeypatch, eagerly):
    linear = linear_model("jmvae_kl", rng)
    data = tensors(linear.sample(30, rng))

    def scores(seed=0, num_samples=4):
        return conditional_log_likelihoods(linear.model, data, "x", ["w"], num_samples, seed)

    first, again, other = scores(), scores(), scores(seed=1)
    for one, same, different in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one, same)
        assert not np.any(one == different)
    # Of a batch of one the spread of a draw is that of examples alike.
    alike = {name: tf.repeat(x[:1], 1000, axis=0) for name, x in data.items()}
    draws = conditional_log_likelihoods(linear.model, alike, "x", ["w"], 1).mean_log
    whole = scores(3, 2000).mean_log[0]
    rows = []
    decode = linear.model.decode

    def counted(z, *rest):
        rows.append(int(np.prod(z.shape[:-1])))
        return decode(z, *rest)

    monkeypatch.setattr(batches, "ROWS", 14_000)
    monkeypatch.setattr(linear.model, "decode", counted)
    chunked = scores(3, 2000).mean_log[0]
    assert max(rows) == 14_000
    assert abs(chunked - whole) < 5 * draws.std() * np.sqrt(2 / 2000)


# The objective, term by term.


@pytest.mark.parametrize("name", MODELS)
def test_terms_make_up_the_bound_whatever_the_warm_up(name, two_modalities):
    model = small_model(name, two_modalities)
    model.kl_weight.assign(0.1)
    data = examples(two_modalities, 5)
    # Two batches of the same examples.
    twice = {x: tf.concat([data[x]] * 2, axis=0) for x in model.modalities}
    terms = bound_terms(model, twice, seed=2, batch_size=5)
    again = bound_terms(model, twice, seed=2, batch_size=5)
    bound = terms.pop("bound")
    assert set(terms) == {metric.name for metric in model.metrics} - {"bound"}
    signs = {term: -1 if term.startswith("kl_") else 1 for term in terms}
    expected = sum(signs[term] * values for term, values in terms.items())
    # A sum of at most six float32 values of order 10.
    np.testing.assert_allclose(bound, expected, rtol=1e-5, atol=1e-5)
    for term, values in terms.items():
        assert values.shape == (10,)
        np.testing.assert_array_equal(values, again[term])
        if term.startswith("log_p"):
            assert not np.any(values[:5] == values[5:]), "each batch has draws of its own"


def test_likelihood_weights_count_in_the_bound_alone(two_modalities):
    image = dataclasses.replace(two_modalities["image"], likelihood_weight=0.5)
    model = small_model("jmvae_kl", {**two_modalities, "image": image})
    terms = bound_terms(model, examples(two_modalities, 5))
    divergences = terms["kl_prior"] + terms["kl_image"] + terms["kl_label"]
    expected = 0.5 * terms["log_p_image"] + terms["log_p_label"] - divergences
    np.testing.assert_allclose(terms["bound"], expected, rtol=1e-5, atol=1e-5)


# Latent units.


def test_active_units():
    rng = np.random.default_rng(0)
    constant, normal = np.full((500, 4), 3.0, "f"), rng.normal(size=(500, 4)).astype("f")
    assert latent.active_units(constant) == 0
    assert latent.active_units(normal) == 4
    # Burda et al. 2015: a variance above 0.01. That of these is 0.0121 and 0.0081.
    signs = np.tile([[1.0], [-1.0]], (250, 1)).astype("f")
    assert latent.active_units(np.hstack([0.11 * signs, 0.09 * signs, constant])) == 1
    # A large mean must not hide a variance, nor its rounding pass for one.
    assert latent.active_units(1000 + np.hstack([0.11 * signs, 0 * signs])) == 1


@pytest.mark.parametrize(
    ("name", "layers"),
    [(name, ["z1", "z2"] if name == "jmvae_h" else ["z"]) for name in MODELS],
)
def test_means_of_every_layer(name, layers, two_modalities):
    model = small_model(name, two_modalities)
    data = known_to(model, examples(two_modalities, 7))
    means = latent.layer_means(model, data, list(data), batch_size=3)
    assert list(means) == layers
    for layer, expected in model.layer_means(data).items():
        assert means[layer].shape == (7, 3)
        np.testing.assert_allclose(means[layer], expected, rtol=1e-5, atol=1e-6)


# Coherence and diversity, of what stands for a trained model and answers as it is told.


def stand_in(modalities, images_of):
    """Its `generate` gives images_of(n), [n, labels, ...], or what n = 1 gives as the average."""

    def generate(target, given, num_samples=None, seed=0):
        [labels] = given.values()
        images = np.asarray(images_of(num_samples or 1), "f")
        chosen = tf.gather(tf.constant(images), tf.argmax(labels, axis=1), axis=1)
        return chosen[0] if num_samples is None else chosen

    return types.SimpleNamespace(modalities=modalities, generate=generate)


@pytest.fixture
def patterns(rng):
    """Three kinds of image and sixty noisy examples of them."""
    kinds = rng.integers(0, 2, (3, 4, 4, 1)).astype("f")
    labels = np.arange(60) % 3
    images = np.clip(kinds[labels] + 0.1 * rng.normal(size=(60, 4, 4, 1)), 0, 1).astype("f")
    return kinds, images, np.eye(3, dtype="f")[labels]


@pytest.mark.parametrize(
    ("answers", "expected"), [([0, 1, 2], 1.0), ([2, 0, 1], 0.0), ([0, 0, 0], 1 / 3)]
)
def test_coherence_of_a_perfect_a_shifted_and_a_constant_generator(
    two_modalities, patterns, answers, expected
):
    kinds, images, labels = patterns
    classifier = coherence.fit_classifier(images, labels)
    assert coherence.classifier_accuracy(classifier, images, labels).mean() == 1
    model = stand_in(two_modalities, lambda n: np.stack([kinds[answers]] * n))
    right = coherence.label_coherence(model, classifier, "label", "image", 8)
    assert right.shape == (24,)
    assert right.mean() == pytest.approx(expected)


@pytest.mark.parametrize(("answers", "expected"), [([0, 1, 2], 1.0), ([0, 0, 0], 1 / 3)])
def test_accuracy_of_generated_labels(two_modalities, patterns, answers, expected):
    _, _, labels = patterns
    model = stand_in(two_modalities, lambda n: np.stack([np.eye(3)[answers]] * n))
    # The stand-in reads labels; a real model would be given the images.
    right = coherence.generated_label_accuracy(model, labels, labels, "image", "label")
    assert right.shape == (60,)
    assert right.mean() == pytest.approx(expected)


def test_mean_distances_by_hand():
    events = np.array([[0, 0], [3, 4], [0, 0], [0, 6]], "f").reshape(4, 2, 1, 1)
    # 5 + 0 + 6, 5 + 5 + sqrt(13), the first again, 6 + sqrt(13) + 6; each over three others.
    expected = np.array([11, 10 + np.sqrt(13), 11, 12 + np.sqrt(13)]) / 3
    np.testing.assert_allclose(diversity.mean_distances(events), expected, rtol=1e-12)


def test_diversity_of_one_image_of_real_ones_and_of_half_their_spread(two_modalities, patterns):
    kinds, images, labels = patterns
    of_label = images.reshape(20, 3, 4, 4, 1)  # As a generator gives them: labels take turns.
    centre = of_label.mean(axis=0)
    for generated, expected in (
        (np.stack([kinds] * 20), 0.0),
        (of_label, 1.0),
        (centre + (of_label - centre) / 2, 0.5),
    ):
        model = stand_in(two_modalities, lambda n, generated=generated: generated[:n])
        found = diversity.label_diversity(model, images, labels, "label", "image", 20)
        assert found.mean == pytest.approx(expected, rel=1e-5)


def test_the_standard_error_of_diversity_is_its_spread_over_draws(two_modalities, patterns, rng):
    """The spread of 200 draws has a relative standard error of 1 / sqrt(2 * 199)."""
    kinds, images, labels = patterns
    found = []
    for _ in range(200):
        spread = rng.uniform(0.5, 2, (30, 3, 1, 1, 1))
        drawn = (kinds + spread * rng.normal(size=(30, *kinds.shape))).astype("f")
        model = stand_in(two_modalities, lambda n, drawn=drawn: drawn[:n])
        found.append(diversity.label_diversity(model, images, labels, "label", "image", 30))
    means, errors = np.transpose(found)
    assert means.std(ddof=1) == pytest.approx(errors.mean(), rel=5 / np.sqrt(2 * 199))


def test_diversity_counts_no_more_real_images_than_enough(two_modalities, patterns, monkeypatch):
    _, images, labels = patterns
    monkeypatch.setattr(diversity, "MAX_REAL", 4)
    of_label = images.reshape(20, 3, 4, 4, 1)
    model = stand_in(two_modalities, lambda n: of_label[:n])
    found = diversity.label_diversity(model, images, labels, "label", "image", 4)
    assert found.mean == pytest.approx(1)


# All of it together.

PROTOCOL = Protocol(num_samples=2, num_importance_samples=3, num_prior_samples=4, seed=1)


@pytest.fixture
def measured(eagerly, two_modalities):
    """Examples of `two_modalities`, and what each model of them gives."""
    test, training = examples(two_modalities, 12), examples(two_modalities, 40)
    data = EvaluationData(test, test, training)

    def measure(name, protocol=PROTOCOL, **options):
        model = small_model(name, two_modalities, **options)
        return model, metrics_as_json(evaluate(model, data, protocol))

    return test, measure


BOTH_LOG_P = {"bound", "bound_log_p_image", "bound_log_p_label"}
# Of all models of two modalities in both directions.
GENERATED = {
    "label_coherence",
    "classifier_accuracy",
    "label_diversity",
    "generated_label_accuracy",
}
GENERATION = {
    f"{direction}_{score}"
    for direction in ("image_to_label", "label_to_image")
    for score in ("log_likelihood", "log_mean_exp")
}
HOW = ("multiple", "single_image", "single_label")
RECONSTRUCTION = {
    f"reconstruction_{target}_{how}"
    for target in ("image", "label")
    for how in ("multiple", f"single_{target}")
}
WEIGHTED = {f"log_p_joint_{how}" for how in HOW} | {
    "log_p_image_multiple",
    "log_p_image_single_image",
    "log_p_label_multiple",
    "log_p_label_single_label",
    "log_p_label_prior",
    *(
        f"log_p_{direction}_{kind}"
        for direction in ("image_given_label", "label_given_image")
        for kind in ("multiple", "single")
    ),
    "variation_of_information_multiple",
    "variation_of_information_single",
}
SHARPNESS = {
    f"image_sharpness_{which}"
    for which in (
        "real",
        "label_to_image",
        "reconstruction_multiple",
        "reconstruction_single_image",
    )
}
BOTH_WAYS = BOTH_LOG_P | GENERATED | RECONSTRUCTION | WEIGHTED | SHARPNESS
ONE_WAY = {
    "image": {
        "bound",
        "bound_kl_prior",
        "bound_log_p_image",
        "label_to_image_log_likelihood",
        "label_to_image_log_mean_exp",
        "reconstruction_image_multiple",
        "log_p_image_given_label_multiple",
        "label_coherence",
        "classifier_accuracy",
        "label_diversity",
        "image_sharpness_real",
        "image_sharpness_label_to_image",
        "image_sharpness_reconstruction_multiple",
        "active_units_z_multiple",
    },
    "label": {
        "bound",
        "bound_kl_prior",
        "bound_log_p_label",
        "image_to_label_log_likelihood",
        "image_to_label_log_mean_exp",
        "reconstruction_label_multiple",
        "log_p_label_given_image_multiple",
        "generated_label_accuracy",
        "active_units_z_multiple",
    },
}
ACTIVE = {f"active_units_z_{how}" for how in HOW}
NAMES = {
    "vae": {
        "bound",
        "bound_kl_prior",
        "bound_log_p_image",
        "reconstruction_image_single_image",
        "log_p_image_single_image",
        "image_sharpness_real",
        "image_sharpness_reconstruction_single_image",
        "active_units_z_single_image",
    },
    "jmvae": BOTH_WAYS | GENERATION | {"bound_kl_prior", "active_units_z_multiple"},
    "jmvae_kl": BOTH_WAYS
    | GENERATION
    | ACTIVE
    | {f"bound_kl_{other}" for other in ("prior", "image", "label")}
    | {"variation_of_information_bound"},
    "jmvae_h": BOTH_WAYS
    | GENERATION
    | {f"active_units_z{layer}_multiple" for layer in (1, 2)}
    | {"bound_kl_z1", "bound_kl_z2"},
    "cvae": ONE_WAY["image"],
    "cmma": ONE_WAY["image"],
}


@pytest.mark.parametrize(
    ("name", "options", "names"),
    [
        *(
            (name, {"num_rounds": 2} if name in ITERATIVE else {}, names)
            for name, names in NAMES.items()
        ),
        ("cvae", {"target": "label", "decoders": {"label": "D8R"}}, ONE_WAY["label"]),
    ],
)
def test_every_model_is_measured_by_all_that_is_defined_for_it(measured, name, options, names):
    model, metrics = measured[1](name, **options)
    assert set(metrics) == names
    for metric, figure in metrics.items():
        if isinstance(figure, int):
            assert 0 <= figure <= model.latent_dim
        else:
            assert np.isfinite(list(figure.values())).all(), metric


def test_without_importance_weights(measured):
    _, metrics = measured[1]("cvae", Protocol(num_samples=2, num_importance_samples=0))
    assert set(metrics) == NAMES["cvae"] - {"log_p_image_given_label_multiple"}


def test_figures_are_means_and_standard_errors_over_examples(measured):
    test, measure = measured
    model, metrics = measure("jmvae_kl")

    def assert_is(name, values):
        values = values.astype(np.float64)
        mean, standard_error = values.mean(), values.std(ddof=1) / np.sqrt(12)
        assert metrics[name] == pytest.approx({"mean": mean, "standard_error": standard_error})

    scores = conditional_log_likelihoods(model, test, "image", ["label"], 2, seed=1)
    assert_is("label_to_image_log_likelihood", scores.mean_log)
    assert_is("label_to_image_log_mean_exp", scores.log_mean)
    terms = bound_terms(model, test, seed=1)
    assert_is("bound", terms["bound"])
    assert_is(
        "variation_of_information_bound",
        terms["kl_image"] + terms["kl_label"] - terms["log_p_image"] - terms["log_p_label"],
    )
    # 2016 paper, appendix A: -log p(x|w) - log p(w|x).
    multiple = importance_weighted_log_likelihoods(model, test, ("image", "label"), 3, seed=1)
    image_given_label = multiple["image", "label"] - prior_log_likelihoods(
        model, test, "label", 4, seed=1
    )
    single = {
        name: importance_weighted_log_likelihoods(model, test, (name,), 3, seed=1)
        for name in ("image", "label")
    }
    label_given_image = multiple["image", "label"] - single["image"]["image",]
    assert_is("log_p_joint_multiple", multiple["image", "label"])
    assert_is("log_p_image_given_label_multiple", image_given_label)
    assert_is("log_p_label_given_image_multiple", label_given_image)
    assert_is("variation_of_information_multiple", -image_given_label - label_given_image)
    assert_is("log_p_joint_single_label", single["label"]["image", "label"])
    assert_is(
        "log_p_label_given_image_single",
        single["image"]["image", "label"] - single["image"]["image",],
    )


@pytest.mark.parametrize("name", ["jmvae_kl", "cvae"])
def test_three_modalities(eagerly, three_modalities, name):
    model = small_model(name, three_modalities)
    test, training = examples(three_modalities, 6), examples(three_modalities, 40)
    metrics = metrics_as_json(evaluate(model, EvaluationData(test, test, training), PROTOCOL))
    for direction in model.directions:
        assert np.isfinite(metrics[f"{direction.name}_log_likelihood"]["mean"])
    assert np.isfinite([x["mean"] for x in metrics.values() if not isinstance(x, int)]).all()
