"""Tests of what bin/train checks on a user's own data before it loads them."""

import pytest

from jmvae_tf.data.own.data_source import data_source_of
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.own.preset import Counts
from jmvae_tf.programs.common.training_plan import make_plan
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import write_json
from jmvae_tf.settings import settings_of
from jmvae_tf.training import local_file, run_config
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.shells import shells_manifest

USUAL = {"run": None, "resume": False, "overwrite": False, "distribute": None, "named": {}}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder, with shells/ in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shells").mkdir()
    return tmp_path


@pytest.fixture
def run(here):
    """A run on these shells."""
    folder = RunFolder(here / "run")
    settings = settings_of("jmvae_kl", "shells", {}, shells_manifest(), Counts(30, 4))
    folder.start(settings, fingerprint="0123456789abcdef")
    local_file.write_source(folder.path, data_source_of("shells"))
    return folder


def test_a_plan_waits_for_the_data(here):
    plan = make_plan("jmvae_kl", "./shells", {"epochs": 3}, **USUAL)
    assert (plan.settings, plan.source.name) == (None, "shells")
    assert str(plan.folder.path) == "runs/shells-jmvae_kl"
    plan = make_plan("vae", "shells", {"target": "photo"}, **USUAL)
    assert str(plan.folder.path) == "runs/shells-vae-photo"


def test_mistakes_that_need_no_data_are_refused_at_once(here, run):
    with pytest.raises(UserError, match="--model must be"):
        make_plan("jmvae_k", "shells", {}, **USUAL)
    with pytest.raises(UserError, match=r"--data=shels.*did you mean shells"):
        make_plan("jmvae", "shels", {}, **USUAL)
    with pytest.raises(UserError, match=r"--epochs must be at least 1; received --epochs=0"):
        make_plan("jmvae", "shells", {"epochs": 0}, **USUAL)
    with pytest.raises(UserError, match="--incomplete=dorp"):
        make_plan("jmvae", "shells", {"incomplete": "dorp"}, **USUAL)
    with pytest.raises(UserError, match="has a run already"):
        make_plan("jmvae", "shells", {}, **{**USUAL, "run": "run"})


class Loaded:
    """Data of four labels, as far as a plan looks at them."""

    manifest = Manifest(
        "shells",
        {
            name: ModalityColumns("label", (name,), "Categorical", classes=("x", "y"))
            for name in ("a", "b", "a_b", "c")
        },
    )

    def num_examples(self, part):
        return 30


def test_names_are_refused_only_for_models_whose_signatures_collide(here):
    told = "shells: two signatures called 'a_b_to_c': .*; rename one of a, b, a_b, c in columns"
    for model in ("jmvae", "jmvae_kl", "jmvae_h"):
        with pytest.raises(UserError, match=told):
            make_plan(model, "shells", {}, **USUAL).settings_on(Loaded())
    for model in ("vae", "cvae", "cmma"):
        plan = make_plan(model, "shells", {"target": "c"}, **USUAL)
        assert plan.settings_on(Loaded()).target == "c"


def test_resume_asks_for_the_data_again(here, run):
    resumed = {**USUAL, "run": "run", "resume": True}
    with pytest.raises(UserError, match=f"needs them again.*add --data={here}/shells"):
        make_plan("jmvae_kl", "digits", {}, **resumed)
    named = {"data": "digits"}
    with pytest.raises(UserError, match=r"needs them again.*received --data=digits"):
        make_plan("jmvae_kl", "digits", {}, **{**resumed, "named": named})
    moved = here / "moved"
    (here / "shells").rename(moved)  # The fingerprint tells whether they are the same.
    named = {"data": str(moved)}
    plan = make_plan("jmvae_kl", str(moved), {"epochs": 500}, **{**resumed, "named": named})
    assert (plan.settings.epochs, plan.settings.data) == (500, "shells")
    assert plan.settings.manifest == shells_manifest()
    with pytest.raises(UserError, match="--latent_dim=3 for 16"):
        make_plan("jmvae_kl", "moved", {"latent_dim": 3}, **{**resumed, "named": named})


def test_own_data_do_not_resume_a_run_on_others(here):
    folder = RunFolder(here / "run")
    folder.start(settings_of("jmvae_kl", "digits", {}))
    named = {"data": "shells"}
    with pytest.raises(UserError, match="--data=shells for digits"):
        make_plan(
            "jmvae_kl", "shells", {}, **{**USUAL, "run": "run", "resume": True} | {"named": named}
        )


def test_the_place_of_the_data_is_not_in_the_config(here, run):
    assert str(here) not in run.config_file.read_text()
    assert local_file.read_source(run.path) == str(here / "shells")
    assert run_config.read_fingerprint(run.config_file) == "0123456789abcdef"
    load = here / "load.py"
    load.touch()
    local_file.write_source(run.path, data_source_of("load.py:shells"))
    assert local_file.read_source(run.path) == f"{load}:shells"
    assert run.start(run.read_settings()) == [], "it goes with the run that is overwritten"
    assert local_file.read_source(run.path) is None


@pytest.mark.parametrize("content", [{}, {"data": 3}, {"data": "a\nb"}, {"data": ""}])
def test_a_strange_local_file_is_refused(here, run, content):
    write_json(run.path / local_file.LOCAL_FILE, content)
    with pytest.raises(UserError, match=r"local\.json .*; delete the file, and name the data"):
        local_file.read_source(run.path)


def test_the_folder_of_the_data_is_recorded_if_there_is_one(here, run):
    source, data_dir = data_source_of("shells"), here / "prepared"
    local_file.write_source(run.path, source, data_dir)
    assert local_file.read_data_dir(run.path) is None
    data_dir.mkdir()
    local_file.write_source(run.path, source, data_dir)
    assert local_file.read_data_dir(run.path) == data_dir
    assert local_file.read_source(run.path) == str(here / "shells")
    data_dir.rmdir()
    assert local_file.read_data_dir(run.path) is None


@pytest.mark.parametrize("recorded", [3, "", "a\nb"])
def test_a_strange_folder_of_data_is_refused(run, recorded):
    write_json(run.path / local_file.LOCAL_FILE, {"data": "mnist", "data_dir": recorded})
    with pytest.raises(UserError, match=r"local\.json .*'data_dir' is no text"):
        local_file.read_data_dir(run.path)


def test_a_relative_folder_of_data_is_not_used(here, run):
    (here / "near").mkdir()
    write_json(run.path / local_file.LOCAL_FILE, {"data": "mnist", "data_dir": "near"})
    assert local_file.read_data_dir(run.path) is None


@pytest.mark.parametrize("fingerprint", [3, "x" * 16, "0" * 17, ["0"]])
def test_a_strange_fingerprint_is_refused(run, fingerprint):
    write_json(run.config_file, run.read_config() | {"fingerprint": fingerprint})
    with pytest.raises(UserError, match="must be 16 hexadecimal digits"):
        run_config.read_fingerprint(run.config_file)
