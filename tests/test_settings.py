"""Tests of reading the settings of runs that earlier versions wrote."""

import dataclasses
import json
import pathlib
import shutil

import pytest

from jmvae_tf import presets
from jmvae_tf.models.registry import MODELS
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.settings import Settings, setting, settings_of
from jmvae_tf.training.run_folder import RunFolder

OLDER = sorted((pathlib.Path(__file__).parent / "training" / "older_configs").glob("*.json"))


def _config(path: pathlib.Path) -> dict:
    config = json.loads(path.read_text("utf-8"))
    del config["versions"]
    return config


@pytest.mark.parametrize("path", OLDER, ids=lambda path: path.stem)
def test_runs_of_earlier_versions_are_what_they_were(tmp_path, path):
    shutil.copyfile(path, tmp_path / "config.json")
    settings = dataclasses.asdict(RunFolder(tmp_path).read_settings())
    config = _config(path)
    assert {name: settings[name] for name in config} == config
    added = {name: x for name, x in settings.items() if name not in config and x is not None}
    assert added == {
        "0.1.0-digits-jmvae": {"feed_back": "samples", "precision": "float32"},
        "0.1.0-mnist-jmvae_kl": {"precision": "float32"},
    }.get(path.stem, {})


def test_every_setting_since_says_what_was_before_it():
    """A field that 0.3.0 did not write must say which value reproduces it."""
    known = _config(next(path for path in OLDER if path.name.startswith("0.3.0")))
    for field in dataclasses.fields(Settings):
        if field.name not in known:
            assert field.metadata["before"] is not dataclasses.MISSING, field.name


def _later_version(monkeypatch, before):
    """A later version: `beta` for all, `tau` for jmvae_kl alone."""

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Later(Settings):
        beta: float = setting("weight of the divergence", 4.0, before=1.0)
        tau: float | None = setting("a temperature", None, **before)

    row = MODELS["jmvae_kl"]
    later = dataclasses.replace(
        row, options=(*row.options, "tau"), preset={**row.preset, "tau": 8.0}
    )
    monkeypatch.setattr(presets, "MODELS", {**MODELS, "jmvae_kl": later})
    monkeypatch.setattr(presets, "_OF_SOME_MODELS", presets._OF_SOME_MODELS | {"tau"})
    return Later


def test_a_setting_that_came_later_takes_the_value_from_before_it(monkeypatch):
    later = _later_version(monkeypatch, {"before": 2.0})
    config = _config(next(path for path in OLDER if path.stem == "0.3.0-digits-jmvae_kl"))
    settings = later.from_config(config)
    assert (settings.beta, settings.tau) == (1.0, 2.0), "not today's presets, 4 and 8"
    assert settings.alpha == 0.5, "the run's own"
    assert later.from_config({**config, "beta": 3.0}).beta == 3.0
    # A model that does not have the setting gets none.
    config = _config(next(path for path in OLDER if path.stem == "0.1.0-digits-jmvae"))
    assert (later.from_config(config).beta, later.from_config(config).tau) == (1.0, None)


def test_a_setting_without_a_value_from_before_it_must_be_there(monkeypatch):
    later = _later_version(monkeypatch, {})
    config = _config(next(path for path in OLDER if path.stem == "0.3.0-digits-jmvae_kl"))
    with pytest.raises(UserError, match="no tau;"):
        later.from_config(config)


def test_a_value_by_modality_from_before(monkeypatch):
    [field] = [x for x in dataclasses.fields(Settings) if x.name == "likelihood_weights"]
    config = dataclasses.asdict(settings_of("cvae", "digits", {"target": "label"}))
    del config["likelihood_weights"]
    with pytest.raises(UserError, match="no likelihood_weights;"):
        Settings.from_config(config)
    later = {**field.metadata, "before": 2.0}
    monkeypatch.setattr(field, "metadata", later)
    assert Settings.from_config(config).likelihood_weights == {"label": 2.0}
