"""Numbers become lines."""

import numpy as np

from jmvae_tf.reporting.figures import curves
from tests.helpers.pictures import BLUE, ORANGE, near_colour, read_picture


def test_loss_terms_draws_every_column(tmp_path):
    terms = ("bound", "kl_prior", "log_p_image", "kl_image")
    history = [
        {"epoch": epoch, "kl_weight": 1.0}
        | {f"{part}_{term}": epoch * 1.0 for part in ("train", "test") for term in terms}
        for epoch in (1, 2, 3)
    ]
    curves.loss_terms(tmp_path / "terms.png", history)
    assert read_picture(tmp_path / "terms.png").shape[1] > 1000


def test_loss_terms_copes_with_what_is_no_term(tmp_path, monkeypatch):
    terms = ("discriminator_loss", "kl_image", "bound", "generator_loss", "sharpness")
    history = [
        {"epoch": epoch} | {f"train_{term}": 1.0 * epoch for term in terms} | {"test_bound": 2.0}
        for epoch in (1, 2)
    ]
    drawn = []
    monkeypatch.setattr(curves, "save_figure", lambda figure, path: drawn.append(figure))
    curves.loss_terms(tmp_path / "terms.png", history)
    panels = [axes for axes in drawn[0].axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left").strip() for axes in panels] == [
        "bound",
        "divergence of image",
        "sharpness",
        "discriminator loss",
        "generator loss",
    ]
    units = ["nats per example", "nats per example", "", *["loss, nats per example"] * 2]
    # A unit stands at the first panel of its row.
    assert [axes.get_ylabel() for axes in panels] == [units[0], "", *units[2:4], ""]
    assert [len(axes.lines) for axes in panels] == [4, 2, 2, 2, 2], "a line and its last value"


def test_a_line_joins_the_epochs_that_have_a_value(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(curves, "save_figure", lambda figure, path: drawn.append(figure))
    history = [{"epoch": epoch, "train_bound": 1.0} for epoch in range(1, 6)]
    history[1]["test_bound"], history[3]["test_bound"] = -5.0, -4.0
    curves.loss_terms(tmp_path / "terms.png", history)
    [train, _, test, end] = drawn[0].axes[0].lines
    assert list(train.get_xdata()) == [1, 2, 3, 4, 5]
    assert (list(test.get_xdata()), list(test.get_ydata())) == ([2, 4], [-5.0, -4.0])
    assert list(end.get_ydata()) == [-4.0]


def test_an_objective_that_is_no_bound_is_not_called_one(tmp_path, monkeypatch):
    row = {"train_objective": 1.0, "validation_objective": 1.0, "train_kl_prior": 1.0}
    drawn = []
    monkeypatch.setattr(curves, "save_figure", lambda figure, path: drawn.append(figure))
    history = [{"epoch": epoch} | row for epoch in (1, 2)]
    curves.loss_terms(tmp_path / "terms.png", history, curves.Milestones(best=2))
    [figure] = drawn
    [text, *_] = [axes.get_title(loc="left") for axes in figure.axes]
    assert text.strip() == "objective"
    assert figure.legends[0].get_texts()[-1].get_text() == "highest validation objective: epoch 2"


def test_milestones_and_last_values_stand_in_the_curves(tmp_path, monkeypatch):
    history = [
        {"epoch": epoch, "train_bound": -1.0 * epoch, "validation_bound": -2.0 * epoch}
        for epoch in range(1, 11)
    ]
    drawn = []
    monkeypatch.setattr(curves, "save_figure", lambda figure, path: drawn.append(figure))
    for milestones in (
        curves.Milestones(4, 7, 5),
        curves.Milestones(40, 70, 50),  # A training that was interrupted before.
        curves.Milestones(),
    ):
        curves.loss_terms(tmp_path / "terms.png", history, milestones)
    legends = [[text.get_text() for text in figure.legends[0].get_texts()] for figure in drawn]
    assert legends == [
        [
            "train",
            "validation",
            "warm-up",
            "highest validation bound: epoch 7",
            "decoder against discriminator: after epoch 5",
        ],
        ["train", "validation", "warm-up"],
        ["train", "validation"],
    ]
    axes = drawn[0].axes[0]
    [warmup] = axes.patches
    assert (warmup.get_x(), warmup.get_x() + warmup.get_width()) == (1, 4)
    assert [text.get_text() for text in axes.texts] == ["train −10  valid. −20"]
    curves.loss_terms(tmp_path / "terms.png", [])
    assert len(drawn) == 4, "a history without a row"


def test_curves_draw_lines_and_levels(tmp_path):
    line = (np.array([-3.0, -2.0, -1.0]), np.full(3, 0.1))
    level = (np.array([-0.5]), np.array([0.1]))
    panels = {"left": {"line": line, "level": level}, "right": {"line": level, "level": line}}
    curves.error_bars(tmp_path / "curves.png", panels, [1, 2, 3], "rounds", "nats", "Title")
    picture = read_picture(tmp_path / "curves.png")
    height, width = picture.shape[:2]
    assert width > 2 * height
    rising = ((picture[:, : width // 3], BLUE), (picture[:, width // 2 : 5 * width // 6], ORANGE))
    for part, colour in rising:
        y, x = np.nonzero(near_colour(part, colour))
        assert np.corrcoef(x, y)[0, 1] < -0.7
    _, x = np.nonzero(near_colour(picture, ORANGE))
    assert x.min() < width // 4, "the level of the left panel"
