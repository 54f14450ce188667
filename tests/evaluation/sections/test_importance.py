"""Estimates above what they can be."""

import dataclasses

import numpy as np
import pytest

from jmvae_tf.evaluation.metrics import importance
from jmvae_tf.evaluation.metrics.nearest_training_image import distance_to_training_images
from jmvae_tf.evaluation.metrics.variation_of_information import variation_of_information_bound
from jmvae_tf.evaluation.metrics_table import metrics_as_json, metrics_as_text
from jmvae_tf.evaluation.protocol import EvaluationData, Protocol
from jmvae_tf.evaluation.sections.importance import importance_sections
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.likelihoods import Bernoulli, Gaussian
from tests.helpers.evaluation import drawn, image_of, label_of
from tests.helpers.small_models import small_model


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
    test = drawn([0, 1, 2, 1], 3)
    protocol = Protocol(num_importance_samples=1, num_prior_samples=2)
    subject = Subject(model, EvaluationData(test, test, test), protocol)
    sections = importance_sections(subject)
    metrics, table = metrics_as_json(sections), metrics_as_text(sections)
    found = {name for name, x in metrics.items() if "too_few_samples" in str(x)}
    assert found == flagged
    assert metrics["log_p_joint_multiple"]["mean"] == 2.0
    assert table.count("(too few samples)") == len(flagged)


def test_a_model_without_a_prior_has_no_log_likelihoods():
    """Neither these nor what follows from them, such as synergy; nor are samples of it measured."""
    modalities = {"image": image_of(), "label": label_of(3)}
    model = small_model("mmvm", modalities)
    test = drawn([0, 1, 2, 1], 3)
    subject = Subject(model, EvaluationData(test, test, test), Protocol())
    [section] = importance_sections(subject)
    assert (section.metrics, section.notes) == (
        [],
        ["log-likelihoods are left out: this model has no p(z)"],
    )
    assert not list(distance_to_training_images(subject))
    assert not list(variation_of_information_bound(subject))
    with pytest.raises(ValueError, match=r"needs a p\(z\)\. Received: MMVM"):
        importance.importance_weighted_log_likelihoods(model, test, ["image"])
    with pytest.raises(ValueError, match=r"needs a p\(z\)"):
        importance.prior_log_likelihoods(model, test, "label")


def test_only_a_bound_bounds_the_variation_of_information():
    """The divergences of mmjsd are from a mean of experts, those of jmvae_kl from its joint one."""
    test, modalities = drawn([0, 1, 2, 1], 3), {"image": image_of(), "label": label_of(3)}
    found = {
        name: list(variation_of_information_bound(Subject(model, data, Protocol())))
        for name in ("mmjsd", "jmvae_kl")
        for model in [small_model(name, modalities)]
        for data in [EvaluationData(test, test, test)]
    }
    assert [name for name, lines in found.items() if lines] == ["jmvae_kl"]
