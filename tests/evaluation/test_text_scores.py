"""Scores of texts, held to a plain Levenshtein distance and simulations."""

import numpy as np
import pytest

from jmvae_tf.evaluation import text_scores

END = 3


def levenshtein(left, right):
    """Counts insertions, deletions and replacements, cell by cell."""
    row = list(range(len(right) + 1))
    for place, symbol in enumerate(left, 1):
        above, row[0] = row[0], place
        for column, other in enumerate(right, 1):
            replaced = above + (symbol != other)
            above, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, replaced)
    return row[-1]


def test_edit_distances_are_those_of_a_plain_algorithm(rng):
    found, true = rng.integers(0, 4, (2, 100, 9))
    true[:30] = found[:30]
    true[:10, 3] = 1
    true[30, 0], found[31, 0] = END, END  # Empty texts.
    texts = [
        [list(row[:length]) for row, length in zip(x, text_scores.lengths(x, END), strict=True)]
        for x in (found, true)
    ]
    expected = [levenshtein(*pair) for pair in zip(*texts, strict=True)]
    np.testing.assert_array_equal(text_scores.edit_distances(found, true, END), expected)
    same = [left == right for left, right in zip(*texts, strict=True)]
    np.testing.assert_array_equal(text_scores.exact_matches(found, true, END), same)
    assert 10 < sum(same) < 90


def test_symbols_after_the_end_mark_do_not_count():
    true = np.array([[0, END, END, END], [1, 2, 0, 1]])
    found = np.array([[0, END, 1, 2], [1, 2, 0, END]])
    accuracy = text_scores.symbol_accuracy(found, true, END)
    assert accuracy.mean == 5 / 6  # Of "0", its end mark, and four symbols that fill all places.
    np.testing.assert_array_equal(text_scores.exact_matches(found, true, END), [True, False])
    np.testing.assert_array_equal(text_scores.edit_distances(found, true, END), [0, 1])


def test_the_standard_error_of_symbol_accuracy_is_its_spread(rng):
    """Texts differ in length and in how many of their symbols are right."""
    found = []
    for _ in range(400):
        lengths, easy = rng.integers(0, 11, (80, 1)), rng.random((80, 1)) < 0.5
        true = np.where(np.arange(10) < lengths, 0, END)
        right = rng.random(true.shape) < np.where(easy, 0.9, 0.3)
        found.append(text_scores.symbol_accuracy(np.where(right, true, 1), true, END))
    means, errors = np.transpose(found)
    assert errors.mean() == pytest.approx(means.std(ddof=1), rel=0.15)
