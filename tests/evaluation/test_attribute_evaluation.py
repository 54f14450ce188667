"""What is measured of models of images and attributes, in standardised units."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation import batches, judges
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.evaluate import EvaluationData, Protocol, evaluate
from jmvae_tf.evaluation.metrics import diversity
from jmvae_tf.evaluation.metrics.accuracy import accuracies, balanced_accuracies
from jmvae_tf.evaluation.metrics.conditional import conditional_log_likelihoods
from jmvae_tf.evaluation.metrics.importance import (
    importance_weighted_log_likelihoods,
    usual_num_samples,
)
from jmvae_tf.evaluation.metrics.objective import bound_terms
from jmvae_tf.evaluation.metrics.squared_error import mean_squared_errors
from jmvae_tf.evaluation.metrics_table import metrics_as_json, metrics_as_text
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality
from tests.helpers.small_models import ITERATIVE, small_model

NAMES = ("Bald", "Smiling", "Young", "Pale_Skin")


@pytest.fixture(autouse=True)
def _quick_judge(monkeypatch):
    """Fewer features, whose covariance takes less time."""
    monkeypatch.setattr(judges, "SIZE", 32)
    monkeypatch.setattr(judges, "COLOUR_CELLS", 4)


def modalities_of(size=8, weight=1 / 3):
    return {
        "image": Modality(
            "image",
            (size, size, 3),
            Gaussian(),
            likelihood_weight=weight,
            kind="image",
            standardised=True,
            value_range=(0, 1),
        ),
        "attributes": Modality(
            "attributes", (4,), Gaussian(), kind="attributes", value_names=NAMES
        ),
    }


def faces(number, seed=0):
    """Random images and signs; the last attribute is always -1."""
    rng = np.random.default_rng(seed)
    signs = np.where(rng.random((number, 4)) < 0.5, -1.0, 1.0)
    signs[:2] = [[1, 1, 1, -1], [-1, -1, -1, -1]]
    signs[:, 3] = -1
    return {
        "image": tf.constant(rng.random((number, 8, 8, 3)), tf.float32),
        "attributes": tf.constant(signs, tf.float32),
    }


def with_statistics(model):
    """The model, of images of mean 0.5 and standard deviation 0.25."""
    shape = model.modalities["image"].event_shape
    model.statistics["image"].set_statistics(np.full(shape, 0.5), np.full(shape, 0.25))
    return model


# Signs.


def test_accuracies_by_hand():
    has = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]], bool)
    right = np.array([[1, 0, 1], [1, 1, 1], [0, 1, 1], [1, 1, 0]], bool)
    plain = accuracies(right, ("a", "b", "c"))
    assert {name: x.mean for name, x in plain.by_attribute.items()} == {
        "a": 0.75,
        "b": 0.75,
        "c": 0.75,
    }
    for name, column in zip("abc", right.T, strict=True):
        assert plain.by_attribute[name] == pytest.approx(estimate(column))
    assert plain.mean == pytest.approx(estimate(right.mean(axis=1)))
    # a: 2 of 3 that have it, 1 of 1 that have not; b: 0 of 1 and 3 of 3; c is the same in all.
    balanced = balanced_accuracies(right, has, ("a", "b", "c"))
    assert {name: x.mean for name, x in balanced.by_attribute.items()} == pytest.approx(
        {"a": (2 / 3 + 1) / 2, "b": 0.5}
    )
    assert balanced.worst == "b"
    assert balanced.mean.mean == pytest.approx((5 / 6 + 1 / 2) / 2)
    # Of the class that varies: half of sqrt(2/9 of variance over 3), and n / (n - 1).
    assert balanced.by_attribute["a"].standard_error == pytest.approx(
        np.sqrt(2 / 9 / 3 * 4 / 3) / 2
    )
    assert balanced.by_attribute["b"].standard_error == 0
    assert balanced_accuracies(right[:, 2:], has[:, 2:], ("c",)) is None


def test_the_standard_error_of_balanced_accuracy_is_its_spread(rng):
    """Two attributes that are right together, in one of five and in half of 200 examples."""
    means = []
    for _ in range(300):
        has = np.stack([np.arange(200) % 5 == 0, np.arange(200) % 2 == 0], axis=1)
        right = np.repeat(rng.random((200, 1)) < 0.8, 2, axis=1)
        found = balanced_accuracies(right, has, ("a", "b"))
        means.append([found.mean.mean, found.by_attribute["a"].mean])
    spreads = np.std(means, axis=0, ddof=1)
    errors = [found.mean.standard_error, found.by_attribute["a"].standard_error]
    # The errors are those of the last draw; the spread of 300 has 4 % of error itself.
    np.testing.assert_allclose(spreads, errors, rtol=0.3)


# Units and weights.


def test_log_likelihoods_and_errors_are_of_standardised_values(eagerly):
    model = with_statistics(small_model("jmvae_kl", modalities_of()))
    data = faces(6)
    means = []
    decode, bound = model.decode, model.bound

    def recording(*arguments):
        p = decode(*arguments)
        means.extend([p["image"].mean().numpy()] if "image" in p else [])
        return p

    def recording_bound(*arguments):
        found = bound(*arguments)
        means.append(found.likelihoods["image"].mean().numpy())
        return found

    model.decode, model.bound = recording, recording_bound
    x = (data["image"].numpy() - 0.5) / 0.25

    def log_p(mean):
        return -0.5 * (np.square(x - mean) + np.log(2 * np.pi)).sum(axis=(-3, -2, -1))

    scores = conditional_log_likelihoods(model, data, "image", ["attributes"], 3)
    np.testing.assert_allclose(scores.mean_log, log_p(means.pop()).mean(axis=0), rtol=1e-5)
    errors = mean_squared_errors(model, data, "image", ["attributes"])
    np.testing.assert_allclose(
        errors, np.square(x - means.pop()).mean(axis=(-3, -2, -1)), rtol=1e-5
    )
    terms = bound_terms(model, data)
    np.testing.assert_allclose(terms["log_p_image"], log_p(means.pop()), rtol=1e-5)
    divergences = sum(terms[name] for name in terms if name.startswith("kl_"))
    expected = terms["log_p_image"] / 3 + terms["log_p_attributes"] - divergences
    np.testing.assert_allclose(terms["bound"], expected, rtol=1e-5)
    one = importance_weighted_log_likelihoods(model, data, ("image", "attributes"), 1)
    difference = one["image", "attributes"] - one["attributes",]
    np.testing.assert_allclose(difference, log_p(means.pop())[0], rtol=1e-4)


def test_rows_decoded_at_once_depend_on_their_size():
    small, large = modalities_of(), modalities_of(64)
    model = small_model("vae", small)
    assert batches.rows_at_once(model, ["image"]) == batches.ROWS
    assert usual_num_samples(model) == 1000
    model = small_model("vae", large)
    assert batches.rows_at_once(model, ["image"]) == batches.VALUES // (64 * 64 * 3) == 638
    assert usual_num_samples(model) == 10


# Diversity, of what stands for a model.


class Generator:
    """Its `generate` gives what a function makes of attributes and a seed."""

    def __init__(self, images_of):
        self.modalities = modalities_of()
        self.images_of = images_of

    def generate(self, target, given, num_samples, seed):
        images = self.images_of(np.asarray(given["attributes"]), int(seed[0]))
        return tf.constant(images, tf.float32)[tf.newaxis]


def redraw(vectors, seed):
    """One corner for each attribute, and noise."""
    rng = np.random.default_rng(abs(int(seed)))
    images = 0.4 + 0.05 * rng.normal(size=(len(vectors), 8, 8, 3))
    images[:, 0, :4, 0] += 0.1 * vectors
    return images.astype("f")


@pytest.mark.parametrize(
    ("images_of", "expected"), [(redraw, 1.0), (lambda w, seed: 0 * redraw(w, seed), 0.0)]
)
def test_diversity_of_redraws_and_of_one_image(eagerly, images_of, expected):
    vectors = faces(12)["attributes"].numpy()
    model = Generator(images_of)
    found = diversity.redraw_diversity(model, vectors, redraw, "attributes", "image", 8)
    assert found.mean == pytest.approx(expected, abs=0.02)
    tiled = np.tile(vectors, (8, 1))
    images = redraw(tiled, 7)
    found = diversity.cell_diversity(
        model, images, tiled, tiled[:, :2] > 0, "attributes", "image", 20
    )
    assert found.mean == pytest.approx(expected, abs=0.02)


def test_attributes_that_divide_most_evenly(rng):
    rates = np.array([0.5, 0.01, 0.45, 0.99, 0.55])
    has = rng.random((1000, 5)) < rates
    assert diversity.most_even_columns(has) == (0, 2, 4)
    # Two that always agree leave cells without examples.
    has[:, 4] = has[:, 2]
    has[:, 3] = rng.random(1000) < 0.3
    assert diversity.most_even_columns(has)[:1] == (0,)
    assert 3 in diversity.most_even_columns(has)
    assert diversity.most_even_columns(has[:, :2]) == (0, 1)


# All of it together.

PROTOCOL = Protocol(num_samples=2, num_importance_samples=2, num_prior_samples=2)


def measured(name, examples, target="image", **options):
    """The sections of an untrained model."""
    if name in ("cvae", "cmma"):
        options |= {"target": target, "decoders": {target: "D8R"}}
        if name == "cmma":
            other = "attributes" if target == "image" else "image"
            options["encoders"] = {other: "D8R"}
    model = with_statistics(small_model(name, modalities_of(), **options))
    return evaluate(model, examples, PROTOCOL)


def by_attribute(figure, left_out=1):
    return {f"{figure}_{name}" for name in NAMES[: len(NAMES) - left_out]}


OF_ATTRIBUTES = {
    "image_to_attributes_accuracy",
    "image_to_attributes_majority_accuracy",
    "image_to_attributes_balanced_accuracy",
    "image_to_attributes_balanced_accuracy_worst",
    "image_to_attributes_left_out",
    *by_attribute("image_to_attributes_accuracy", 0),
    *by_attribute("image_to_attributes_majority_accuracy", 0),
    *by_attribute("image_to_attributes_balanced_accuracy"),
    "image_to_attributes_log_mean_exp",
    "image_to_attributes_mse",
}
OF_IMAGES = {
    "attributes_to_image_coherence",
    "attributes_to_image_coherence_worst",
    "attributes_to_image_judge_accuracy",
    "attributes_to_image_judge_balanced_accuracy",
    "attributes_to_image_judge_balanced_accuracy_worst",
    "attributes_to_image_left_out",
    "attributes_to_image_diversity",
    *by_attribute("attributes_to_image_coherence"),
    *by_attribute("attributes_to_image_judge_accuracy", 0),
    *by_attribute("attributes_to_image_judge_balanced_accuracy"),
    "attributes_to_image_log_mean_exp",
    "attributes_to_image_mse",
    "image_sharpness_real",
    "image_sharpness_attributes_to_image",
    "image_sharpness_reconstruction_multiple",
}


@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        ("jmvae_kl", "image", OF_ATTRIBUTES | OF_IMAGES),
        ("jmvae_h", "image", OF_ATTRIBUTES | OF_IMAGES),
        ("cvae", "image", OF_IMAGES),
        ("cmma", "attributes", OF_ATTRIBUTES),
        ("vae", "image", {"image_sharpness_real", "reconstruction_image_single_image_mse"}),
    ],
)
def test_every_model_is_measured_by_all_that_is_defined_for_it(eagerly, name, target, expected):
    test, training = faces(12), faces(40, 1)
    examples = EvaluationData(test, test, training, redraw if name == "cvae" else None)
    options = {"num_rounds": 2} if name in ITERATIVE else {}
    sections = measured(name, examples, target, **options)
    metrics = metrics_as_json(sections)
    assert expected <= set(metrics)
    prefixes = ("attributes_to_image_", "image_to_attributes_", "image_sharpness_")
    for x in (x for x in set(metrics) - expected if x.startswith(prefixes)):
        ends = ("_log_likelihood", "_log_likelihood_weighted")
        assert x.startswith("image_sharpness_rec") or x.endswith(ends)
    for metric, figure in metrics.items():
        assert isinstance(figure, int) or np.isfinite(list(figure.values())).all(), metric
    count = sum(len(x.metrics) + sum(len(row.metrics) for row in x.rows) for x in sections)
    assert len(metrics) == count, "names are unique"


def test_both_ways_of_scoring_and_what_the_table_says(eagerly):
    test, training = faces(12), faces(40, 1)
    sections = measured("jmvae_kl", EvaluationData(test, test, training))
    metrics, table = metrics_as_json(sections), metrics_as_text(sections)
    for figure in ("mean", "standard_error"):
        assert metrics["attributes_to_image_log_likelihood_weighted"][figure] == pytest.approx(
            metrics["attributes_to_image_log_likelihood"][figure] / 3
        )
    assert "image_to_attributes_log_likelihood_weighted" not in metrics
    assert metrics["image_to_attributes_left_out"] == 1
    usual = np.where(training["attributes"].numpy().mean(axis=0) > 0, 1, -1)
    assert metrics["image_to_attributes_majority_accuracy"]["mean"] == pytest.approx(
        (test["attributes"].numpy() == usual).mean()
    )
    worst = min(metrics[f"attributes_to_image_coherence_{name}"]["mean"] for name in NAMES[:3])
    assert metrics["attributes_to_image_coherence_worst"]["mean"] == worst
    for told in (
        "attributes → image, Eq. 5, N = 2, N(μ, I) of standardised values",
        "the same times 0.3333, its weight in the bound",
        "attributes → image, standardised units",
        "image → attributes, the data's units",
        "distance between them, over that of real ones with the same Bald, Smiling, Young",
        "k = 2, nats; image: N(μ, I) of standardised values; attributes: N(μ, I)",
    ):
        assert told in table


def test_attributes_that_are_all_constant_are_left_out(eagerly):
    test = {name: x[:2] for name, x in faces(2).items()}
    test["attributes"] = tf.repeat(test["attributes"][:1], 2, axis=0)
    metrics = metrics_as_json(
        measured("jmvae_kl", EvaluationData(test, test, faces(40, 1), redraw))
    )
    assert metrics["attributes_to_image_left_out"] == 4
    assert "attributes_to_image_coherence" not in metrics
    assert "image_to_attributes_accuracy" in metrics


def test_more_than_one_modality_of_attributes_do_not_share_names(eagerly):
    other = dataclasses.replace(modalities_of()["attributes"], name="others")
    model = with_statistics(small_model("jmvae_kl", {**modalities_of(), "others": other}))
    test = {**faces(6), "others": faces(6, 2)["attributes"]}
    training = {**faces(30), "others": faces(30, 2)["attributes"]}
    metrics = metrics_as_json(evaluate(model, EvaluationData(test, test, training), PROTOCOL))
    assert {"attributes_to_image_coherence", "others_to_image_coherence"} <= set(metrics)
