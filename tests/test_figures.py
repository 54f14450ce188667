"""Figures are PNG files that show what they were given."""

import cv2
import numpy as np
import pytest

from jmvae_tf import figures


def _read(path):
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


@pytest.mark.parametrize("channels", [1, 3])
def test_image_grid_shows_each_image_in_its_place(tmp_path, channels):
    images = np.zeros((2, 3, 8, 8, channels), "f")
    pictures = []
    for name in ("black.png", "white.png"):
        path = tmp_path / "new" / name
        figures.image_grid(path, images, "Title", ["a", "b", "c"], ["one", "two"])
        pictures.append(_read(path).mean(axis=2))
        images[1, 2] = 1.0  # In the last row and column.
    cells = [np.count_nonzero(picture < 10) for picture in pictures]
    assert cells[1] == pytest.approx(cells[0] * 5 / 6, rel=0.05)
    rows, columns = np.nonzero(np.abs(pictures[0] - pictures[1]) > 200)
    height, width = pictures[0].shape
    assert rows.min() > height / 2
    assert columns.min() > width / 2


def test_labels_by_image_draws_the_probabilities(tmp_path):
    images = np.zeros((7, 8, 8, 1), "f")
    certain, unsure = np.eye(3, dtype="f")[[0] * 7], np.full((7, 3), 1 / 3, "f")
    blue = []
    for name, probabilities in (("certain", certain), ("unsure", unsure)):
        figures.labels_by_image(tmp_path / f"{name}.png", images, probabilities, "abc")
        picture = _read(tmp_path / f"{name}.png").astype(int)
        blue.append(np.mean(picture[..., 0] - picture[..., 2] > 100))
    # One bar of full height has the area of three of a third.
    assert blue[0] == pytest.approx(blue[1], rel=0.1)
    assert blue[0] > 0.01


def test_loss_terms_draws_every_column(tmp_path):
    terms = ("bound", "kl_prior", "log_p_image", "kl_image")
    history = [
        {"epoch": epoch, "kl_weight": 1.0}
        | {f"{part}_{term}": epoch * 1.0 for part in ("train", "test") for term in terms}
        for epoch in (1, 2, 3)
    ]
    figures.loss_terms(tmp_path / "terms.png", history)
    assert _read(tmp_path / "terms.png").shape[1] > 1000
