"""Tests of runs on a folder of a user: training, resuming, and loading the data again."""

import json
import pathlib
import shutil

import numpy as np
import pytest

from jmvae_tf.likelihoods import Bernoulli
from jmvae_tf.modalities import Modality
from jmvae_tf.models.adversarial import Adversarial
from jmvae_tf.models.objective_names import value_in
from jmvae_tf.models.observed import network_shapes
from jmvae_tf.models.registry import MODELS
from jmvae_tf.programs.common.chosen_run import choose_run
from jmvae_tf.programs.common.run_or_export import ModelAndTable
from jmvae_tf.programs.common.training_plan import make_plan
from jmvae_tf.programs.tasks import incomplete_tables, run_data, training_run
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.training.checkpoints import load_checkpoint, load_trained
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers import programs
from tests.helpers.shells import SHELLS, write_shells
from tests.helpers.small_models import small_model
from tests.helpers.small_runs import newest_variables

NAMES = list(SHELLS)
QUICK = ("cmma",)  # Other tests train jmvae_kl.


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder, with shells/ in it."""
    monkeypatch.chdir(tmp_path)
    write_shells(tmp_path)
    return tmp_path


@pytest.fixture
def train(monkeypatch):
    """Trains as bin/train does, step by step and without what follows a training."""
    make_model = training_run.make_model

    def in_steps(model):
        if model is not None:
            model.run_eagerly = True
        return model

    monkeypatch.setattr(training_run, "make_model", lambda *x: in_steps(make_model(*x)))
    load_newest = training_run.load_newest

    def load(*arguments, **options):
        model, epoch = load_newest(*arguments, **options)
        return in_steps(model), epoch

    monkeypatch.setattr(training_run, "load_newest", load)
    monkeypatch.setattr("jmvae_tf.reporting.finish.finish_run", lambda *_: pathlib.Path("export"))

    def train(model="jmvae_kl", data="shells", run="run", resume=False, **overrides):
        if not resume:
            overrides = small_networks(model, overrides.get("target", "photo")) | overrides
        named = {"data": data} if resume else {}
        plan = make_plan(
            model,
            data,
            overrides,
            run=run,
            resume=resume,
            overwrite=False,
            distribute=None,
            named=named,
        )
        folder = pathlib.Path("data")
        training_run.train_run(plan, folder, "exports", None, profile=False, again=[])
        return RunFolder(pathlib.Path(run))

    return train


def small_networks(model, target):
    """Returns settings of two steps with networks of four units."""
    row = MODELS[model]
    of = {"all": NAMES, "target": [target], "others": [x for x in NAMES if x != target]}
    small = {
        "latent_dim": 2,
        "decoders": dict.fromkeys(of[row.decoders], "D4R"),
        "epochs": 1,
        "warmup_epochs": 0,
        "batch_size": 12,
        "checkpoint_every": 1,
    }
    if row.encoders:
        small["encoders"] = dict.fromkeys(of[row.encoders], "D4R")
    for name in row.networks:
        if name in ("layer_encoder", "layer_prior", "discriminator"):
            small[name] = "D4R"
        elif name == "joint_encoder":
            small[name] = "(D4R, D4R, D4R)-D4R"
    return small


@pytest.mark.slow
@pytest.mark.parametrize(
    "model", [x if x in QUICK else pytest.param(x, marks=pytest.mark.slow) for x in MODELS]
)
def test_every_model_trains_on_a_folder_with_gaps(here, train, model, capsys):
    folder = train(model)
    [row] = folder.read_history()
    assert np.isfinite(value_in(row, "train_"))
    assert np.isfinite(value_in(row, "test_"))
    settings = folder.read_settings()
    assert (settings.data, list(settings.manifest.modalities)) == ("shells", NAMES)
    assert settings.target == ("photo" if MODELS[model].has_target else None)
    out = capsys.readouterr().out
    assert "likelihood weights by size of event: photo 1" in out
    assert "1 epochs of 2 batches of 12" in out
    trained = load_trained(folder.newest_checkpoint(), folder)
    if MODELS[model].is_gan:
        assert isinstance(trained, Adversarial)
        assert trained.modality == "photo"
    assert load_checkpoint(folder.newest_checkpoint(), folder).modalities.keys() <= set(NAMES)


@pytest.mark.slow
def test_another_target(here, train):
    folder = train("cvae", target="measures")
    assert load_checkpoint(folder.newest_checkpoint(), folder).targets == ("measures",)


@pytest.mark.slow
def test_a_run_of_one_modality_completes_the_table_of_all(here, train, capsys, monkeypatch):
    monkeypatch.setattr(training_run, "processor_has_bfloat16", lambda: True)
    folder = train("vae", target="species")
    out = capsys.readouterr().out
    assert "rows without species, which this model leaves out: " in out
    assert out.count("note: this processor has instructions for bfloat16; ") == 1
    run = choose_run(str(folder.path), None)
    chosen = ModelAndTable(run, here, here / "shells", here / "data", here / "completed.csv")
    incomplete_tables.complete_table(chosen, {}, 2, None, 0)
    rows = [line.split(",") for line in chosen.out.read_text().splitlines()]
    place = rows[0].index("species_probability")
    assert any(row[place] for row in rows[1:])
    assert all(row[place - 1] for row in rows)


@pytest.mark.slow
def test_a_resumed_run_equals_an_uninterrupted_one(here, train):
    options = {"decay_epochs": 2, "ema_momentum": 0.5, "epochs": 2}
    whole = train(run="whole", **options)
    parts = train(run="parts", **{**options, "epochs": 1})
    shutil.move("shells", "moved")
    train(data="moved", run="parts", resume=True, epochs=2)
    assert parts.history_file.read_text() == whole.history_file.read_text()
    for one, other in zip(newest_variables(parts), newest_variables(whole), strict=True):
        np.testing.assert_array_equal(one, other)
    config = json.loads(parts.config_file.read_text())
    assert config["columns"]["measures"]["columns"] == ["length_mm", "weight_g"]
    assert str(here) not in parts.config_file.read_text()
    local = json.loads((parts.path / "local.json").read_text())
    assert local["data"] == str(here / "moved")


def test_other_data_are_refused_or_said(here, train, capsys):
    train("jmvae")
    other = write_shells(here / "other", number=35)
    with pytest.raises(UserError, match=r"continues on the data .*; received .* fingerprint"):
        train("jmvae", data=str(other), resume=True, epochs=2)
    run = choose_run("run", None)
    capsys.readouterr()
    data = run_data.load_for(run, None, pathlib.Path("data"))
    assert "note: " not in capsys.readouterr().out
    assert data.num_examples("train") == 24
    data = run_data.load_for(run, str(other), pathlib.Path("data"))
    assert f"note: {other} are not the data that run was trained on" in capsys.readouterr().out
    assert data.num_examples("train") == 21
    (here / "run" / "local.json").unlink()
    with pytest.raises(UserError, match=r"must be named; .*; add --data=PATH"):
        run_data.load_for(run, None, pathlib.Path("data"))


@pytest.mark.slow
def test_incomplete_rows_are_dropped_on_request_and_data_recognised_once(
    here, train, capsys, monkeypatch
):
    folder = train(incomplete="drop")
    assert "incomplete rows left out: 9 for train, 3 for validation, 6 for test" in (
        capsys.readouterr().out
    )
    model = load_checkpoint(folder.newest_checkpoint(), folder)
    assert not model.modalities["measures"].partly_observed
    assert network_shapes(model.modalities)["measures"] == (2,), "values without their masks"
    assert folder.read_settings().manifest.modalities["measures"].partly_observed, "of the table"
    found, fingerprint_of = [], run_data.fingerprint_of
    monkeypatch.setattr(run_data, "fingerprint_of", lambda x: found.append(x) or fingerprint_of(x))
    train(incomplete="drop", resume=True, epochs=2)
    assert len(folder.read_history()) == 2
    assert len(found) == 1


CODE = """
import numpy as np
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality

NAMES = ("photo", "species", "measures")

def load():
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=(30, 4)).astype(np.float32) for name in NAMES}
    modalities = {name: Modality(name, (4,), Gaussian()) for name in NAMES}
    parts = [{name: x[start:stop] for name, x in values.items()}
             for start, stop in ((0, 24), (24, 27), (27, 30))]
    return DataSet("mine", modalities, *parts, prepare=dict)
"""


@pytest.mark.slow
def test_data_of_a_function(here, train):
    (here / "load.py").write_text(CODE)
    folder = train("cvae", data="load.py:load")
    manifest = folder.read_settings().manifest
    assert [one.kind for one in manifest.modalities.values()] == ["array"] * 3
    train("cvae", data="load.py:load", resume=True, epochs=2)
    assert len(folder.read_history()) == 2
    run = choose_run("run", None)
    assert run_data.load_for(run, "load.py:load", here).num_examples("test") == 3
    with pytest.raises(UserError, match=r"Python code; add --data=.*load\.py:load"):
        run_data.load_for(run, None, here)


def test_the_image_that_a_discriminator_judges_is_said(capsys):
    images = {
        name: Modality(name, (4, 4, 1), Bernoulli(), kind="image") for name in ("photo", "drawing")
    }
    model = small_model("jmvae", images)
    training_run.announce_judged(model)
    training_run.announce_judged(Adversarial(model, "photo", "D4L"))
    note = "note: the discriminator judges photo, of photo and drawing\n"
    assert capsys.readouterr().out == note


@pytest.mark.slow
def test_from_files_to_export_without_a_line_of_python(here):
    small = (
        "--epochs=2",
        "--latent_dim=4",
        "--encoders=photo=D8R,species=D8R,measures=D8R",
        "--decoders=photo=D8R,species=D8R,measures=D8R",
        "--joint_encoder=(D8R, D8R, D8R)",
    )
    out = programs.succeed(here, "train", "--data=shells", *small)
    assert "2 epochs of" in out
    run = "--run=runs/shells-jmvae_kl"
    programs.succeed(here, "evaluate", run, "--num_importance_samples=2", "--num_samples=2")
    programs.succeed(here, "train", "--resume", run, "--data=shells")
    shutil.rmtree("shells")  # What follows needs no data.
    programs.succeed(here, "export", run)
    programs.succeed(here, "generate", run, "--given=species=whelk", "--out=whelk.png")
    assert (here / "whelk.png").is_file()
    done = programs.start(here, "evaluate", run)
    assert "shells" in programs.mistake(done)
