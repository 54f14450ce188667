"""bin/train --config: the settings of a run, read as a stranger's file."""

import json

import pytest

from jmvae_tf.data.own.preset import Counts
from jmvae_tf.programs.common.training_plan import make_plan
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.settings import settings_of
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.programs import mistake, start
from tests.helpers.shells import shells_manifest
from tests.helpers.small_runs import TINY, assert_same_run

USUAL = {"run": None, "resume": False, "overwrite": False, "distribute": None}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder, with shells/ in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shells").mkdir()
    return tmp_path


def _written(here, settings):
    """The config.json of a run with these settings."""
    folder = RunFolder(here / "elsewhere")
    folder.start(settings)
    return folder.config_file


def _plan(config, overrides=(), **named):
    return make_plan(
        named.get("model", "jmvae_kl"),
        named.get("data", "digits"),
        dict(overrides),
        named=named,
        config=str(config),
        **USUAL,
    )


def test_settings_are_those_of_the_run_and_not_of_the_preset(here):
    settings = settings_of("cvae", "toyfaces", {"target": "attributes", "latent_dim": 3})
    plan = _plan(_written(here, settings))
    assert plan.settings == settings
    assert (plan.source.name, plan.model) == ("toyfaces", "cvae")
    assert str(plan.folder.path) == "runs/toyfaces-cvae-attributes"
    named = _plan(_written(here, settings), model="cvae", data="toyfaces")
    assert named.settings == settings


def test_a_run_by_a_recipe_is_repeated_by_its_config(here):
    """Which has plain settings; a recipe beside it is refused."""
    plan = make_plan("jmvae_kl", "mnist", {"epochs": 3}, named={}, recipe="best", **USUAL)
    assert (plan.settings.alpha, plan.settings.decay_epochs) == (0.1, 3)
    config = _written(here, plan.settings)
    assert "recipe" not in config.read_text()
    assert _plan(config).settings == plan.settings
    with pytest.raises(UserError, match="received --config and --recipe=best; leave one of them"):
        make_plan("jmvae_kl", "mnist", {}, named={}, recipe="best", config=str(config), **USUAL)
    with pytest.raises(UserError, match=r"received --data=\./shells; leave --recipe"):
        make_plan("jmvae_kl", "./shells", {}, named={}, recipe="best", **USUAL)


def test_flags_override_settings_and_are_checked(here):
    config = _written(here, settings_of("jmvae_kl", "digits", {"latent_dim": 3}))
    plan = _plan(config, {"seed": 5, "encoders": {"image": "D4R"}})
    assert (plan.settings.seed, plan.settings.latent_dim) == (5, 3)
    assert plan.settings.encoders == {"image": "D4R", "label": "D256R-D256R"}
    for overrides, told in {
        ("latent_dim", 0): "--latent_dim must be at least 1",
        ("num_layers", 3): "not a setting of jmvae_kl on digits",
        ("encoders", ("other", "D4R")): "--encoders must name image and label",
    }.items():
        name, value = overrides
        value = dict([value]) if isinstance(value, tuple) else value
        with pytest.raises(UserError, match=told):
            _plan(config, {name: value})


def test_own_data_are_named_by_the_user_alone(here):
    settings = settings_of("jmvae_kl", "shells", {}, shells_manifest(), Counts(30, 4))
    config = _written(here, settings)
    (config.parent / "local.json").write_text(json.dumps({"data": "evil.py:function"}))
    with pytest.raises(UserError, match="needs the data too; received no --data; add --data=PATH"):
        _plan(config)
    plan = _plan(config, data="./shells")
    assert plan.settings == settings
    assert plan.source.given == "./shells"
    assert str(plan.folder.path) == "runs/shells-jmvae_kl"
    with pytest.raises(UserError, match="--data=digits for data of your own"):
        _plan(config, data="digits")


def test_other_models_and_data_are_refused(here):
    config = _written(here, settings_of("jmvae_kl", "digits", {}))
    with pytest.raises(UserError, match="--model=vae for jmvae_kl"):
        _plan(config, model="vae")
    for data in ("mnist", "shells"):
        with pytest.raises(UserError, match=f"--data={data} for digits"):
            _plan(config, data=data)


def test_a_note_says_which_versions_differ(here, capsys):
    config = _written(here, settings_of("jmvae_kl", "digits", {}))
    _plan(config)
    assert capsys.readouterr().out == ""
    content = json.loads(config.read_text())
    content["versions"] |= {"keras": "3.0\x1b[2J", "numpy": 3, "other": "1"}
    config.write_text(json.dumps(content))
    _plan(config)
    [told] = capsys.readouterr().out.splitlines()
    assert "was written with keras 3.0\\x1b[2J (now " in told
    assert "numpy" not in told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "--config=config.json, where there is no file; name one"),
        ("", "config.json of a run must be a JSON object"),
        ("[1]", "config.json of a run must be a JSON object"),
        ("{}", "must say which version of jmvae_tf wrote it"),
        ('{"versions": {"jmvae_tf": "0.3.0"}}', "config.json of a run must be of this version"),
        (
            '{"versions": {"jmvae_tf": "1"}, "model": "jmvae_kl", "data": "../../x"}',
            "config.json of a run must be of this version",
        ),
    ],
)
def test_a_file_that_no_run_wrote_is_one_line(tmp_path, content, told):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    assert told in mistake(start(tmp_path, "train", "--config=config.json"))
    assert {path.name for path in tmp_path.iterdir()} <= {"config.json"}


def test_a_run_continues_or_repeats(tmp_path):
    told = mistake(start(tmp_path, "train", "--config=x", "--resume"))
    assert "A run continues or repeats; received --resume and --config" in told


@pytest.mark.slow
def test_a_repeated_run_is_the_run(tmp_path):
    for flags in (TINY, ("--config=run/config.json", "--run=again")):
        done = start(tmp_path, "train", *flags)
        assert (done.returncode, done.stderr) == (0, "")
    assert_same_run(RunFolder(tmp_path / "run"), RunFolder(tmp_path / "again"))
