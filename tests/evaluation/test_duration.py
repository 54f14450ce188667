"""What an evaluation says before it starts."""

import re

import pytest

from jmvae_tf.data.handwritten import digit_modalities
from jmvae_tf.evaluation import duration
from jmvae_tf.evaluation.protocol import EvaluationData, Protocol
from tests.helpers.small_models import examples, small_model


@pytest.fixture
def data():
    test = examples(digit_modalities(8), 6)
    return EvaluationData(test, test, test)


def lines_of(data, k, model="jmvae_kl"):
    model = small_model(model, digit_modalities(8))
    return duration.announcement(model, data, Protocol(num_importance_samples=k))


@pytest.mark.parametrize("k", [0, 10])
def test_what_is_measured(data, k):
    [line] = lines_of(data, k)
    assert line.startswith("measuring 6 test examples: bound, likelihoods, ")


def test_long_ones_say_how_long_at_the_pace_of_a_few_steps(data, monkeypatch):
    clock = [0.0]

    def estimated(model, examples, given, num_samples, seed):
        clock[0] += 5 + num_samples * len(examples["image"]) / 10  # 5 s to trace the graph.

    monkeypatch.setattr(duration, "importance_weighted_log_likelihoods", estimated)
    monkeypatch.setattr(duration.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(duration, "_LONG", 1)
    # Ten samples of six examples, of three proposals: 18 s, were there not ten times as many.
    _, line = lines_of(data, 100)
    assert line.startswith("the log-likelihoods with k = 100 samples take about 3 min of it; ")


@pytest.mark.slow
@pytest.mark.parametrize("model", ["jmvae_kl", "cvae"])
def test_long_ones_say_how_long(data, monkeypatch, model):
    monkeypatch.setattr(duration, "_LONG", 1)
    _, line = lines_of(data, 10, model)
    assert re.match(
        r"the log-likelihoods with k = 10 samples take about \d+ min of it; --num", line
    )
