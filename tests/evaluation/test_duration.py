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


@pytest.mark.parametrize("model", ["jmvae_kl", "cvae"])
def test_long_ones_say_how_long(data, monkeypatch, model):
    monkeypatch.setattr(duration, "_LONG", 1)
    _, line = lines_of(data, 10, model)
    assert re.match(
        r"the log-likelihoods with k = 10 samples take about \d+ min of it; --num", line
    )


def test_minutes_and_hours():
    assert [duration._as_text(x) for x in (1, 430, 7000, 20_000)] == [
        "1 min",
        "7 min",
        "117 min",
        "6 h",
    ]
