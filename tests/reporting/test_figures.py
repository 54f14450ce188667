"""Figures are PNG files that show what they were given."""

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from jmvae_tf.demo import charts
from jmvae_tf.reporting import figures, figures_of_faces
from tests.helpers.paths import ROOT


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


def test_image_grid_leaves_out_what_is_nan(tmp_path):
    images = np.zeros((2, 2, 8, 8, 3), "f")
    figures.image_grid(tmp_path / "whole.png", images, "Title")
    images[1, 1, 0, 0, 0] = np.nan
    figures.image_grid(tmp_path / "part.png", images, "Title")
    whole, part = (_read(tmp_path / name).mean(axis=2) < 10 for name in ("whole.png", "part.png"))
    assert part.sum() == pytest.approx(whole.sum() * 3 / 4, rel=0.1)


def test_image_grid_goes_on_below_in_the_same_rows(tmp_path):
    images = np.zeros((2, 5, 8, 8, 3), "f")
    images[1, 3] = (1, 0, 0)  # Of blocks of three and two: first below the first column.
    figures.image_grid(tmp_path / "grid.png", images, "Title", "abcde", ["one", "two"], 3)
    picture = _read(tmp_path / "grid.png")
    red = (np.abs(picture[..., ::-1].astype(int) - (255, 0, 0)) < 10).all(axis=2)
    black = (picture < 10).all(axis=2)
    assert black.sum() == pytest.approx(9 * red.sum(), rel=0.1)
    y, x = np.nonzero(red)
    assert y.min() > 0.7 * len(picture)
    assert x.max() < 0.5 * picture.shape[1]


def test_long_names_do_not_reach_into_the_next_column(tmp_path):
    assert figures._broken("Mouth_Slightly_Open", 11) == "Mouth_\nSlightly_\nOpen"
    assert figures._broken("5_o_Clock_Shadow", 11) == "5_o_Clock_\nShadow"
    assert figures._broken("Not Male", 11) == "Not Male"
    assert figures._broken("7", 11) == "7"


@pytest.mark.parametrize(
    ("generated", "true", "shows"),
    [
        ((0.9, -0.5, -0.1), (1, -1, -1), "green"),
        ((-0.9, -0.5, -0.1), (1, -1, -1), "red"),
        ((0.9, -0.5, -0.1), (-1, -1, -1), "orange"),
        ((-0.9, -0.5, -0.1), (-1, -1, -1), None),
    ],
)
def test_attributes_by_image_tells_right_from_wrong(tmp_path, generated, true, shows):
    colours = {"green": (44, 160, 44), "red": (214, 39, 40), "orange": (255, 127, 14)}
    images = np.zeros((1, 8, 8, 3), "f")
    images[..., 2] = 1.0
    path = tmp_path / "attributes.png"
    figures.attributes_by_image(path, images, np.array([generated]), np.array([true]), "abc")
    picture = _read(path)
    assert _share(picture, (0, 0, 255)) > 0.05, "blue comes last"
    for name, colour in colours.items():
        assert (_share(picture, colour) > 0) == (name == shows)


def test_attributes_by_image_lists_the_surest_first():
    lines = figures._verdicts(
        np.array([0.2, 0.8, -0.3, -0.001, 0.4, -1.0]),
        np.array([1, 1, 1, 1, -1, -1]),
        ["Bald", "Male", "Smiling", "Young", "Bangs", "Blurry"],
    )
    assert [words for words, _ in lines] == [
        "✓ Male  0.80",
        "✓ Bald  0.20",
        "− Smiling  -0.30",
        "− Young  0.00",
        "+ Bangs  0.40",
    ]


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


def test_loss_terms_copes_with_what_is_no_term(tmp_path, monkeypatch):
    terms = ("discriminator_loss", "kl_image", "bound", "generator_loss", "sharpness")
    history = [
        {"epoch": epoch} | {f"train_{term}": 1.0 * epoch for term in terms} | {"test_bound": 2.0}
        for epoch in (1, 2)
    ]
    drawn = []
    monkeypatch.setattr(figures, "save", lambda figure, path: drawn.append(figure))
    figures.loss_terms(tmp_path / "terms.png", history)
    panels = [axes for axes in drawn[0].axes if axes.get_title()]
    assert [(axes.get_title(), axes.get_ylabel()) for axes in panels] == [
        ("bound", "nats per example"),
        ("kl_image", "nats per example"),
        ("sharpness", ""),
        ("discriminator loss", "loss, nats per example"),
        ("generator loss", "loss, nats per example"),
    ]
    assert [len(axes.lines) for axes in panels] == [2, 1, 1, 1, 1]


def _share(picture, colour):
    """The share of pixels near a colour, given as red, green, blue."""
    return (np.abs(picture[..., ::-1].astype(int) - colour).max(axis=2) < 40).mean()


_BLUE, _ORANGE = (31, 119, 180), (255, 127, 14)  # The first two of matplotlib's tab10.


def test_latent_scatters_show_spread_on_the_same_axes(tmp_path, rng):
    classes = np.repeat([0, 1], 500)
    wide = rng.normal(size=(1000, 2))
    pictures = []
    for name, second in (("as_wide", wide), ("collapsed", 0.01 * wide)):
        path = tmp_path / f"{name}.png"
        figures.latent_scatters(path, {"model": [wide, second]}, classes, "ab", "lr", "Title")
        pictures.append(_read(path))
    for picture in pictures:
        assert _share(picture, _BLUE) == pytest.approx(_share(picture, _ORANGE), rel=0.3)
    as_wide, collapsed = pictures
    half = as_wide.shape[1] // 2
    # The left panels agree; in the right one the same number of points covers next to nothing.
    assert _share(collapsed[:, :half], _BLUE) == pytest.approx(_share(as_wide[:, :half], _BLUE))
    assert _share(collapsed[:, half:], _BLUE) < 0.5 * _share(as_wide[:, half:], _BLUE)


def test_latent_scatters_of_more_classes_than_ten(tmp_path, rng):
    path = tmp_path / "many.png"
    names = [str(number) for number in range(12)]
    panels = {name: [rng.normal(size=(12, 2))] for name in "abc"}
    figures.latent_scatters(path, panels, np.arange(12), names, ["all"], "Title")
    height, width = _read(path).shape[:2]
    assert height > 2 * width


@pytest.mark.parametrize("channels", [1, 3])
def test_image_panels_show_each_image_in_its_place(tmp_path, channels):
    panels = {
        "a": np.zeros((4, 3, 8, 8, channels), "f"),
        "b": np.zeros((4, 3, 8, 8, channels), "f"),
        "c": np.zeros((1, 3, 8, 8, channels), "f"),
    }
    rows = {name: ["1", "2", "3", "4"] for name in "ab"}
    black = tmp_path / "black.png"
    figures.image_panels(black, panels, "xyz", rows, "rounds", "Title")
    before = _read(black).mean(axis=2)
    height, width = before.shape
    corners = {("b", 0, 2): (0, 1), ("a", 3, 0): (0, 0), ("c", 0, 0): (1, 0)}
    for (name, row, column), (low, right) in corners.items():
        changed = {**panels, name: panels[name].copy()}
        changed[name][row, column] = 1.0
        figures.image_panels(tmp_path / "white.png", changed, "xyz", rows, "rounds", "Title")
        after = _read(tmp_path / "white.png").mean(axis=2)
        y, x = np.nonzero(np.abs(after - before) > 200)
        assert (y.mean() > 0.75 * height) == bool(low)
        assert (x.mean() > width / 2) == bool(right)
        # One image of 27, whatever panel it is in.
        assert len(y) == pytest.approx((before < 10).sum() / 27, rel=0.1)


def test_curves_draw_lines_and_levels(tmp_path):
    line = (np.array([-3.0, -2.0, -1.0]), np.full(3, 0.1))
    level = (np.array([-0.5]), np.array([0.1]))
    panels = {"left": {"line": line, "level": level}, "right": {"line": level, "level": line}}
    figures.curves(tmp_path / "curves.png", panels, [1, 2, 3], "rounds", "nats", "Title")
    picture = _read(tmp_path / "curves.png")
    height, width = picture.shape[:2]
    assert width > 2 * height
    rising = ((picture[:, : width // 3], _BLUE), (picture[:, width // 2 : 5 * width // 6], _ORANGE))
    for part, colour in rising:
        y, x = np.nonzero((np.abs(part[..., ::-1].astype(int) - colour) < 40).all(axis=2))
        assert np.corrcoef(x, y)[0, 1] < -0.7
    _, x = np.nonzero((np.abs(picture[..., ::-1].astype(int) - _ORANGE) < 40).all(axis=2))
    assert x.min() < width // 4, "the level of the left panel"


# Text of any origin.

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
    figures.image_grid(drawn[0], images[:1], " ".join(ODD_NAMES), ODD_NAMES, ODD_NAMES[-2:])
    figures.labels_by_image(drawn[1], images[0, :2], np.eye(number)[:2], ODD_NAMES)
    attributes = np.ones((2, number))
    figures.attributes_by_image(drawn[2], images[0, :2], attributes, attributes, ODD_NAMES)
    figures.latent_scatters(drawn[3], {"": [points]}, classes, ODD_NAMES, ("",), "")
    panels = {"": (points.reshape(number, 2, 2), points[:number])}
    figures_of_faces.latent_conditions(drawn[4], panels, ODD_NAMES, "")
    pictures = [_read(path) for path in drawn]
    pictures.append(charts.bars(ODD_NAMES, rng.random(number), (0.0, 1.0)))
    pictures.append(charts.scatter(points, classes, ODD_NAMES, None))
    assert all(100 < min(picture.shape[:2]) for picture in pictures)
    assert all(max(picture.shape[:2]) < 4000 for picture in pictures)


def test_dollars_are_no_formula(tmp_path):
    images = np.zeros((1, 3, 4, 4, 1), "f")
    for number, name in enumerate(("$x$", "x")):
        figures.image_grid(tmp_path / f"{number}.png", images, name)
    assert not np.array_equal(_read(tmp_path / "0.png"), _read(tmp_path / "1.png"))


def test_settings_of_others_do_not_reach_figures(tmp_path):
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nsavefig.format: pdf\n")
    code = (
        "import pathlib, numpy\nfrom jmvae_tf import figures\n"
        "figures.image_grid(pathlib.Path('a.png'), numpy.zeros((1, 1, 4, 4, 1)), 'a_b')"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "tkagg"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    assert _read(tmp_path / "a.png").shape[0] > 50
