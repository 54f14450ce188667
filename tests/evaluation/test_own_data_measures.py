"""Measures of data as users have them: yes or no as 0 or 1, long tails, few examples, any range."""

import dataclasses
import json
import math

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation import judges
from jmvae_tf.evaluation.estimate import (
    Estimate,
    TooFewSamples,
    estimate,
    estimate_of_log_probability,
    value_as_json,
    value_from_json,
)
from jmvae_tf.evaluation.evaluate import EvaluationData, Protocol, evaluate
from jmvae_tf.evaluation.image_range import to_unit_range
from jmvae_tf.evaluation.metrics import coherence, diversity
from jmvae_tf.evaluation.metrics_table import Metric, Section, metrics_as_json, metrics_as_text
from jmvae_tf.evaluation.sections import importance
from jmvae_tf.evaluation.sections import labels as label_sections
from jmvae_tf.evaluation.sections.likelihood import objective
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models import term_checks
from jmvae_tf.programs.common.print_values import print_table, shown_attributes
from jmvae_tf.reproduction.paper_table import shown
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.training.callbacks import FiniteTerms
from tests.helpers.small_models import examples, small_model

PROTOCOL = Protocol(num_samples=2, num_importance_samples=0)
TRAITS = ("red", "big", "round")


@pytest.fixture(autouse=True)
def _quick_judge(monkeypatch):
    """Fewer features, whose covariance takes less time."""
    monkeypatch.setattr(judges, "SIZE", 32)
    monkeypatch.setattr(judges, "COLOUR_CELLS", 4)


def image_of(**options):
    return Modality("image", (4, 4, 1), Bernoulli(), kind="image", **options)


def label_of(classes, name="label"):
    return Modality(
        name,
        (classes,),
        Categorical(),
        kind="label",
        value_names=tuple(f"{name}{number}" for number in range(classes)),
    )


def traits_of(likelihood, value_range=None):
    return Modality(
        "traits",
        (3,),
        likelihood,
        kind="attributes",
        value_names=TRAITS,
        value_range=value_range,
    )


def drawn(classes, number_of_classes, seed=0):
    """Images, [examples, 4, 4, 1], 0 or 1, and their labels, one-hot."""
    rng = np.random.default_rng(seed)
    return {
        "image": tf.constant(rng.integers(0, 2, (len(classes), 4, 4, 1)), tf.float32),
        "label": tf.one_hot(classes, number_of_classes),
    }


def measured(model, test, training, **protocol):
    sections = evaluate(
        model, EvaluationData(test, test, training), dataclasses.replace(PROTOCOL, **protocol)
    )
    metrics = metrics_as_json(sections)
    # What is written is JSON as the standard has it.
    json.dumps(metrics, allow_nan=False)
    return metrics, metrics_as_text(sections)


# Yes and no.


KINDS = [
    (Bernoulli(), None, 0.5, (0, 1)),
    (Bernoulli(), (0.0, 1.0), 0.5, (0, 1)),
    (Gaussian(), (-3.0, 3.0), 0.0, (-1, 1)),
    (Gaussian(), None, 0.0, (-1, 1)),
    (Gaussian(), (0.0, 1.0), 0.5, (0, 1)),
    (Gaussian(), (0.0, 10.0), 5.0, (0, 10)),
    (Gaussian(), (-0.5, 0.5), 0.0, (-0.5, 0.5)),
]


@pytest.mark.parametrize(("likelihood", "value_range", "threshold", "ends"), KINDS)
def test_yes_begins_in_the_middle_of_the_range(capsys, likelihood, value_range, threshold, ends):
    modality = traits_of(likelihood, value_range)
    described = DescribedModality(
        "traits", (3,), modality.support, "attributes", TRAITS, means=None
    )
    no, yes = ends
    for known in (modality, described):
        assert (known.threshold, known.no_and_yes) == (threshold, ends)
        values = np.array([yes, no, no + 0.51 * (yes - no)])
        assert shown_attributes(known, values) == "red, round"
        print_table(known, values)
        verdicts = [line.split()[-1] for line in capsys.readouterr().out.splitlines()[1:]]
        assert verdicts == ["yes", "yes", "no"]


def test_values_of_a_vector_are_told_without_a_class(capsys):
    print_table(Modality("sizes", (2, 2), Gaussian()), np.array([[1.0, 2.0], [3.0, 4.0]]))
    printed = capsys.readouterr().out
    assert printed.splitlines()[0] == "sizes:"
    assert [line.split() for line in printed.splitlines()[1:]] == [
        ["0", "1.0000"],
        ["1", "2.0000"],
        ["2", "3.0000"],
        ["3", "4.0000"],
    ]


def test_a_range_must_fit_the_likelihood_and_have_a_middle():
    with pytest.raises(ValueError, match=r"within the likelihood's, \(0.0, 1.0\)"):
        traits_of(Bernoulli(), (-3, 3))
    with pytest.raises(ValueError, match="the middle of their range"):
        traits_of(Gaussian(), (0, math.inf))


@pytest.mark.parametrize(
    ("likelihood", "no"),
    [(Bernoulli(), 0.0), pytest.param(Gaussian(), -1.0, marks=pytest.mark.slow)],
)
def test_figures_of_attributes_are_the_same_whichever_values_mean_no(eagerly, likelihood, no):
    rng = np.random.default_rng(0)
    has = {
        part: rng.random((number, 3)) < (0.2, 0.5, 0.8)
        for part, number in (("test", 12), ("training", 40))
    }

    def part(name):
        values = np.where(has[name], 1.0, no)
        images = rng.random((len(values), 4, 4, 1)) < 0.5
        return {"image": tf.constant(images, tf.float32), "traits": tf.constant(values, tf.float32)}

    model = small_model("jmvae_kl", {"image": image_of(), "traits": traits_of(likelihood)})
    test, training = part("test"), part("training")
    metrics, _ = measured(model, test, training)
    usual = has["training"].mean(axis=0) > 0.5
    assert metrics["image_to_traits_majority_accuracy"]["mean"] == pytest.approx(
        (usual == has["test"]).mean()
    )
    found = model.generate("traits", {"image": test["image"]}).numpy() > (1 + no) / 2
    assert metrics["image_to_traits_accuracy"]["mean"] == pytest.approx(
        (found == has["test"]).mean()
    )
    assert metrics["traits_to_image_left_out"] == 0
    assert "traits_to_image_coherence" in metrics


# Long tails.


def test_classes_without_examples_are_named_and_left_out(eagerly):
    """Of five, one is never seen, one once, one not in the test set."""
    model = small_model("jmvae_kl", {"image": image_of(), "label": label_of(5)})
    training = drawn([0, 1, 2] * 10 + [3], 5)
    metrics, table = measured(model, drawn([0, 1, 3, 3], 5, 1), training)
    assert metrics["notes"] == [
        "1 of 5 classes of label without a training example, which coherence leaves out: label4",
        "2 of 5 classes of label without two training images that differ, which diversity leaves "
        "out: label3, label4",
        "2 of 5 classes of label without a test example, which accuracy leaves out: label2, label4",
    ]
    for note in metrics["notes"]:
        assert f"\n  note: {note}" in table
    # As if there were the classes alone that have examples.
    judge = coherence.fit_classifier(training["image"], training["label"])
    right = coherence.label_coherence(model, judge, "label", "image", classes=[0, 1, 2, 3])
    assert len(right) == 400
    assert metrics["label_coherence"]["mean"] == pytest.approx(right.mean())
    assert np.isfinite(metrics["label_diversity"]["mean"])


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("cvae", 1),
        ("vae", 2),
        *(pytest.param("jmvae_kl", number, marks=pytest.mark.slow) for number in (1, 2, 3, 4, 5)),
    ],
)
def test_few_test_examples_of_one_class_and_a_single_training_example(eagerly, name, number):
    model = small_model(name, {"image": image_of(), "label": label_of(3)})
    metrics, table = measured(
        model, drawn([1] * number, 3), drawn([1], 3), num_importance_samples=2, num_prior_samples=2
    )
    assert "label_diversity" not in metrics
    if name != "vae":
        assert metrics["label_coherence"] == {"mean": 1.0, "standard_error": 0.0}
    bound = metrics["bound"]
    assert math.isfinite(bound["mean"])
    assert (bound["standard_error"] is None) == (number == 1)
    assert ("± unknown" in table) == (number == 1)


@pytest.mark.parametrize(
    "redraw",
    [
        pytest.param(None, marks=pytest.mark.slow),
        lambda w, seed: np.zeros((len(w), 4, 4, 1), "f"),
    ],
)
def test_attributes_of_one_example_and_of_images_that_are_all_alike(eagerly, redraw):
    model = small_model("jmvae_kl", {"image": image_of(), "traits": traits_of(Gaussian())})
    image, traits = tf.zeros((4, 4, 4, 1)), tf.constant([[1, -1, 1]] * 4, tf.float32)
    test = {"image": image[:1], "traits": traits[:1]}
    data = EvaluationData(test, test, {"image": image, "traits": traits}, redraw)
    metrics = metrics_as_json(evaluate(model, data, PROTOCOL))
    json.dumps(metrics, allow_nan=False)
    assert metrics["image_to_traits_left_out"] == 3
    assert metrics["image_to_traits_accuracy"]["standard_error"] is None
    assert "traits_to_image_diversity" not in metrics


def test_values_that_mean_neither_yes_nor_no_are_not_measured(eagerly):
    """0 and 1 where the range has its middle at 0."""
    modalities = {"image": image_of(), "traits": traits_of(Gaussian())}
    model = small_model("cvae", modalities)
    data = {"image": tf.zeros((3, 4, 4, 1)), "traits": tf.constant([[0, 1, 1]] * 3, tf.float32)}
    metrics, _ = measured(model, data, data)
    assert not [name for name in metrics if name.startswith("traits_to_image_c")]
    [note] = metrics["notes"]
    assert "left out of traits: values above 0 mean yes and below it no, and some are 0;" in note


@pytest.mark.parametrize("labels", [[[1, 1, 0], [0, 0, 1]], [[0, 0, 0], [1, 0, 0]]])
def test_labels_of_several_classes_or_none_are_not_measured(labels):
    label = dataclasses.replace(label_of(3), likelihood=Bernoulli())
    model = small_model("cvae", {"image": image_of(), "label": label})
    data = {"image": tf.zeros((2, 4, 4, 1)), "label": tf.constant(labels, tf.float32)}
    section = label_sections.labels(model, EvaluationData(data, data, data), PROTOCOL)
    assert section.metrics == []
    assert "some examples have several, or none" in section.notes[0]


def test_without_any_example_nothing_is_measured():
    model = small_model("vae", {"image": image_of()})
    some, none = ({"image": tf.zeros((number, 4, 4, 1))} for number in (2, 0))
    with pytest.raises(ValueError, match=r"at least one example\. Received: no test"):
        evaluate(model, EvaluationData(none, none, some), PROTOCOL)
    with pytest.raises(ValueError, match=r"at least one example\. Received: no training"):
        evaluate(model, EvaluationData(some, some, none), PROTOCOL)


def test_many_classes_are_skipped_in_a_line(monkeypatch, eagerly):
    monkeypatch.setattr(diversity, "pairwise_distances", None)
    monkeypatch.setattr(label_sections, "MOST_CLASSES", 3)
    model = small_model("jmvae_kl", {"image": image_of(), "label": label_of(4)})
    metrics, _ = measured(model, drawn([0, 1, 2, 3], 4), drawn([0, 1, 2, 3] * 2, 4))
    assert "label_coherence" not in metrics
    assert "generated_label_accuracy" in metrics
    assert metrics["notes"] == [
        "coherence and diversity of images generated from label are left out: it has 4 classes, "
        "and they are measured of at most 3"
    ]


def test_of_many_attributes_the_most_even_are_combined(rng):
    """All combinations of 1,000 are 166 million."""
    has = rng.random((50, 1000)) < 0.02
    has[:, [7, 500, 900]] = rng.random((50, 3)) < 0.5
    assert diversity.most_even_columns(has) == (7, 500, 900)


def test_images_of_classes_are_decoded_in_parts(monkeypatch, eagerly):
    model = small_model("jmvae_kl", {"image": image_of(), "label": label_of(5)})
    rows = []
    decode = model.decode

    def recording(z, *rest):
        rows.append(int(np.prod(z.shape[:-1])))
        return decode(z, *rest)

    monkeypatch.setattr(model, "decode", recording)
    monkeypatch.setattr("jmvae_tf.evaluation.batches.ROWS", 20)
    judge = coherence.fit_classifier(*drawn([0, 1, 2, 3, 4], 5).values())
    assert len(coherence.label_coherence(model, judge, "label", "image", 10)) == 50
    assert rows == [20, 20, 10]


def test_labels_are_read_off_many_images_in_batches(monkeypatch, eagerly):
    model = small_model("jmvae_kl", {"image": image_of(), "label": label_of(3)})
    data = drawn([0, 1, 2, 1, 1, 0, 2], 3)
    right = [coherence.generated_label_accuracy(model, *data.values(), "image", "label")]
    monkeypatch.setattr("jmvae_tf.evaluation.batches.ROWS", 3)
    right.append(coherence.generated_label_accuracy(model, *data.values(), "image", "label"))
    np.testing.assert_array_equal(*right)


# Several modalities of a kind.


def test_two_labels_have_figures_of_their_own(eagerly):
    modalities = {"image": image_of(), "kind": label_of(3, "kind"), "beach": label_of(2, "beach")}
    model = small_model("jmvae_kl", modalities)
    test, training = examples(modalities, 4), examples(modalities, 30)
    section = label_sections.labels(model, EvaluationData(test, test, training), PROTOCOL)
    metrics = metrics_as_json([section])
    assert {
        f"image_{label}_{figure}"
        for label in ("kind", "beach")
        for figure in label_sections._FIGURES
    } == metrics.keys() - {"notes"}
    assert len(section.metrics) == 8


def test_figures_of_one_name_are_all_kept():
    sections = [Section("A", [Metric("n", "", 1), Metric("n", "", 2)]), Section("B", [])]
    sections += [Section("C", [Metric("n", "", 3), Metric("n_2", "", 4)], notes=["Why."])]
    assert metrics_as_json(sections) == {"n": 1, "n_2": 2, "n_3": 3, "n_2_2": 4, "notes": ["Why."]}


# Estimates above what they can be.


def test_a_log_probability_above_zero_is_told_with_too_few_samples():
    found = estimate_of_log_probability(np.array([0.5, 0.1]))
    assert isinstance(found, TooFewSamples)
    assert found == pytest.approx((0.3, 0.2)), "never cut"
    assert str(found) == "0.3000 ± 0.2000 (too few samples)"
    assert shown(found) == "0.30 ± 0.20 (too few samples)"
    written = json.loads(json.dumps(value_as_json(found)))
    assert written == {
        "mean": pytest.approx(0.3),
        "standard_error": pytest.approx(0.2),
        "too_few_samples": True,
    }
    assert isinstance(value_from_json(written), TooFewSamples)
    for values in ([-0.5, 0.1], [0.0, 0.0], [4e-5, 4e-5]):  # The last is shown as 0.0000.
        assert type(estimate_of_log_probability(np.array(values))) is Estimate


def test_one_example_has_no_standard_error():
    found = estimate(np.array([2.0]))
    assert str(found) == "2.0000 ± unknown"
    assert value_as_json(found) == {"mean": 2.0, "standard_error": None}
    assert str(value_from_json(value_as_json(found))) == str(found)
    assert value_from_json(3) == 3


@pytest.mark.parametrize(
    ("likelihood", "flagged"),
    [
        (
            Bernoulli(),
            {
                "log_p_label_given_image_multiple",
                "log_p_image_given_label_multiple",
                "log_p_joint_multiple",
                "variation_of_information_multiple",
            },
        ),
        (Gaussian(0.001), {"log_p_label_given_image_multiple"}),
    ],
)
def test_weighted_estimates_of_discrete_values_are_checked(
    eagerly, monkeypatch, likelihood, flagged
):
    """The joint is too high, as if k were too small; densities may be above 1."""
    image = dataclasses.replace(image_of(), likelihood=likelihood)
    model = small_model("jmvae_kl", {"image": image, "label": label_of(3)})

    def weighted(model, test, given, *rest):
        joint = 2.0 if len(given) > 1 else -9.0
        values = {("image",): -1.0, ("label",): -1.0, ("image", "label"): joint}
        return {names: np.full(4, value) for names, value in values.items()}

    monkeypatch.setattr(importance, "importance_weighted_log_likelihoods", weighted)
    protocol = Protocol(num_importance_samples=1, num_prior_samples=2)
    sections = importance.importance_weighted(model, drawn([0, 1, 2, 1], 3), protocol)
    metrics, table = metrics_as_json(sections), metrics_as_text(sections)
    found = {name for name, x in metrics.items() if "too_few_samples" in str(x)}
    assert found == flagged
    assert metrics["log_p_joint_multiple"]["mean"] == 2.0
    assert table.count("(too few samples)") == len(flagged)


# Terms that cannot be.


@pytest.mark.parametrize(
    ("terms", "bad"),
    [
        ({"log_p_image": 3.0}, ["log_p_image"]),
        (
            {"val_log_p_image": 3.0, "test_log_p_label": 1.0},
            ["val_log_p_image", "test_log_p_label"],
        ),
        ({"log_p_numbers": 3.0, "bound": 5.0, "kl_prior": 7.0}, []),
        ({"log_p_image": 1e-5, "log_p_label": -1.0}, []),  # Rounding.
        ({"log_p_numbers": math.nan, "kl_prior": math.inf}, ["log_p_numbers", "kl_prior"]),
    ],
)
def test_terms_that_cannot_be(terms, bad):
    numbers = Modality("numbers", (3,), Gaussian(0.001))
    modalities = {"image": image_of(), "label": label_of(3), "numbers": numbers}
    found = term_checks.impossible(terms, modalities)
    assert list(found) == bad
    assert all(name in text for name, text in found.items())


def test_training_on_levels_ends_naming_the_term(two_modality_batch):
    model = small_model("jmvae_kl", {"image": image_of(), "label": label_of(3)})
    model.compile("adam", run_eagerly=True)
    levels = {**two_modality_batch, "image": 255 * two_modality_batch["image"]}
    batches = tf.data.Dataset.from_tensors(two_modality_batch)
    batches = batches.concatenate(tf.data.Dataset.from_tensors(levels).repeat(100))
    with pytest.raises(
        UserError, match=r"log_p_image = .* values that its likelihood cannot have in epoch 1"
    ):
        model.fit(batches, verbose=0, callbacks=[FiniteTerms()])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (lambda x: {"image": 1 + 1000 * x["image"]}, "log_p_image = "),
        (lambda x: {"label": -x["label"]}, "log_p_label = "),
        (lambda x: {"image": x["image"] * math.nan}, "log_p_image = nan"),
    ],
)
def test_evaluation_refuses_values_outside_the_support(two_modality_batch, changed, told):
    model = small_model("jmvae_kl", {"image": image_of(), "label": label_of(3)})
    for variable in model.decoders["image"].trainable_variables:
        variable.assign(0.1 * tf.ones_like(variable))  # Every pixel is rather 1 than 0.
    test = {**two_modality_batch, **changed(two_modality_batch)}
    with pytest.raises(UserError, match=f"{told}.* of 6 test examples"):
        objective(model, test, PROTOCOL)


# Ranges of images.


@pytest.mark.parametrize(
    ("value_range", "low", "high"),
    [((0, 255), 0, 255), ((-1, 1), -1, 1), (None, -7.0, 30.0), ((0, 1), 0, 1), (None, 0.2, 0.7)],
)
def test_images_of_any_range_are_measured_as_in_the_unit_range(value_range, low, high):
    image = dataclasses.replace(image_of(), likelihood=Gaussian(), value_range=value_range)
    model = small_model("vae", {"image": image})
    images = np.linspace(low, high, 64, dtype="f").reshape(4, 4, 4, 1)
    data = {"image": images}
    unit = to_unit_range(model, EvaluationData(data, data, data), "image")
    known = value_range is not None or low < 0
    expected = np.linspace(0, 1, 64) if known else images.ravel()
    np.testing.assert_allclose(np.ravel(unit(images)), expected, atol=1e-6)
