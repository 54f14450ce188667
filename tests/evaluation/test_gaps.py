"""Metrics of data with gaps: over the examples and values that have what they need."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation.evaluate import EvaluationData, evaluate
from jmvae_tf.evaluation.metrics_table import metrics_as_json, metrics_as_text
from jmvae_tf.evaluation.observed import having, observed_values, with_masks_for_nan
from jmvae_tf.modalities import observed_key
from tests.helpers.evaluation import QUICK_PROTOCOL
from tests.helpers.small_models import examples, small_model

IMAGE, LABEL = observed_key("image"), observed_key("label")
HAS_IMAGE = np.arange(14) % 5 != 2
HAS_LABEL = np.arange(14) % 4 != 1
BOTH = HAS_IMAGE & HAS_LABEL


@pytest.fixture
def whole(two_modalities):
    """Fourteen complete examples."""
    return examples(two_modalities, 14)


@pytest.fixture
def gappy(whole):
    """The same, of which some lack an image or a label; no example lacks both."""
    assert (HAS_IMAGE | HAS_LABEL).all()
    has_image = HAS_IMAGE[:, np.newaxis, np.newaxis, np.newaxis]
    return {
        "image": tf.where(has_image, whole["image"], np.nan),
        "label": tf.where(HAS_LABEL[:, np.newaxis], whole["label"], np.nan),
        IMAGE: tf.constant(HAS_IMAGE),
        LABEL: tf.constant(HAS_LABEL),
    }


def rows_of(data, rows):
    """Selects some complete examples."""
    return {name: tf.boolean_mask(x, rows) for name, x in data.items()}


def measured(model, test, training, protocol=QUICK_PROTOCOL):
    """Measures a model on examples that are not binarised."""
    sections = evaluate(model, EvaluationData(test, test, training), protocol)
    metrics = metrics_as_json(sections)
    json.dumps(metrics, allow_nan=False)
    return metrics, metrics_as_text(sections)


def test_examples_with_everything_that_is_needed_are_chosen(gappy, whole):
    both = having(gappy, ["image", "label"])
    assert sorted(both) == ["image", "label"], "masks that hide nothing any more are left out"
    np.testing.assert_array_equal(both["label"], whole["label"][BOTH])
    beside = having(gappy, ["image"], ["label"])
    assert sorted(beside) == ["image", "label", LABEL]
    np.testing.assert_array_equal(beside[LABEL], HAS_LABEL[HAS_IMAGE])
    assert having(whole, ["image"]) == {"image": whole["image"]}, "the same tensor"


def test_nan_is_a_gap_where_a_modality_says_so(two_modalities, gappy, whole):
    modalities = {
        name: dataclasses.replace(x, nan_is_missing=True) for name, x in two_modalities.items()
    }
    values = {name: gappy[name] for name in modalities}
    found = with_masks_for_nan(values, modalities)
    np.testing.assert_array_equal(found[IMAGE], HAS_IMAGE)
    np.testing.assert_array_equal(found[LABEL], HAS_LABEL)
    assert observed_values(found, "image").shape == (14, 4, 4, 1)
    assert with_masks_for_nan(values, two_modalities) is values


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jmvae_kl", pytest.param("cvae", marks=pytest.mark.slow)])
def test_metrics_are_those_of_the_examples_that_have_what_they_need(
    eagerly, two_modalities, whole, gappy, name
):
    model = small_model(name, two_modalities)
    protocol = dataclasses.replace(QUICK_PROTOCOL, num_importance_samples=3)
    found, table = measured(model, gappy, gappy, protocol)
    expected, _ = measured(model, rows_of(whole, BOTH), rows_of(whole, BOTH), protocol)
    of_both = [
        key
        for key, value in found.items()
        if isinstance(value, dict) and value.get("examples") == BOTH.sum()
    ]
    if name == "jmvae_kl":
        assert {"generated_label_accuracy", "image_to_label_log_likelihood"} < set(of_both)
        assert {"reconstruction_image_multiple", "log_p_joint_multiple"} < set(of_both)
        assert found["image_observed"] == HAS_IMAGE.sum()
        assert found["label_observed"] == HAS_LABEL.sum()
        assert found["reconstruction_image_single_image"]["examples"] == HAS_IMAGE.sum()
        of_images, _ = measured(model, rows_of(whole, HAS_IMAGE), rows_of(whole, HAS_IMAGE))
        for key in ("reconstruction_image_single_image", "image_sharpness_real"):
            assert found[key]["mean"] == pytest.approx(of_images[key]["mean"], rel=1e-5)
    assert len(of_both) > 5
    assert all(np.isfinite(x["mean"]) for key, x in found.items() if key.startswith("bound"))
    # Draws differ where examples that lack something are scored beside these.
    drawn = ("bound", "joint_single", "_given_", "variation_of", "synergy")
    for key in (x for x in of_both if not any(word in x for word in drawn)):
        for part in ("mean", "standard_error"):
            assert found[key][part] == pytest.approx(expected[key][part], rel=1e-4), key
    assert f"of {BOTH.sum()} examples" in table


@pytest.mark.slow
def test_what_no_example_has_is_left_out_with_a_note(eagerly, two_modalities, gappy):
    model = small_model("jmvae_kl", two_modalities)
    never = {**gappy, LABEL: tf.constant(~HAS_IMAGE)}
    metrics, _ = measured(
        model, never, gappy, dataclasses.replace(QUICK_PROTOCOL, num_importance_samples=2)
    )
    assert "generated_label_accuracy" not in metrics
    assert any("no test example has" in note for note in metrics["notes"])
    assert "log_p_label_single_label" in metrics


@pytest.mark.slow
def test_complete_data_have_no_counts(eagerly, two_modalities, whole):
    metrics, table = measured(small_model("jmvae_kl", two_modalities), whole, whole)
    assert not any("examples" in x for x in metrics.values() if isinstance(x, dict) and "mean" in x)
    assert "of 14 examples" not in table
