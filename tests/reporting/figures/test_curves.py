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
    panels = [axes for axes in drawn[0].axes if axes.get_title()]
    assert [(axes.get_title(), axes.get_ylabel()) for axes in panels] == [
        ("bound", "nats per example"),
        ("kl_image", "nats per example"),
        ("sharpness", ""),
        ("discriminator loss", "loss, nats per example"),
        ("generator loss", "loss, nats per example"),
    ]
    assert [len(axes.lines) for axes in panels] == [2, 1, 1, 1, 1]


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
