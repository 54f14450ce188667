"""What is drawn of compared models."""

import pytest

from jmvae_tf.reproduction import comparison_picture
from jmvae_tf.reproduction.comparison_picture import draw_comparison
from jmvae_tf.reproduction.comparison_table import (
    MeasuredModel,
    columns_with_numbers,
    measure_columns,
)
from tests.helpers.finished_comparisons import measures_of

ALL = measures_of("jmvae_kl")


@pytest.fixture
def panels_of(tmp_path, monkeypatch):
    """Returns what is drawn of measures, and whether anything is."""
    drawn = []
    monkeypatch.setattr(
        comparison_picture, "compared_models", lambda path, panels, *rest: drawn.extend(panels)
    )

    def draw(measures):
        models = [MeasuredModel("jmvae_kl", [0], [measures], 1.0)]
        columns = columns_with_numbers(measure_columns(("image", "label"), "image"), models)
        assert draw_comparison(tmp_path / "a.png", columns, models, "title") == bool(drawn)
        return drawn

    return draw


def test_quality_against_coherence_and_coherence_by_number(panels_of):
    quality, by_number = panels_of(ALL)
    assert quality.points == {"jmvae_kl": [((0.875, 0.02), (11.0, 0.4))]}
    assert quality.is_downwards
    assert by_number.points == {"jmvae_kl": [((0, 0), (0.625, 0.03)), ((1, 0), (0.875, 0.02))]}
    assert "prior" in by_number.x_label


def test_likelihoods_stand_in_for_distances(panels_of):
    names = ("label_coherence", "log_p_joint_multiple")
    [quality] = panels_of({name: ALL[name] for name in names})
    assert quality.points == {"jmvae_kl": [((0.875, 0.01), (-21.875, 0.5))]}
    assert not quality.is_downwards


def test_coherence_alone(panels_of):
    [by_number] = panels_of({"conditional_coherence_1_given": ALL["conditional_coherence_1_given"]})
    assert by_number.points == {"jmvae_kl": [((1, 0), (0.875, 0.02))]}


def test_nothing_to_draw(panels_of):
    assert panels_of(measures_of("vae")) == []
