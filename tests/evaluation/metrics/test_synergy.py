"""Synergy of linear-Gaussian models, whose log-likelihoods are known."""

import dataclasses

import pytest

from jmvae_tf.evaluation.metrics.synergy import synergy
from jmvae_tf.evaluation.protocol import EvaluationData
from jmvae_tf.evaluation.subject import Subject
from tests.helpers.evaluation import QUICK_PROTOCOL
from tests.helpers.linear_models import linear_model, tensors


def subject_of(model, x):
    data = EvaluationData(*[tensors(x)] * 3)
    return Subject(model, data, dataclasses.replace(QUICK_PROTOCOL, num_importance_samples=500))


@pytest.mark.slow
def test_it_is_the_joint_log_likelihood_less_the_others(eagerly, rng):
    linear = linear_model("jmvae_kl", rng)
    x = linear.sample(100, rng)
    [found] = synergy(subject_of(linear.model, x))
    assert (found.name, found.examples) == ("synergy", None)
    joint, *alone = (linear.known(x, names, names).log_p for names in (("x", "w"), ("x",), ("w",)))
    expected = joint - sum(alone)
    assert found.value.mean == pytest.approx(expected.mean(), abs=0.03)
    assert found.value.standard_error == pytest.approx(expected.std(ddof=1) / 10, rel=0.05)


@pytest.mark.parametrize("name", ["vae", "cvae"])
def test_one_modality_or_one_way_have_none(rng, name):
    linear = linear_model(name, rng)
    assert list(synergy(subject_of(linear.model, linear.sample(3, rng)))) == []
