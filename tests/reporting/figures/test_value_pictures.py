"""Pictures of numbers, classes and texts."""

import numpy as np
import pytest

from jmvae_tf.reporting.figures import confusions, number_plots, text_pairs
from tests.helpers.pictures import read_picture


def test_numbers_of_any_scale_are_drawn(tmp_path, rng):
    scales = {"micro": 1e-6, "mega": 1e6, "constant": 0.0, "$strange|_name$" * 5: 1.0}
    panels = [
        number_plots.Scatter(name, 3 + scale * rng.normal(size=50), np.full(50, 3.0), "R² 0")
        for name, scale in scales.items()
    ]
    wide = np.exp(3 * rng.normal(size=50))
    panels.append(number_plots.Scatter("log", wide, 2 * wide, "R² 1", is_log=True))
    number_plots.predicted_by_true(tmp_path / "all.png", panels, "Title")
    assert read_picture(tmp_path / "all.png").std() > 10


def test_correlations_that_are_unknown_stay_empty(tmp_path):
    known, half = np.eye(3), np.array([[1, np.nan, 0], [np.nan] * 3, [0, np.nan, 1]])
    panels = {"real": known, "drawn": half, "difference": half - known}
    number_plots.correlation_matrices(tmp_path / "c.png", panels, "abc", "Title")
    assert read_picture(tmp_path / "c.png").std() > 10


def test_all_of_a_few_classes_and_the_worst_of_thousands(tmp_path, rng):
    rows, columns = confusions._shown(np.diag([3, 0, 2]))
    assert (rows.tolist(), columns.tolist()) == ([0, 2], [0, 1, 2]), "one has no examples"
    counts = np.diag(np.full(3000, 20))
    for true, found in ((7, 900), (1500, 2), (2999, 900)):
        counts[true, true], counts[true, found] = 1, 19
    rows, columns = confusions._shown(counts)
    assert {7, 1500, 2999} < set(rows.tolist())
    assert {2, 7, 900, 1500, 2999} < set(columns.tolist())
    assert len(rows) < len(columns) <= confusions.MOST_CLASSES
    names = [f"class {number}" for number in range(3000)]
    confusions.confusion_matrix(tmp_path / "c.png", counts, names, "Title")
    picture = read_picture(tmp_path / "c.png")
    assert picture.std() > 10
    assert max(picture.shape) < 3000


@pytest.mark.parametrize(
    ("found", "other", "marked"),
    [
        ("shell", "shell", ""),
        ("shxll", "shell", "x"),
        ("sh", "shell", ""),
        ("brooken", "broken", "o"),
    ],
)
def test_letters_that_differ_are_marked(found, other, marked):
    differs = text_pairs._differs(found, other)
    assert "".join(x for x, bad in zip(found, differs, strict=True) if bad) == marked


def test_texts_of_any_length_are_drawn(tmp_path):
    texts = ["", "a shell", "x" * 1000, "tab\tand\nline"]
    given = ["", "whelk", "a" * 500, "b"]
    text_pairs.texts_side_by_side(
        tmp_path / "t.png", given, texts, texts[::-1], sorted(texts), "Title"
    )
    picture = read_picture(tmp_path / "t.png")
    assert picture.std() > 5
    assert max(picture.shape) < 3000
