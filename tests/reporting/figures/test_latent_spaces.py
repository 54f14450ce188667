"""Points of a latent space are drawn in the colours of their classes."""

import numpy as np
import pytest

from jmvae_tf.reporting.figures import latent_spaces
from tests.helpers.pictures import BLUE, ORANGE, read_picture, share


def test_latent_scatters_show_spread_on_the_same_axes(tmp_path, rng):
    classes = np.repeat([0, 1], 500)
    wide = rng.normal(size=(1000, 2))
    pictures = []
    for name, second in (("as_wide", wide), ("collapsed", 0.01 * wide)):
        path = tmp_path / f"{name}.png"
        latent_spaces.latent_scatters(path, {"model": [wide, second]}, classes, "ab", "lr", "Title")
        pictures.append(read_picture(path))
    for picture in pictures:
        assert share(picture, BLUE) == pytest.approx(share(picture, ORANGE), rel=0.3)
    as_wide, collapsed = pictures
    half = as_wide.shape[1] // 2
    # The left panels agree; in the right one the same number of points covers next to nothing.
    assert share(collapsed[:, :half], BLUE) == pytest.approx(share(as_wide[:, :half], BLUE))
    assert share(collapsed[:, half:], BLUE) < 0.5 * share(as_wide[:, half:], BLUE)


def test_latent_scatters_of_more_classes_than_ten(tmp_path, rng):
    path = tmp_path / "many.png"
    names = [str(number) for number in range(12)]
    panels = {name: [rng.normal(size=(12, 2))] for name in "abc"}
    latent_spaces.latent_scatters(path, panels, np.arange(12), names, ["all"], "Title")
    height, width = read_picture(path).shape[:2]
    assert height > 2 * width


def test_points_of_conditions_are_drawn_with_their_means(tmp_path, rng):
    panels = {name: (rng.normal(size=(3, 20, 2)), rng.normal(size=(3, 2))) for name in "ab"}
    path = tmp_path / "points.png"
    latent_spaces.latent_conditions(path, panels, ["x", "y", "z"], "title")
    height, width = read_picture(path).shape[:2]
    assert width > 1.5 * height
