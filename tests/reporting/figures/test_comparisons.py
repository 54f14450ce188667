"""Pictures of compared models."""

import itertools

import numpy as np
import pytest
from matplotlib.text import Text

from jmvae_tf.reporting.figures import comparisons
from jmvae_tf.reporting.figures.comparisons import Measured, Panel, compared_models
from tests.helpers.pictures import read_picture

MODELS = [f"{name}_{number}" for name in ("model", "another_model") for number in range(7)]


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Draws panels, and returns the boxes of the names in each, in pixels."""
    figures = []
    monkeypatch.setattr(comparisons, "save_figure", lambda figure, path: figures.append(figure))

    def draw(*panels):
        compared_models(tmp_path / "picture.png", panels, "14 models", "bars are errors")
        [figure] = figures
        figure.draw_without_rendering()
        return [
            {x.get_text(): Text.get_window_extent(x) for x in axes.texts} for axes in figure.axes
        ]

    return draw


def _overlapping(boxes):
    return [
        (first, second)
        for first, second in itertools.combinations(boxes, 2)
        if boxes[first].overlaps(boxes[second])
    ]


def test_each_name_stands_by_itself(drawn):
    generator = np.random.default_rng(0)
    spots = generator.random((len(MODELS), 2))
    points = {
        name: [(Measured(x, 0.01), Measured(20 * y, 0.5))]
        for name, (x, y) in zip(MODELS, spots, strict=True)
    }
    lines = (
        {  # All but one end at the same place.
            name: [(Measured(given, 0.0), Measured(0.5 + 0.1 * given, 0.01)) for given in range(4)]
            for name in MODELS[1:]
        }
        | {MODELS[0]: [(Measured(2, 0.0), Measured(0.1, 0.01))]}
    )
    left, right = drawn(
        Panel(points, "coherence", "distance", True), Panel(lines, "given", "share")
    )
    assert set(left) == set(right) == set(MODELS)
    assert _overlapping(left) == []
    assert _overlapping(right) == []


def test_names_of_lines_are_in_the_order_of_their_ends(drawn):
    ends = {"low": 0.1, "middle": 0.5, "high": 0.51}
    lines = {
        name: [(Measured(x, 0.0), Measured(y, 0.01)) for x in (0, 1)] for name, y in ends.items()
    }
    [boxes] = drawn(Panel(lines, "given", "share"))
    assert sorted(boxes, key=lambda name: boxes[name].y0) == list(ends)


def test_a_single_point_with_an_unknown_error(tmp_path):
    point = (Measured(0.5, float("nan")), Measured(2.0, float("nan")))
    path = tmp_path / "picture.png"
    compared_models(path, [Panel({"jmvae": [point]}, "x", "y")], "one model")
    height, width = read_picture(path).shape[:2]
    assert width > 1000
    assert height > 500
