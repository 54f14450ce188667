"""Estimates of how long a comparison takes."""

import pytest

from jmvae_tf.reproduction import time_left
from jmvae_tf.reproduction.compared_models import recipes_of
from jmvae_tf.reproduction.time_left import (
    TimeLeft,
    seconds_of_epoch,
    time_models,
    untimed_models,
)
from tests.helpers.finished_comparisons import finish, finished, measures_of, runs_of


def test_nothing_is_left_of_what_is_done(tmp_path):
    assert TimeLeft(*finished(tmp_path), {}).as_text() == ""


def test_models_that_are_done_tell_how_long_others_of_them_take(tmp_path):
    runs, recipes = runs_of(tmp_path), recipes_of({"jmvae_kl": [0, 1, 2], "jmvae": [0]})
    finish(
        runs,
        recipes[0],
        measures_of("jmvae_kl"),
        {"training": 600.0, "epochs": 2, "measuring": 120.0},
    )
    only = TimeLeft(runs, [x for x in recipes if x.model == "jmvae_kl"], {})
    assert only.as_text() == (
        "estimate: training takes about 20 min, by runs that are done; measuring 2 runs about 4 min"
    )
    assert TimeLeft(runs, recipes, {"jmvae": 3600.0}).as_text() == (
        "estimate: training takes about 2.3 h, by a few steps; measuring 3 runs about 6 min"
    )


def test_each_model_that_was_trained_tells_its_time(tmp_path):
    runs, recipes = runs_of(tmp_path), recipes_of({"jmvae": [0, 1]})
    left = TimeLeft(runs, recipes, {"jmvae": 3600.0})
    assert "about 4.0 h, by a few steps" in left.as_text()
    durations = {"training": 60.0, "epochs": 2, "measuring": 60.0}
    finish(runs, recipes[0], measures_of("jmvae"), durations)
    assert "training takes about 1 min, by runs that are done" in left.as_text()


def test_a_first_run_tells_what_measuring_takes(tmp_path):
    left = TimeLeft(runs_of(tmp_path), recipes_of({"jmvae": [0]}), {"jmvae": 60.0})
    assert left.as_text() == (
        "estimate: training takes about 2 min, by a few steps; measuring one run comes on top, and "
        "is estimated after the first one"
    )


def test_each_model_is_timed_once_unless_a_run_of_it_tells(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(time_left, "seconds_of_epoch", lambda settings, data: 60.0)
    runs, recipes = runs_of(tmp_path), recipes_of({"jmvae_kl": [0, 1], "jmvae": [0, 1], "vae": [0]})
    durations = {"training": 60.0, "epochs": 2, "measuring": 60.0}
    finish(runs, recipes[0], measures_of("jmvae_kl"), durations)
    untimed = untimed_models(runs, recipes)
    assert [recipe.model for recipe in untimed] == ["jmvae", "vae"]
    assert time_models(runs, untimed) == {"jmvae": 60.0, "vae": 60.0}
    told = capsys.readouterr().out.splitlines()
    assert told == ["timing a few steps of jmvae", "timing a few steps of vae"]


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [0.0, 0.5])
def test_a_few_steps_are_timed(tmp_path, hidden):
    runs = runs_of(tmp_path, hidden)
    [recipe] = recipes_of({"jmvae": [0]})
    assert seconds_of_epoch(runs.settings(recipe), runs.training_data) > 0
    assert not list(tmp_path.iterdir())
