"""Images stand beside what a model reads from them, right or wrong."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb, to_rgba

from jmvae_tf.reporting.figures import images_and_values
from jmvae_tf.reporting.figures.png_files import MISSED, RIGHT, WRONG
from tests.helpers.pictures import read_picture, share


@pytest.mark.parametrize(
    ("generated", "true", "shows"),
    [
        ((0.9, -0.5, -0.1), (1, -1, -1), RIGHT),
        ((-0.9, -0.5, -0.1), (1, -1, -1), MISSED),
        ((0.9, -0.5, -0.1), (-1, -1, -1), WRONG),
        ((-0.9, -0.5, -0.1), (-1, -1, -1), None),
    ],
)
def test_attributes_by_image_tells_right_from_wrong(tmp_path, generated, true, shows):
    images = np.zeros((1, 8, 8, 3), "f")
    images[..., :2] = 1.0
    path = tmp_path / "attributes.png"
    images_and_values.attributes_by_image(
        path, images, np.array([generated]), np.array([true]), "abc", "Title"
    )
    picture = read_picture(path)
    assert share(picture, (255, 255, 0)) > 0.05, "blue comes last"
    for colour in (RIGHT, MISSED, WRONG):
        at_all = share(picture, 255 * np.array(to_rgb(colour))) > 0
        assert at_all == (colour == shows)


def test_attributes_by_image_lists_the_surest_first():
    lines = images_and_values._verdicts(
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


@pytest.mark.slow
def test_labels_by_image_draws_the_probabilities(tmp_path):
    images = np.zeros((7, 8, 8, 1), "f")
    certain, unsure = np.eye(3, dtype="f")[[0] * 7], np.full((7, 3), 1 / 3, "f")
    blue = []
    for name, probabilities in (("certain", certain), ("unsure", unsure)):
        images_and_values.labels_by_image(
            tmp_path / f"{name}.png", images, probabilities, np.zeros(7, int), "abc", "T", ""
        )
        picture = read_picture(tmp_path / f"{name}.png").astype(int)
        blue.append(np.mean(picture[..., 0] - picture[..., 2] > 100))
    # The bar of the likeliest class is full, and a third as high.
    assert blue[0] == pytest.approx(3 * blue[1], rel=0.1)
    assert blue[0] > 0.01


def test_labels_are_marked_right_or_wrong_beside_the_truth(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(images_and_values, "save_figure", lambda figure, path: drawn.append(figure))
    images_and_values.labels_by_image(
        tmp_path / "labels.png",
        np.zeros((3, 8, 8, 1), "f"),
        np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.0, 0.0, 1.0]]),
        np.array([0, 0, 2]),
        ["cockle", "whelk", "limpet"],
        "Species",
        "a note",
    )
    [figure] = drawn
    titles = [axes.get_title(loc="left") for axes in figure.axes[1::2]]
    assert titles[:3] == ["✓ cockle", "✗ whelk, true: cockle", "✓ limpet"]
    assert figure.get_suptitle() == "Species: 2 of 3 right"
    right, wrong = (figure.axes[2 * place + 1].patches[place] for place in (0, 1))
    colours = [right.get_facecolor(), wrong.get_facecolor()]
    assert colours == [to_rgba(RIGHT), to_rgba(WRONG)]


def test_long_names_of_classes_stand_upright_and_leave_the_images_their_size(tmp_path):
    images = np.zeros((5, 8, 8, 1), "f")
    black = []
    for names in (("a", "b", "c"), ("violet", "turquoise", "three of a kind")):
        path = tmp_path / f"{names[0]}.png"
        images_and_values.labels_by_image(path, images, np.eye(3)[[0] * 5], [0] * 5, names, "T", "")
        picture = read_picture(path)
        black.append((picture[:, : picture.shape[1] // 20] < 10).sum())
    assert black[1] == pytest.approx(black[0], rel=0.2)


def test_verdicts_of_figures_part_at_the_threshold():
    lines = images_and_values._verdicts(
        np.array([0.9, 0.4, 0.001, 0.6]), np.array([1, 1, 0, 0]), "abcd", threshold=0.5
    )
    assert [words for words, _ in lines] == ["✓ a  0.90", "− b  0.40", "+ d  0.60"]
    many = images_and_values._verdicts(np.ones(300), np.ones(300), list(map(str, range(300))), 0.5)
    assert len(many) == 41
    assert many[-1][0] == "and 260 more"
