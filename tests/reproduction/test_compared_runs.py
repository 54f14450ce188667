"""The runs of a comparison."""

import dataclasses
import shutil

import numpy as np
import pytest

from jmvae_tf.modalities import observed_key
from jmvae_tf.reproduction import measures
from jmvae_tf.reproduction.compared_models import recipes_of
from jmvae_tf.reproduction.compared_runs import ComparedRuns
from jmvae_tf.reproduction.durations import read_durations
from jmvae_tf.reproduction.measures import COMPARED
from jmvae_tf.settings import WITHOUT_EFFECT
from tests.helpers.finished_comparisons import runs_of
from tests.helpers.folders import contents
from tests.helpers.reproductions import refused

[RECIPE] = recipes_of({"jmvae": [3]})


def test_models_train_on_gaps_and_are_measured_without(tmp_path):
    runs = runs_of(tmp_path, 0.5)
    assert not runs.data.masks("train")
    masks = runs.training_data.masks("train")
    assert set(masks) == {observed_key("image"), observed_key("label")}
    again = runs_of(tmp_path / "again", 0.5).training_data.masks("train")
    for key, mask in masks.items():
        np.testing.assert_array_equal(mask, again[key])
    assert runs.gaps() == (
        "each modality is hidden with probability 0.5: of 1,199 training examples "
        f"{masks[observed_key('image')].sum()} have image, {masks[observed_key('label')].sum()} "
        f"have label, {np.all([*masks.values()], axis=0).sum()} have all"
    )


def test_a_mixture_is_fitted_to_what_a_run_was_trained_on(tmp_path, monkeypatch):
    runs, fitted_to = runs_of(tmp_path, 0.5), []
    monkeypatch.setattr(
        measures, "mixture_if_possible", lambda model, data, *rest: fitted_to.append(data)
    )
    monkeypatch.setattr(measures, "evaluate_for_comparison", lambda *arguments: [])
    monkeypatch.setattr(ComparedRuns, "remembered", lambda *arguments: arguments[-1](None))
    assert measures.for_comparison(runs, RECIPE) == {}
    [data] = fitted_to
    assert data is runs.training_data


def test_without_gaps_there_is_one_data_set(tmp_path):
    runs = runs_of(tmp_path)
    assert runs.training_data is runs.data
    assert runs.gaps() == ""


def test_a_folder_keeps_to_its_data(tmp_path):
    runs_of(tmp_path, 0.5).check_data()
    assert not contents(tmp_path)
    runs_of(tmp_path, 0.5).record_data()
    before = contents(tmp_path)
    runs_of(tmp_path, 0.5).check_data()
    message = refused(runs_of(tmp_path).check_data)
    assert message == (
        "All runs of a comparison are trained on the same data; received "
        f"{tmp_path} with hidden 0.5, not 0.0; choose another --runs_dir"
    )
    assert contents(tmp_path) == before
    [file] = tmp_path.iterdir()
    for damaged in ("[", "[1]", '{"data": "digits", "data": "digits"}'):
        file.write_text(damaged)
        assert refused(runs_of(tmp_path).check_data).endswith("choose another --runs_dir")


def test_runs_without_the_record_of_their_data_are_refused(tmp_path):
    """They may have been trained with other gaps."""
    runs = runs_of(tmp_path, 0.5)
    runs.record_data()
    runs.folder(RECIPE).start(runs.settings(RECIPE))
    runs.check_data()
    (tmp_path / "compared_data.json").unlink()
    assert refused(runs.check_data).startswith(
        "The compared_data.json of a comparison must say what its runs are trained on; received "
        f"{tmp_path} with {RECIPE.name} and without that file"
    )


def test_a_run_of_other_epochs_is_refused(tmp_path):
    runs = runs_of(tmp_path)
    runs.folder(RECIPE).start(runs.settings(RECIPE))
    runs.epochs = 3
    message = refused(runs.epochs_done, RECIPE)
    assert message.startswith("A run must have the settings of this comparison; received ")
    assert "epochs 2, not 3" in message


def test_a_run_that_was_evaluated_and_saved_at_other_times_is_taken(tmp_path):
    """As runs of earlier versions were; it is the same model."""
    runs = runs_of(tmp_path)
    settings = runs.settings(RECIPE)
    others = dict.fromkeys(WITHOUT_EFFECT, 7)
    runs.folder(RECIPE).start(dataclasses.replace(settings, **others))
    assert runs.epochs_done(RECIPE) == 0


@pytest.mark.slow
def test_training_and_measuring_are_timed(tmp_path):
    runs = runs_of(tmp_path, 0.5)
    taken = runs.remembered(RECIPE, COMPARED, {}, lambda model: {"number": 3})
    assert taken == {"number": 3}
    spent = read_durations(runs.folder(RECIPE))
    assert spent.epochs == 2
    assert spent.training > 0
    assert spent.measuring > 0
    assert runs.is_measured(RECIPE, COMPARED)
    shutil.rmtree(runs.folder(RECIPE).path / "measures")
    assert not runs.is_measured(RECIPE, COMPARED)
    runs.remembered(RECIPE, COMPARED, {}, lambda model: {"number": 3})
    assert read_durations(runs.folder(RECIPE)).epochs == 0, "it was not trained again"
