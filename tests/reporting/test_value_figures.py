"""What figures of predicted values say."""

import types

import numpy as np

from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models.base import Direction
from jmvae_tf.reporting import value_figures


def test_the_mean_is_of_all_attributes_if_only_the_worst_are_drawn(tmp_path, monkeypatch):
    names = tuple(f"trait {place}" for place in range(60))
    traits = Modality("traits", (60,), Gaussian(), kind="attributes", value_names=names)
    true = np.ones((4, 60), "f")
    found = true.copy()
    found[:, :30] = -1  # Half of them are always wrong.
    drawn = []
    monkeypatch.setattr(value_figures, "generated", lambda *_: found)
    monkeypatch.setattr(value_figures.shares, "share_bars", lambda *what: drawn.append(what))
    value_figures.draw_attribute_shares(
        tmp_path / "shares.png",
        types.SimpleNamespace(modalities={"traits": traits}),
        Direction(("photo",), "traits"),
        {"photo": np.zeros((4, 1), "f"), "traits": true},
        0,
    )
    [(_, shown, right, _, title, note)] = drawn
    assert len(shown) == len(right) == 40
    assert right.mean() == 0.25
    assert title.endswith("(the worst 40 of 60)")
    assert note == "4 test examples; mean over all attributes 50.0 %"
