"""Attributes as users have them: any values for yes and no, few examples."""

import json

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation.evaluate import EvaluationData, evaluate
from jmvae_tf.evaluation.metrics_table import metrics_as_json
from jmvae_tf.likelihoods import Bernoulli, Gaussian
from tests.helpers.evaluation import QUICK_PROTOCOL, image_of, measured, traits_of
from tests.helpers.small_models import small_model

pytestmark = pytest.mark.usefixtures("quick_judge")


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
    metrics = metrics_as_json(evaluate(model, data, QUICK_PROTOCOL))
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
