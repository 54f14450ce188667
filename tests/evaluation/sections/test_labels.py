"""Labels as users have them: long tails, few examples, several labels."""

import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation.evaluate import EvaluationData
from jmvae_tf.evaluation.metrics import coherence, diversity
from jmvae_tf.evaluation.metrics_table import metrics_as_json
from jmvae_tf.evaluation.sections import labels as label_sections
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.likelihoods import Bernoulli
from tests.helpers.evaluation import QUICK_PROTOCOL, drawn, image_of, label_of, measured
from tests.helpers.small_models import examples, small_model


@pytest.mark.slow
def test_classes_without_examples_are_named_and_left_out(eagerly):
    """Of five, one is never seen, one once, one not in the test set."""
    model = small_model("jmvae_kl", {"image": image_of(), "label": label_of(5)})
    training = drawn([0, 1, 2] * 10 + [3], 5)
    metrics, table = measured(model, drawn([0, 1, 3, 3], 5, 1), training)
    assert metrics["notes"] == [
        "1 of 5 classes of label without a training example, which coherence leaves out: label4",
        "2 of 5 classes of label without two training examples of different image, which diversity "
        "leaves out: label3, label4",
        "the Fréchet distance is left out of image by label: it needs 128 test and training "
        "examples, and there are 4",
        "2 of 5 classes of label without a test example, which accuracy leaves out: label2, label4",
        "1 of 5 classes of label without a training example, which conditional coherence leaves "
        "out: label4",
    ]
    for note in metrics["notes"]:
        assert f" note: {note}" in " ".join(table.split())
    # As if there were the classes alone that have examples.
    judge = coherence.fit_classifier(training["image"], training["label"])
    right = coherence.label_coherence(model, judge, "label", "image", classes=[0, 1, 2, 3])
    assert len(right) == 400
    assert metrics["label_coherence"]["mean"] == pytest.approx(right.mean())
    assert np.isfinite(metrics["label_diversity"]["mean"])


@pytest.mark.slow
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


@pytest.mark.parametrize("labels", [[[1, 1, 0], [0, 0, 1]], [[0, 0, 0], [1, 0, 0]]])
def test_labels_of_several_classes_or_none_are_not_measured(labels):
    label = dataclasses.replace(label_of(3), likelihood=Bernoulli())
    model = small_model("cvae", {"image": image_of(), "label": label})
    data = {"image": tf.zeros((2, 4, 4, 1)), "label": tf.constant(labels, tf.float32)}
    section = label_sections.labels_section(
        Subject(model, EvaluationData(data, data, data), QUICK_PROTOCOL)
    )
    assert section.metrics == []
    assert "some examples have several, or none" in section.notes[0]


@pytest.mark.slow
def test_many_classes_are_skipped_in_a_line(monkeypatch, eagerly):
    monkeypatch.setattr(diversity, "pairwise_distances", None)
    monkeypatch.setattr(label_sections, "MAX_CLASSES", 3)
    model = small_model("jmvae_kl", {"image": image_of(), "label": label_of(4)})
    metrics, _ = measured(model, drawn([0, 1, 2, 3], 4), drawn([0, 1, 2, 3] * 2, 4))
    assert "label_coherence" not in metrics
    assert "generated_label_accuracy" in metrics
    assert metrics["notes"] == [
        "coherence and diversity of image generated from label are left out: it has 4 classes, "
        "and they are measured of at most 3"
    ]


def test_two_labels_have_metrics_of_their_own(eagerly):
    modalities = {"image": image_of(), "kind": label_of(3, "kind"), "beach": label_of(2, "beach")}
    model = small_model("jmvae_kl", modalities)
    test, training = examples(modalities, 4), examples(modalities, 30)
    section = label_sections.labels_section(
        Subject(model, EvaluationData(test, test, training), QUICK_PROTOCOL)
    )
    metrics = metrics_as_json([section])
    names = {"label_coherence", "classifier_accuracy", "label_diversity"}
    accuracy = "generated_label_accuracy"
    whole = {name for name in metrics if "_class_" not in name} - {"notes"}
    of_labels = (accuracy, "majority_accuracy", "balanced_accuracy")
    sources = {"kind": ("image", "beach", "image_beach"), "beach": ("image", "kind", "image_kind")}
    assert whole == {f"image_{label}_{name}" for label in ("kind", "beach") for name in names} | {
        f"{source}_{label}_{name}"
        for label in sources
        for source in sources[label]
        for name in of_labels
    }
    of_classes = {row.name.split(" from ")[0] for row in section.rows}
    assert of_classes <= {f"{label}{number}" for label in sources for number in range(3)}
