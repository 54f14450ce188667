"""Figures take text of any origin, and no settings of others."""

import os
import subprocess
import sys

import numpy as np

from jmvae_tf.reporting.figures import image_grids, images_and_values, latent_spaces
from tests.helpers.paths import ROOT
from tests.helpers.pictures import read_picture

ODD_NAMES = (
    "cost_$5_and_$6.png",
    r"$\frac{x}{$",
    "a_{^}\\b",
    "_hidden",
    "日本語 🙂",
    "\x1b[31mred\nline",
    "caf\udce9",
    "long" * 3000,
    "",
)


def test_names_are_drawn_as_they_are(tmp_path, rng):
    number = len(ODD_NAMES)
    images = rng.random((number, number, 4, 4, 1), dtype="f")
    points = rng.random((2 * number, 2))
    classes = np.arange(2 * number) % number
    drawn = [tmp_path / f"{place}.png" for place in range(5)]
    image_grids.image_grid(drawn[0], images[:1], " ".join(ODD_NAMES), ODD_NAMES, ODD_NAMES[-2:])
    images_and_values.labels_by_image(
        drawn[1], images[0, :2], np.eye(number)[:2], [0, 1], ODD_NAMES, ODD_NAMES[0], ODD_NAMES[1]
    )
    attributes = np.ones((2, number))
    images_and_values.attributes_by_image(
        drawn[2], images[0, :2], attributes, attributes, ODD_NAMES, ODD_NAMES[0]
    )
    latent_spaces.latent_scatters(drawn[3], {"": [points]}, classes, ODD_NAMES, ("",), "")
    panels = {"": (points.reshape(number, 2, 2), points[:number])}
    latent_spaces.latent_conditions(drawn[4], panels, ODD_NAMES, "")
    pictures = [read_picture(path) for path in drawn]
    assert all(100 < min(picture.shape[:2]) for picture in pictures)
    assert all(max(picture.shape[:2]) < 4000 for picture in pictures)


def test_dollars_are_no_formula(tmp_path):
    images = np.zeros((1, 3, 4, 4, 1), "f")
    for number, name in enumerate(("$x$", "x")):
        image_grids.image_grid(tmp_path / f"{number}.png", images, name)
    assert not np.array_equal(read_picture(tmp_path / "0.png"), read_picture(tmp_path / "1.png"))


def test_settings_of_others_do_not_reach_figures(tmp_path):
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nsavefig.format: pdf\n")
    code = (
        "import pathlib, numpy\nfrom jmvae_tf.reporting.figures.image_grids import image_grid\n"
        "image_grid(pathlib.Path('a.png'), numpy.zeros((1, 1, 4, 4, 1)), 'a_b')"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "tkagg"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    assert read_picture(tmp_path / "a.png").shape[0] > 50
