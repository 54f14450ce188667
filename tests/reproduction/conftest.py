"""Runs that the tests of this folder share."""

import shutil

import pytest

from jmvae_tf.reproduction import recipes, table_1_of_2018, tables_of_2016
from tests.helpers.reproductions import (
    JMVAE,
    JMVAE_H,
    JMVAE_KL,
    Answers,
    FaceAnswers,
    runs_in,
    small_preset,
)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Where the runs of these tests lie, each trained once for all of them."""
    return tmp_path_factory.mktemp("reproduction")


@pytest.fixture
def runs(folder):
    """As a new start of the program would have them."""
    return runs_in(folder)


@pytest.fixture
def copied(runs, tmp_path):
    """A copy of one finished run, to be worked on."""
    if runs.epochs_left(JMVAE):  # To load the model takes seconds.
        runs.trained(JMVAE)
    shutil.copytree(runs.folder(JMVAE).path, tmp_path / JMVAE.name)
    return runs_in(tmp_path)


@pytest.fixture
def _figures_of_two_latent_runs(monkeypatch):
    """Lets all figures use the three runs of Figure 3, so that there are three to train."""
    for name in ("4", "5"):
        monkeypatch.setitem(recipes.FIGURES, name, (JMVAE, JMVAE_H, JMVAE_KL))


@pytest.fixture
def _toyfaces(monkeypatch):
    """A preset of toyfaces with the smallest networks, and few faces."""
    small_preset(monkeypatch)


@pytest.fixture
def _answers(monkeypatch):
    """Lets tables of digits be filled without trained models."""
    monkeypatch.setattr(table_1_of_2018, "generation", Answers)
    monkeypatch.setattr(tables_of_2016, "likelihoods", Answers)


@pytest.fixture
def _answers_of_faces(monkeypatch):
    """Lets tables of faces be filled without trained models."""
    monkeypatch.setattr(table_1_of_2018, "generation", FaceAnswers)
    monkeypatch.setattr(tables_of_2016, "likelihoods", FaceAnswers)
