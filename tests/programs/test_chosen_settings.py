"""What a training on a user's own data says of the settings it chose."""

import pytest

from jmvae_tf.data.own.preset import Counts
from jmvae_tf.programs.tasks.chosen_settings import as_text
from jmvae_tf.settings import settings_of
from tests.helpers.shells import shells_manifest

COUNTS = Counts(400, 50)


def _lines(**overrides):
    settings = settings_of("jmvae_kl", "shells", overrides, shells_manifest(), COUNTS)
    return as_text(settings, COUNTS.train).splitlines()


def test_each_line_names_the_flags_that_change_it():
    lines = _lines(epochs=200, batch_size=20)
    assert all(line.endswith(")") and "(--" in line for line in lines)
    assert lines[-2:] == [
        "training ends after 50 epochs without a better bound on the validation set (--patience)",
        "the objective is measured after every 4 epochs (--evaluate_every)",
    ]
    assert "200 epochs of 20 batches of 20, learning rate 0.001" in lines[4]


@pytest.mark.parametrize(
    ("overrides", "flag"),
    [
        ({"patience": 0}, "--patience"),
        ({"evaluate_every": 1}, "--evaluate_every"),
        ({"ema_momentum": 0.0}, "--ema_momentum"),
        ({"decay_epochs": 0}, "--decay_epochs"),
    ],
)
def test_what_does_not_apply_is_not_said(overrides, flag):
    both = _lines(epochs=200, batch_size=20)
    rest = _lines(epochs=200, batch_size=20, **overrides)
    assert [line for line in both if flag not in line] == rest
