"""Metrics of models of images and attributes."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation.evaluate import EvaluationData, Protocol, evaluate
from jmvae_tf.evaluation.metrics_table import metrics_as_json, metrics_as_text
from tests.helpers.evaluation import (
    FACE_ATTRIBUTES,
    face_modalities,
    faces,
    redraw,
    with_statistics,
)
from tests.helpers.small_models import small_model

pytestmark = pytest.mark.usefixtures("quick_judge")


PROTOCOL = Protocol(num_samples=2, num_importance_samples=2, num_prior_samples=2)


def measured(name, examples, target="image", **options):
    """The sections of an untrained model."""
    if name in ("cvae", "cmma"):
        options |= {"target": target, "decoders": {target: "D8R"}}
        if name == "cmma":
            other = "attributes" if target == "image" else "image"
            options["encoders"] = {other: "D8R"}
    model = with_statistics(small_model(name, face_modalities(), **options))
    return evaluate(model, examples, PROTOCOL)


def by_attribute(figure, left_out=1):
    return {f"{figure}_{name}" for name in FACE_ATTRIBUTES[: len(FACE_ATTRIBUTES) - left_out]}


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
    "image_sharpness_attributes_to_image_over_real",
    "image_sharpness_reconstruction_multiple",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        ("jmvae_kl", "image", OF_ATTRIBUTES | OF_IMAGES | {"image_distance_to_training"}),
        pytest.param("jmvae_h", "image", OF_ATTRIBUTES | OF_IMAGES, marks=pytest.mark.slow),
        ("cvae", "image", OF_IMAGES),
        ("cmma", "attributes", OF_ATTRIBUTES),
        ("vae", "image", {"image_sharpness_real", "reconstruction_image_single_image_mse"}),
    ],
)
def test_every_model_is_measured_by_all_that_is_defined_for_it(eagerly, name, target, expected):
    test, training = faces(12), faces(40, 1)
    examples = EvaluationData(test, test, training, redraw if name == "cvae" else None)
    sections = measured(name, examples, target)
    metrics = metrics_as_json(sections)
    notes = metrics.pop("notes", [])
    assert [note.split(":")[0] for note in notes] == (
        ["the Fréchet distance is left out of image by attributes"] if OF_IMAGES <= expected else []
    )
    assert expected <= set(metrics)
    prefixes = ("attributes_to_image_", "image_to_attributes_", "image_sharpness_")
    for x in (x for x in set(metrics) - expected if x.startswith(prefixes)):
        ends = ("_log_likelihood", "_log_likelihood_weighted", "_psnr", "_ssim")
        assert x.startswith("image_sharpness_rec") or x.endswith(ends)
    for metric, figure in metrics.items():
        assert isinstance(figure, int) or np.isfinite(list(figure.values())).all(), metric
    count = sum(len(x.metrics) + sum(len(row.metrics) for row in x.rows) for x in sections)
    assert len(metrics) == count, "names are unique"


@pytest.mark.slow
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
    worst = min(
        metrics[f"attributes_to_image_coherence_{name}"]["mean"] for name in FACE_ATTRIBUTES[:3]
    )
    assert metrics["attributes_to_image_coherence_worst"]["mean"] == worst
    for told in (
        "attributes → image, Eq. 5, N = 2, N(μ, I) of standardised values",
        "the same times 0.3333, its weight in the bound",
        "attributes → image, standardised units",
        "image → attributes, the data's units",
        "distance between them, over that of real ones with the same Bald, Smiling, Young",
        "k = 2, nats; image: N(μ, I) of standardised values; attributes: N(μ, I)",
    ):
        assert told in " ".join(table.split())


@pytest.mark.slow
def test_attributes_that_are_all_constant_are_left_out(eagerly):
    test = {name: x[:2] for name, x in faces(2).items()}
    test["attributes"] = tf.repeat(test["attributes"][:1], 2, axis=0)
    metrics = metrics_as_json(
        measured("jmvae_kl", EvaluationData(test, test, faces(40, 1), redraw))
    )
    assert metrics["attributes_to_image_left_out"] == 4
    assert "attributes_to_image_coherence" not in metrics
    assert "image_to_attributes_accuracy" in metrics


@pytest.mark.slow
def test_more_than_one_modality_of_attributes_do_not_share_names(eagerly):
    other = dataclasses.replace(face_modalities()["attributes"], name="others")
    model = with_statistics(small_model("jmvae_kl", {**face_modalities(), "others": other}))
    test = {**faces(6), "others": faces(6, 2)["attributes"]}
    training = {**faces(30), "others": faces(30, 2)["attributes"]}
    metrics = metrics_as_json(evaluate(model, EvaluationData(test, test, training), PROTOCOL))
    assert {"attributes_to_image_coherence", "others_to_image_coherence"} <= set(metrics)
