"""Shares of right signs."""

import numpy as np
import pytest

from jmvae_tf.evaluation.attribute_shares import accuracies, balanced_accuracies
from jmvae_tf.evaluation.estimate import estimate


def test_accuracies_by_hand():
    has = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]], bool)
    right = np.array([[1, 0, 1], [1, 1, 1], [0, 1, 1], [1, 1, 0]], bool)
    plain = accuracies(right, ("a", "b", "c"))
    assert {name: x.mean for name, x in plain.by_name.items()} == {
        "a": 0.75,
        "b": 0.75,
        "c": 0.75,
    }
    for name, column in zip("abc", right.T, strict=True):
        assert plain.by_name[name] == pytest.approx(estimate(column))
    assert plain.mean == pytest.approx(estimate(right.mean(axis=1)))
    # a: 2 of 3 that have it, 1 of 1 that have not; b: 0 of 1 and 3 of 3; c is the same in all.
    balanced = balanced_accuracies(right, has, ("a", "b", "c"))
    assert {name: x.mean for name, x in balanced.by_name.items()} == pytest.approx(
        {"a": (2 / 3 + 1) / 2, "b": 0.5}
    )
    assert balanced.lowest == "b"
    assert balanced.mean.mean == pytest.approx((5 / 6 + 1 / 2) / 2)
    # Of the class that varies: half of sqrt(2/9 of variance over 3), and n / (n - 1).
    assert balanced.by_name["a"].standard_error == pytest.approx(np.sqrt(2 / 9 / 3 * 4 / 3) / 2)
    assert balanced.by_name["b"].standard_error == 0
    assert balanced_accuracies(right[:, 2:], has[:, 2:], ("c",)) is None


def test_the_standard_error_of_balanced_accuracy_is_its_spread(rng):
    """Two attributes that are right together, in one of five and in half of 200 examples."""
    means = []
    for _ in range(300):
        has = np.stack([np.arange(200) % 5 == 0, np.arange(200) % 2 == 0], axis=1)
        right = np.repeat(rng.random((200, 1)) < 0.8, 2, axis=1)
        found = balanced_accuracies(right, has, ("a", "b"))
        means.append([found.mean.mean, found.by_name["a"].mean])
    spreads = np.std(means, axis=0, ddof=1)
    errors = [found.mean.standard_error, found.by_name["a"].standard_error]
    # The errors are those of the last draw; the spread of 300 has 4 % of error itself.
    np.testing.assert_allclose(spreads, errors, rtol=0.3)
