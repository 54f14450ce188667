"""Tests of what users may change, what is refused, and reading settings of earlier versions."""

import dataclasses
import json
import math
import pathlib
import shutil
import subprocess
import sys

import pytest

from jmvae_tf import presets
from jmvae_tf.data.registry import DATA_SETS
from jmvae_tf.models.registry import MODELS
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.rules import setting
from jmvae_tf.settings import Settings, setting_fields, settings_of
from jmvae_tf.training.run_folder import RunFolder

PAIRS = [(model, data) for model in MODELS for data in DATA_SETS]
OLDER = sorted((pathlib.Path(__file__).parent / "training" / "older_configs").glob("*.json"))


def test_every_setting_but_the_pair_can_be_a_flag_with_a_description():
    fields = setting_fields()
    names = {field.name for field in dataclasses.fields(Settings)}
    assert {field.name for field in fields} == names - {"manifest", "model", "data"}
    assert all(field.metadata["help"] for field in fields)


@pytest.mark.parametrize(("model", "data"), PAIRS)
def test_a_setting_is_overridden_and_nothing_else(model, data):
    preset = settings_of(model, data, {})
    overrides = {
        "latent_dim": 2,
        "epochs": 1,
        "warmup_epochs": 0,
        "batch_size": 1,
        "learning_rate": 0.5,
        "seed": 2**31 - 1,
        "jit_compile": False,
        "steps_per_execution": 1,
        "checkpoint_every": 7,
        "evaluate_every": 25,
    }
    for name, value in overrides.items():
        settings = settings_of(model, data, {name: value})
        assert getattr(settings, name) == value
        assert dataclasses.replace(settings, **{name: getattr(preset, name)}) == preset


@pytest.mark.parametrize("name", ["encoders", "decoders"])
def test_networks_are_overridden_one_modality_at_a_time(name):
    preset = getattr(settings_of("jmvae_kl", "mnist", {}), name)
    settings = settings_of("jmvae_kl", "mnist", {name: {"label": "D9R"}})
    assert getattr(settings, name) == {"image": "D512R-D512R", "label": "D9R"}
    # The preset that others start from is untouched.
    assert getattr(settings_of("jmvae_kl", "mnist", {}), name) == preset


@pytest.mark.parametrize(
    ("model", "data", "overrides", "message"),
    [
        ("jmvae-kl", "mnist", {}, r"--model must be one of .*jmvae_kl.* did you mean jmvae_kl\?"),
        ("JMVAE", "mnist", {}, "--model must be one of .*; received --model=JMVAE;"),
        ("jmvae_kl", "minst", {}, r"received --data=minst; did you mean mnist\?"),
        ("jmvae_kl", "", {}, "received --data=; choose one of them"),
        ("jmvae_kl", "mnist", {"encoders": {"lable": "D1"}}, "--encoders=lable; did you mean lab"),
        ("jmvae_kl", "mnist", {"decoders": {"text": "D1"}}, "--decoders must be one of image, lab"),
        (
            "jmvae",
            "mnist",
            {"encoders": {"image": "D1"}},
            "--encoders is not a setting of jmvae on mnist;",
        ),
        ("jmvae-h", "mnist", {}, r"received --model=jmvae-h; did you mean jmvae_h\?"),
        ("cvae", "mnist", {"target": "lable"}, r"--target=lable; did you mean label\?"),
        ("cvae", "mnist", {"decoders": {"label": "D1"}}, "--decoders must be one of image; rec"),
        ("cmma", "mnist", {"encoders": {"image": "D1"}}, "--encoders must be one of label; rec"),
        (
            "cmma",
            "mnist",
            {"target": "label", "likelihood_weights": {"image": 2.0}},
            "--likelihood_weights must be one of label; received --likelihood_weights=image;",
        ),
    ],
)
def test_what_does_not_exist_is_refused(model, data, overrides, message):
    with pytest.raises(UserError, match=message):
        settings_of(model, data, overrides)


@pytest.mark.parametrize(
    ("model", "name", "value", "rule"),
    [
        *(
            ("jmvae_kl", name, value, "at least 1")
            for name in (
                "latent_dim",
                "epochs",
                "batch_size",
                "steps_per_execution",
                "checkpoint_every",
                "evaluate_every",
            )
            for value in (0, -3)
        ),
        ("jmvae_kl", "warmup_epochs", -1, "0 or more"),
        ("jmvae_kl", "seed", -1, "from 0 to 2147483647"),
        ("jmvae_kl", "seed", 2**31, "from 0 to 2147483647"),
        *(
            ("jmvae_kl", "learning_rate", value, "positive and finite")
            for value in (0.0, -1e-3, math.inf, math.nan)
        ),
        *(
            ("jmvae_kl", "alpha", value, "finite and 0 or more")
            for value in (-0.1, math.inf, math.nan)
        ),
        ("jmvae", "num_rounds", 0, "at least 1"),
        ("jmvae_h", "num_layers", 0, "at least 1"),
        ("jmvae", "missing", "ones", "noise or zeros"),
        ("jmvae_h", "feed_back", "modes", "samples or means"),
    ],
)
def test_values_out_of_range_are_refused(model, name, value, rule):
    with pytest.raises(UserError, match=rf"--{name} must be {rule}; received --{name}=.*{value}"):
        settings_of(model, "mnist", {name: value})


@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
def test_likelihood_weights_out_of_range_are_refused(value):
    with pytest.raises(UserError, match="--likelihood_weights must be positive and finite"):
        settings_of("jmvae_kl", "mnist", {"likelihood_weights": {"label": value}})


def test_a_resumed_run_may_go_on_for_longer():
    settings = settings_of("jmvae_kl", "digits", {"seed": 3})
    longer = settings.resumed({"epochs": 1000})
    assert longer == dataclasses.replace(settings, epochs=1000)
    assert settings.resumed({}) == settings


def test_a_resumed_run_may_repeat_the_flags_that_started_it():
    # Whoever adds --resume to the command of the interrupted run changes nothing.
    overrides = {"seed": 3, "latent_dim": 2, "encoders": {"image": "D8R"}}
    settings = settings_of("jmvae_kl", "digits", overrides)
    assert settings.resumed(overrides) == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "jmvae"),
        ("data", "mnist"),
        ("latent_dim", 3),
        ("seed", 1),
        ("learning_rate", 0.1),
        ("batch_size", 3),
        ("warmup_epochs", 0),
        ("alpha", 0.0),
        ("jit_compile", False),
        ("decoders", {"image": "D1R"}),
        ("checkpoint_every", 2),
        ("num_rounds", 2),
        ("target", "label"),
    ],
)
def test_a_resumed_run_keeps_all_else(name, value):
    settings = settings_of("jmvae_kl", "digits", {})
    with pytest.raises(UserError, match=rf"--{name}=.* for .*; leave them out"):
        settings.resumed({name: value, "epochs": 1000})


@pytest.mark.slow
@pytest.mark.parametrize(("model", "data"), PAIRS)
def test_settings_survive_the_run_folder(tmp_path, model, data):
    settings = settings_of(model, data, {"learning_rate": 1 / 3, "seed": 2**31 - 1})
    folder = RunFolder(tmp_path / "run")
    folder.start(settings)
    assert folder.read_settings() == settings


def test_settings_need_no_tensorflow():
    """So that a mistake in a flag is told at once."""
    code = (
        "import sys; sys.modules.update(tensorflow=None, keras=None, numpy=None)\n"
        "from jmvae_tf.settings import settings_of; settings_of('jmvae_kl', 'mnist', {})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=pathlib.Path(presets.__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


# Runs of earlier versions.


def _config(path: pathlib.Path) -> dict:
    config = json.loads(path.read_text("utf-8"))
    del config["versions"]
    return config


@pytest.mark.parametrize("path", OLDER, ids=lambda path: path.stem)
def test_runs_of_earlier_versions_are_what_they_were(tmp_path, path):
    shutil.copyfile(path, tmp_path / "config.json")
    settings = RunFolder(tmp_path).read_settings().to_config()
    config = _config(path)
    assert {name: settings[name] for name in config} == config
    added = {name: x for name, x in settings.items() if name not in config and x}
    of_samples = {} if settings["num_samples"] is None else {"num_samples": 1, "gradient": "plain"}
    assert (not of_samples) == (settings["model"] in ("jmvae_h", "cvae_gan"))
    assert added == {"beta": 1.0, "evaluate_every": 1, **of_samples} | {
        "0.1.0-digits-jmvae": {"feed_back": "samples", "precision": "float32"},
        "0.1.0-mnist-jmvae_kl": {"precision": "float32"},
        "0.3.0-toyfaces-cvae_gan": {
            "adversary": "original",
            "similarity_weight": 1.0,
            "penalty_weight": 1.0,
            "decoder_learning_rate": 3e-4,
        },
    }.get(path.stem, {})


def test_every_setting_since_says_what_was_before_it():
    """A field that 0.3.0 did not write must say which value reproduces it."""
    known = _config(next(path for path in OLDER if path.name.startswith("0.3.0")))
    for field in setting_fields():
        if field.name not in known:
            assert field.metadata["before"] is not dataclasses.MISSING, field.name


def _later_version(monkeypatch, before):
    """A later version: `zeta` for all, `tau` for jmvae_kl alone."""

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Later(Settings):
        zeta: float = setting("weight of the divergence", 4.0, before=1.0)
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
    assert (settings.zeta, settings.tau) == (1.0, 2.0), "not today's presets, 4 and 8"
    assert settings.alpha == 0.5, "the run's own"
    assert later.from_config({**config, "zeta": 3.0}).zeta == 3.0
    # A model that does not have the setting gets none.
    config = _config(next(path for path in OLDER if path.stem == "0.1.0-digits-jmvae"))
    assert (later.from_config(config).zeta, later.from_config(config).tau) == (1.0, None)


def test_a_setting_without_a_value_from_before_it_must_be_there(monkeypatch):
    later = _later_version(monkeypatch, {})
    config = _config(next(path for path in OLDER if path.stem == "0.3.0-digits-jmvae_kl"))
    with pytest.raises(UserError, match="no tau;"):
        later.from_config(config)


def test_a_value_by_modality_from_before(monkeypatch):
    [field] = [x for x in dataclasses.fields(Settings) if x.name == "likelihood_weights"]
    config = settings_of("cvae", "digits", {"target": "label"}).to_config()
    del config["likelihood_weights"]
    with pytest.raises(UserError, match="no likelihood_weights;"):
        Settings.from_config(config)
    later = {**field.metadata, "before": 2.0}
    monkeypatch.setattr(field, "metadata", later)
    assert Settings.from_config(config).likelihood_weights == {"label": 2.0}
