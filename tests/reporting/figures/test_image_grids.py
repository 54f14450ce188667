"""Images stand in their places, with their names."""

import numpy as np
import pytest

from jmvae_tf.reporting.figures import image_grids
from tests.helpers.pictures import read_picture


@pytest.mark.parametrize("channels", [1, 3])
def test_image_grid_shows_each_image_in_its_place(tmp_path, channels):
    images = np.zeros((2, 3, 8, 8, channels), "f")
    pictures = []
    for name in ("black.png", "white.png"):
        path = tmp_path / "new" / name
        image_grids.image_grid(path, images, "Title", ["a", "b", "c"], ["one", "two"])
        pictures.append(read_picture(path).mean(axis=2))
        images[1, 2] = 1.0  # In the last row and column.
    cells = [np.count_nonzero(picture < 10) for picture in pictures]
    assert cells[1] == pytest.approx(cells[0] * 5 / 6, rel=0.05)
    rows, columns = np.nonzero(np.abs(pictures[0] - pictures[1]) > 200)
    height, width = pictures[0].shape
    assert rows.min() > height / 2
    assert columns.min() > width / 2


def test_image_grid_leaves_out_what_is_nan(tmp_path):
    images = np.zeros((2, 2, 8, 8, 3), "f")
    image_grids.image_grid(tmp_path / "whole.png", images, "Title")
    images[1, 1, 0, 0, 0] = np.nan
    image_grids.image_grid(tmp_path / "part.png", images, "Title")
    whole, part = (
        read_picture(tmp_path / name).mean(axis=2) < 10 for name in ("whole.png", "part.png")
    )
    assert part.sum() == pytest.approx(whole.sum() * 3 / 4, rel=0.1)


def test_image_grid_goes_on_below_in_the_same_rows(tmp_path):
    images = np.zeros((2, 5, 8, 8, 3), "f")
    images[1, 3] = (1, 0, 0)  # Of blocks of three and two: first below the first column.
    image_grids.image_grid(tmp_path / "grid.png", images, "Title", "abcde", ["one", "two"], 3)
    picture = read_picture(tmp_path / "grid.png")
    red = (np.abs(picture[..., ::-1].astype(int) - (255, 0, 0)) < 10).all(axis=2)
    black = (picture < 10).all(axis=2)
    assert black.sum() == pytest.approx(9 * red.sum(), rel=0.1)
    y, x = np.nonzero(red)
    assert y.min() > 0.7 * len(picture)
    assert x.max() < 0.5 * picture.shape[1]


def test_long_names_do_not_reach_into_the_next_column(tmp_path):
    assert image_grids._broken("Mouth_Slightly_Open", 11) == "Mouth_\nSlightly_\nOpen"
    assert image_grids._broken("5_o_Clock_Shadow", 11) == "5_o_Clock_\nShadow"
    assert image_grids._broken("Not Male", 11) == "Not Male"
    assert image_grids._broken("7", 11) == "7"


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_image_panels_show_each_image_in_its_place(tmp_path, channels):
    panels = {
        "a": np.zeros((4, 3, 8, 8, channels), "f"),
        "b": np.zeros((4, 3, 8, 8, channels), "f"),
        "c": np.zeros((1, 3, 8, 8, channels), "f"),
    }
    rows = {name: ["1", "2", "3", "4"] for name in "ab"}
    black = tmp_path / "black.png"
    image_grids.image_panels(black, panels, "xyz", rows, "rounds", "Title")
    before = read_picture(black).mean(axis=2)
    height, width = before.shape
    corners = {("b", 0, 2): (0, 1), ("a", 3, 0): (0, 0), ("c", 0, 0): (1, 0)}
    for (name, row, column), (low, right) in corners.items():
        changed = {**panels, name: panels[name].copy()}
        changed[name][row, column] = 1.0
        image_grids.image_panels(tmp_path / "white.png", changed, "xyz", rows, "rounds", "Title")
        after = read_picture(tmp_path / "white.png").mean(axis=2)
        y, x = np.nonzero(np.abs(after - before) > 200)
        assert (y.mean() > 0.75 * height) == bool(low)
        assert (x.mean() > width / 2) == bool(right)
        # One image of 27, whatever panel it is in.
        assert len(y) == pytest.approx((before < 10).sum() / 27, rel=0.1)
