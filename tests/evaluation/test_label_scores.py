"""Scores of labels, held to scikit-learn and simulations."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from jmvae_tf.evaluation import label_scores


def test_scores_are_those_of_scikit_learn(rng):
    probabilities, true = rng.random((400, 9)), rng.integers(0, 9, 400)
    found = probabilities.argmax(axis=1)
    balanced = label_scores.balanced_accuracy(found == true, true)
    assert balanced.mean == pytest.approx(sklearn_metrics.balanced_accuracy_score(true, found))
    top = sklearn_metrics.top_k_accuracy_score(true, probabilities, k=5)
    assert label_scores.in_top(probabilities, true, 5).mean() == pytest.approx(top)
    counts = label_scores.confusion(found, true, 9)
    np.testing.assert_array_equal(counts, sklearn_metrics.confusion_matrix(true, found))
    recalls = sklearn_metrics.recall_score(true, found, average=None)
    worst = label_scores.worst_classes(found, true, 3)
    assert [x.number for x in worst] == np.argsort(recalls)[:3].tolist()
    np.testing.assert_allclose([x.share.mean for x in worst], np.sort(recalls)[:3])


def test_classes_that_are_equally_likely_are_ranked_in_order():
    uniform = np.full((3, 7), 1 / 7)
    np.testing.assert_array_equal(
        label_scores.in_top(uniform, np.array([0, 4, 5]), 5), [True, True, False]
    )


def test_the_worst_classes_name_what_they_are_taken_for():
    true = np.array([0, 0, 0, 1, 1, 2, 3])
    found = np.array([0, 2, 2, 1, 1, 3, 3])
    worst = label_scores.worst_classes(found, true, 3)
    assert [(x.number, x.examples, x.mistaken_for) for x in worst] == [
        (2, 1, 3),
        (0, 3, 2),
        (1, 2, None),
    ]
    assert np.isnan(worst[0].share.standard_error)


def test_the_standard_error_of_balanced_accuracy_is_its_spread(rng):
    """With classes of one example, whose own variance nothing tells."""
    chances = np.array([0.9, 0.5, 0.2, 0.7, 0.8, 0.6])
    true = np.repeat(range(6), [100, 30, 5, 1, 1, 2])
    found = [
        label_scores.balanced_accuracy(rng.random(len(true)) < chances[true], true)
        for _ in range(1000)
    ]
    means, errors = np.transpose(found)
    assert means.mean() == pytest.approx(chances.mean(), abs=0.02)
    assert np.sqrt(np.square(errors).mean()) == pytest.approx(means.std(), rel=0.15)
    of_one_each = label_scores.balanced_accuracy(np.array([True, False]), np.array([0, 1]))
    assert of_one_each.mean == 0.5
    assert np.isnan(of_one_each.standard_error)
