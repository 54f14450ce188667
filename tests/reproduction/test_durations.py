"""The time that runs took."""

import time

import pytest

from jmvae_tf.reproduction.durations import Durations, kept_time, read_durations
from jmvae_tf.runtime.files import write_json
from jmvae_tf.training.run_folder import RunFolder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    folder = RunFolder(tmp_path)
    folder.checkpoints.mkdir()
    return folder


def test_the_time_of_all_starts_adds_up(folder):
    assert read_durations(folder) == Durations(0, 0, 0)
    with pytest.raises(KeyboardInterrupt):
        _train_and_stop(folder)
    assert read_durations(folder) == Durations(10, 2, 0)
    with kept_time(folder, "training"):
        folder.checkpoint_of(5).touch()
    assert read_durations(folder) == Durations(20, 5, 0)


def _train_and_stop(folder):
    with kept_time(folder, "training"):
        folder.checkpoint_of(2).touch()
        raise KeyboardInterrupt


def test_only_measuring_that_ended_counts(folder):
    with pytest.raises(KeyboardInterrupt), kept_time(folder, "measuring"):
        raise KeyboardInterrupt
    assert read_durations(folder).measuring == 0
    for _ in range(2):
        with kept_time(folder, "measuring"):
            pass
        assert read_durations(folder) == Durations(0, 0, 10)


def test_each_file_of_measures_has_its_time(folder):
    for name in ("generation", "likelihoods", "generation"):
        with kept_time(folder, "measuring", name):
            pass
    both = {"generation": 10, "likelihoods": 10}
    assert read_durations(folder) == Durations(0, 0, 20, both)
    with kept_time(folder, "training"):
        folder.checkpoint_of(3).touch()
    assert read_durations(folder) == Durations(10, 3, 20, both)


@pytest.mark.parametrize(
    "found",
    [
        {"training": 1.0, "epochs": 2},
        {"training": "long", "epochs": 2, "measuring": 1.0},
        {"training": -1.0, "epochs": 2, "measuring": 1.0},
        {"training": 1.0, "epochs": True, "measuring": 1.0},
        {"training": float("inf"), "epochs": 2, "measuring": 1.0},
        {"training": 1.0, "epochs": 2, "measuring": 1.0, "measured": 3.0},
        {"training": 1.0, "epochs": 2, "measuring": 1.0, "measured": {"generation": -1.0}},
    ],
)
def test_what_no_run_wrote_is_no_time(tmp_path, found):
    write_json(tmp_path / "measures" / "durations.json", found)
    assert read_durations(RunFolder(tmp_path)) == Durations()
    (tmp_path / "measures" / "durations.json").write_text("{")
    assert read_durations(RunFolder(tmp_path)) == Durations()
