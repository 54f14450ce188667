"""Means and standard errors."""

import json

import numpy as np
import pytest

from jmvae_tf.evaluation.estimate import (
    Estimate,
    TooFewSamples,
    estimate,
    estimate_of_log_probability,
    ratio_of_means,
    value_as_json,
    value_from_json,
)
from jmvae_tf.reproduction.paper_table import shown


def test_estimate():
    values = np.array([1.0, 2.0, 3.0, 6.0], np.float32)
    assert estimate(values) == (3.0, np.sqrt((4 + 1 + 0 + 9) / 3) / 2)
    assert str(estimate(values)) == "3.0000 ± 1.0801"


def test_a_log_probability_above_zero_is_told_with_too_few_samples():
    found = estimate_of_log_probability(np.array([0.5, 0.1]))
    assert isinstance(found, TooFewSamples)
    assert found == pytest.approx((0.3, 0.2)), "never cut"
    assert str(found) == "0.3000 ± 0.2000 (too few samples)"
    assert shown(found) == "0.30 ± 0.20 (too few samples)"
    written = json.loads(json.dumps(value_as_json(found)))
    assert written == {
        "mean": pytest.approx(0.3),
        "standard_error": pytest.approx(0.2),
        "too_few_samples": True,
    }
    assert isinstance(value_from_json(written), TooFewSamples)
    for values in ([-0.5, 0.1], [0.0, 0.0], [4e-5, 4e-5]):  # The last is shown as 0.0000.
        assert type(estimate_of_log_probability(np.array(values))) is Estimate


def test_one_example_has_no_standard_error():
    found = estimate(np.array([2.0]))
    assert str(found) == "2.0000 ± unknown"
    assert value_as_json(found) == {"mean": 2.0, "standard_error": None}
    assert str(value_from_json(value_as_json(found))) == str(found)
    assert value_from_json(3) == 3


def test_the_standard_error_of_a_ratio_of_means_is_its_spread(rng):
    found = [ratio_of_means(rng.gamma(4, 0.5, 60), 1 + rng.gamma(2, 0.5, 40)) for _ in range(400)]
    means, errors = np.transpose(found)
    assert means.mean() == pytest.approx(1, abs=0.02)
    assert errors.mean() == pytest.approx(means.std(ddof=1), rel=0.15)
