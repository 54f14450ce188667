"""Metrics of numbers, of a stand-in that predicts them with a known error."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import r2_score

from jmvae_tf.evaluation.metrics import number_errors, number_intervals
from jmvae_tf.evaluation.metrics_table import Metric, Row
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.models.base import Direction
from tests.helpers.predictor import Predictor, subject_of

COLUMNS = ("length_mm", "weight_g")
TO_NUMBERS = Direction(("cause",), "measures")


@pytest.fixture
def modalities():
    """A vector, and two numbers."""
    return {
        "cause": Modality("cause", (2,), Gaussian()),
        "measures": Modality("measures", (2,), Gaussian(), kind="numbers", value_names=COLUMNS),
    }


def drawn(rng, number, hidden):
    """Draws causes and numbers that are those and noise; hides some as NaN."""
    cause = rng.normal(size=(number, 2)).astype("f")
    measures = (cause + 0.5 * rng.normal(size=cause.shape)).astype("f")
    seen = rng.random(measures.shape) >= hidden
    return {
        "cause": cause,
        "measures": np.where(seen, measures, np.nan).astype("f"),
        observed_key("measures"): seen,
    }


def by_key(lines):
    """Collects metrics by name, those of rows too."""
    found = {}
    for line in lines:
        assert isinstance(line, Metric | Row), line
        for each in line.metrics if isinstance(line, Row) else [line]:
            found[each.name] = each
    return found


def test_errors_are_over_the_values_that_are_there(eagerly, rng, modalities):
    data = drawn(rng, 60, 0.4)
    subject = subject_of(Predictor(modalities, tf.identity), data)
    found = by_key(number_errors.errors_of_numbers(subject, TO_NUMBERS))
    seen, true = data[observed_key("measures")], data["measures"]
    for place, name in enumerate(COLUMNS):
        there = seen[:, place]
        pair = true[there, place], data["cause"][there, place]
        r2 = found[f"cause_to_measures_r2_{name}"]
        assert r2.value.mean == pytest.approx(r2_score(*pair))
        assert r2.examples == there.sum()
        usual = found[f"cause_to_measures_mean_rmse_{name}"].value.mean
        assert usual == pytest.approx(pair[0].std(), rel=1e-5), "the training examples are these"
    rows = int(seen.any(axis=1).sum())
    assert found["cause_to_measures_r2"].examples == rows
    lowest = min(found[f"cause_to_measures_r2_{name}"].value.mean for name in COLUMNS)
    assert found["cause_to_measures_r2_worst"].value.mean == lowest


@pytest.mark.parametrize(("scale", "expected"), [(0.5, (0.5, 0.9)), (0.25, (0.264, 0.589))])
def test_intervals_hold_their_share_only_if_the_spread_is_right(
    eagerly, rng, modalities, scale, expected
):
    """With half the spread, the share of a normal distribution within half the interval."""
    data = drawn(rng, 400, 0.1)
    subject = subject_of(Predictor(modalities, tf.identity, scale), data)
    found = by_key(number_intervals.intervals_of_numbers(subject, TO_NUMBERS))
    for share, each in zip(number_intervals.INTERVALS, expected, strict=True):
        metric = found[f"cause_to_measures_within_{share}"]
        assert metric.value.mean == pytest.approx(each, abs=4 * metric.value.standard_error)
        of_column = found[f"cause_to_measures_within_{share}_length_mm"]
        assert of_column.examples == data[observed_key("measures")][:, 0].sum()


def test_ends_of_intervals_leave_equal_numbers_of_ranks():
    """Of 200 ranks of a true value among 199 draws, 100 and 180 are inside."""
    for share in number_intervals.INTERVALS:
        outside = (number_intervals.NUM_DRAWS + 1) * (100 - share) // 200
        inside = number_intervals.NUM_DRAWS + 1 - 2 * outside
        assert inside / (number_intervals.NUM_DRAWS + 1) == share / 100
