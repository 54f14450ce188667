"""Joint coherence of samples from nothing, of what stands for a trained model."""

import numpy as np
import pytest

from jmvae_tf.evaluation.metrics.joint_coherence import joint_coherence_of_samples
from jmvae_tf.models.latent_mixture import LatentMixture
from tests.helpers.class_models import ClassModel, subject_of_classes


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, 1),
        ({"image": (1, 2, 0)}, 0),
        ({"image": (0, 0, 0)}, 1 / 3),
        # All the same always agree, which is what diversity is for.
        (dict.fromkeys(("image", "label", "word"), (0, 0, 0)), 1),
    ],
    ids=["perfect", "wrong", "constant", "all constant"],
)
def test_of_a_perfect_a_wrong_and_a_constant_generator(answers, expected):
    [found] = joint_coherence_of_samples(subject_of_classes(ClassModel(**answers)))
    assert found.name == "joint_coherence"
    assert "image, label, word show the same label" in found.description
    assert found.value.mean == pytest.approx(expected, abs=1e-3)
    error = np.sqrt(expected * (1 - expected) / 1000)
    assert found.value.standard_error == pytest.approx(error, abs=1e-4)


def test_a_mixture_where_modalities_agree_has_more():
    near_first = LatentMixture(
        np.ones(1, "f"), np.zeros((1, 1), "f"), np.full((1, 1, 1), 0.01, "f"), 9
    )
    subject = subject_of_classes(ClassModel(image=(0, 0, 0)), mixture=near_first)
    prior, mixture = joint_coherence_of_samples(subject)
    assert mixture.name == "joint_coherence_mixture"
    assert prior.value.mean == pytest.approx(1 / 3, abs=1e-3)
    assert mixture.value.mean == 1


def test_a_model_without_a_prior_has_only_samples_of_the_mixture():
    model = ClassModel()
    model.has_prior = False
    assert list(joint_coherence_of_samples(subject_of_classes(model))) == []
    mixture = LatentMixture(
        np.ones(1, "f"), np.zeros((1, 1), "f"), np.full((1, 1, 1), 0.01, "f"), 9
    )
    [found] = joint_coherence_of_samples(subject_of_classes(model, mixture=mixture))
    assert (found.name, found.value.mean) == ("joint_coherence_mixture", 1)
