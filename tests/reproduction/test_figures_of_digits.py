"""Figures 3 to 5 of the 2018 paper."""

import numpy as np
import pytest

from jmvae_tf.reporting.figures import image_grids
from jmvae_tf.reproduction import figures
from tests.helpers.reproductions import JMVAE, picture, runs_in


@pytest.mark.slow
def test_figure_3_draws_both_latent_spaces_of_every_model(runs, tmp_path):
    paths, table = figures.make_figure("3", runs, tmp_path)
    assert paths == (tmp_path / "figure-3.png",)
    height, width = picture(*paths).shape[:2]
    assert height > width > 1000, "three rows of two"
    [section] = table.parts
    assert list(section.rows) == ["(a) JMVAE", "(b) JMVAE-kl", "(c) JMVAE-h"]
    for spread, spread_missing, told, told_missing in section.rows.values():
        assert 0 < spread < 3
        assert 0 < spread_missing < 3
        assert 0 <= told.mean <= 1
        assert 0 <= told_missing.mean <= 1


@pytest.mark.slow
@pytest.mark.usefixtures("_figures_of_two_latent_runs")
def test_figure_4_has_a_row_for_every_round(runs, tmp_path, monkeypatch):
    drawn = {}
    image_panels = image_grids.image_panels

    def keep(path, panels, *arguments):
        drawn.update(panels)
        image_panels(path, panels, *arguments)

    monkeypatch.setattr(image_grids, "image_panels", keep)
    paths, table = figures.make_figure("4", runs, tmp_path)
    assert table is None
    assert picture(*paths).shape[1] > 1000
    assert {name: images.shape for name, images in drawn.items()} == {
        "(a) JMVAE": (2, 10, 8, 8, 1),
        "(b) JMVAE-h": (2, 10, 8, 8, 1),
        "(c) JMVAE-kl": (1, 10, 8, 8, 1),
    }
    model = runs.trained(JMVAE)
    model.set_inference("noise", 2, "samples")
    second = model.generate("image", {"label": np.eye(10, dtype="f")}, 1, runs.seed)
    np.testing.assert_array_equal(drawn["(a) JMVAE"][1], second[0])


@pytest.mark.usefixtures("_figures_of_two_latent_runs")
@pytest.mark.slow
def test_figure_5_scores_every_round_once(runs, folder, tmp_path, capsys):
    paths, table = figures.make_figure("5", runs, tmp_path)
    height, width = picture(*paths).shape[:2]
    assert width > 2 * height, "two panels beside each other"
    for section, paper in zip(table.parts, ([-977.2, -552.2, -422.4],) * 2, strict=False):
        assert section.columns == ("JMVAE", "JMVAE-h", "JMVAE-kl")
        assert list(section.rows) == ["round 1", "round 2", "paper, Table 1"]
        if section.name == "label_to_image":
            assert section.rows["paper, Table 1"] == paper
        jmvae, jmvae_h, jmvae_kl = zip(*list(section.rows.values())[:2], strict=True)
        assert jmvae[0] != jmvae[1]
        assert jmvae_h[0] != jmvae_h[1]
        assert jmvae_kl[1] is None
    capsys.readouterr()
    [path], again = figures.make_figure("5", runs_in(folder), tmp_path / "again")
    assert again == table
    assert "measuring" not in capsys.readouterr().out
    np.testing.assert_array_equal(picture(path), picture(*paths))
