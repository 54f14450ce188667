"""bin/compare."""

import csv
import pathlib
import shutil
import signal

import pytest

from jmvae_tf.data.own.data_source import data_source_of
from jmvae_tf.programs.tasks import model_comparison
from jmvae_tf.reproduction.compared_models import recipes_of
from jmvae_tf.reproduction.measures import COMPARED
from jmvae_tf.runtime.errors import UserError
from tests.helpers.finished_comparisons import SEEDS, finished
from tests.helpers.folders import contents, times
from tests.helpers.idx_files import TRAIN_IMAGES
from tests.helpers.own_data import read_rows, write_shells, write_table
from tests.helpers.pictures import read_picture
from tests.helpers.programs import interrupt, mistake, start, succeed

_COMMAND = ["bin/compare", "--data_dir=/home/me/data", "--epochs=2", "--runs_dir=/home/me/runs"]


def _compare(recipes, path, **options):
    chosen = {"epochs": 2, "hidden": 0.0, **options}
    model_comparison.compare(
        recipes,
        data_source_of("digits"),
        data_dir=pathlib.Path("data"),
        runs_dir=path,
        command=_COMMAND,
        **chosen,
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--models=jmvae,cvae"], "--models with cvae, which generates one modality from the oth"),
        (["--models=jmvae,jmvae:1"], "--models names each once; received jmvae more than once"),
        (["--seeds=0,0"], "--seeds names each once; received 0 more than once"),
        (["--hidden=1"], "--hidden must be from 0 to below 1; received --hidden=1; change it"),
        (["--hidden=nan"], "received --hidden=nan; change it"),
        (["--epochs=0"], "--epochs must be from 1 to 2147483647; received --epochs=0"),
        (["--data=digit"], "where there is nothing; did you mean --data=digits?"),
        (["--latent_dim=3"], "There is no flag --latent_dim"),
    ],
)
def test_mistakes_of_the_user(tmp_path, arguments, told):
    done = start(tmp_path, "compare", *arguments)
    assert told in mistake(done)
    assert done.stdout == ""
    assert not list(tmp_path.iterdir())


def test_finished_runs_become_a_table_and_a_picture(tmp_path, capsys):
    _, recipes = finished(tmp_path)
    before = times(tmp_path)
    _compare(recipes, tmp_path)
    told = capsys.readouterr().out
    assert "jmvae_kl-seed-1  all 2 epochs are done: used as it is" in told
    assert "training," not in told
    assert "estimate" not in told
    files = [tmp_path / f"comparison.{ending}" for ending in ("md", "csv", "png")]
    assert told.splitlines()[-3:] == [str(path) for path in files]
    text = files[0].read_text()
    assert text.startswith("### digits: 3 models, 2 epochs\n")
    for words in (
        "| jmvae_kl | 0.880 ± 0.020 [0.0071] |",
        "| vae | - (one modality) |",
        "made by `bin/compare --data_dir=DIR --epochs=2` with jmvae_tf ",
        "over 299 test examples",
        "(runs: jmvae_kl 2, one of all others)",
        "real test data: the judge of image is right for 0.980 ± 0.010 of them",
        "training took 6 min in all, and measuring 2 min",
    ):
        assert words in text
    with files[1].open(newline="") as file:
        assert [row["model"] for row in csv.DictReader(file)] == list(SEEDS)
    assert read_picture(files[2]).shape[1] > 1000
    after = times(tmp_path)
    assert {path for path in after if after[path] != before.get(path)} == {*map(str, files)}


def test_nothing_is_written_if_data_cannot_be_read(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / TRAIN_IMAGES).touch()
    before = contents(tmp_path)
    with pytest.raises(UserError, match="MNIST is four idx files"):
        model_comparison.compare(
            recipes_of({"jmvae": [0]}),
            data_source_of("mnist"),
            data_dir=tmp_path / "data",
            runs_dir=tmp_path / "runs",
            epochs=1,
            hidden=0.5,
            command=_COMMAND,
        )
    assert contents(tmp_path) == before


def test_models_without_a_coherence_have_no_picture(tmp_path, capsys):
    _, recipes = finished(tmp_path)
    _compare([x for x in recipes if x.model == "vae"], tmp_path)
    told = capsys.readouterr().out
    assert "there is no picture: no model has a coherence" in told
    assert "digits: 1 model, 2 epochs" in told
    assert "one run each, seed 0" in told
    assert not (tmp_path / "comparison.png").exists()


def test_only_what_is_missing_is_measured(tmp_path, monkeypatch, capsys):
    runs, recipes = finished(tmp_path)
    taken = runs.folder(recipes[1]).path / "measures" / f"{COMPARED}.json"
    taken.unlink()
    measured = []

    def measured_once(runs, recipe):
        if not runs.is_measured(recipe, COMPARED):
            measured.append(recipe.name)
            shutil.copy(runs.folder(recipes[0]).path / "measures" / taken.name, taken)
        return original(runs, recipe)

    original = model_comparison.for_comparison
    monkeypatch.setattr(model_comparison, "for_comparison", measured_once)
    monkeypatch.setattr(model_comparison, "in_own_process", lambda work, *of: work(*of))
    _compare(recipes, tmp_path)
    told = capsys.readouterr().out
    assert measured == [recipes[1].name]
    assert "estimate: measuring one run about 1 min" in told
    assert "2 of 4 runs are done\n" in told


def test_an_interrupt_says_how_to_go_on(tmp_path, monkeypatch):
    _, recipes = finished(tmp_path)

    def stop(*arguments, **options):
        raise KeyboardInterrupt(signal.SIGTERM)

    monkeypatch.setattr(model_comparison, "for_comparison", stop)
    with pytest.raises(KeyboardInterrupt) as caught:
        _compare(recipes, tmp_path)
    assert caught.value.args == (
        signal.SIGTERM,
        "finished work is kept; resume with the same command, " + " ".join(_COMMAND),
    )


ARGUMENTS = ["--models=vae,jmvae:1", "--seeds=0,1", "--epochs=2", "--hidden=0.3"]


@pytest.mark.slow
def test_program_trains_measures_and_does_nothing_twice(tmp_path):
    status, error = interrupt(
        tmp_path, signal.SIGTERM, "jmvae-seed-0: training", "compare", *ARGUMENTS
    )
    assert status == 143
    assert error == (
        "interrupted: finished work is kept; resume with the same command, bin/compare --epochs=2 "
        "--hidden=0.3 --models=vae,jmvae:1 --seeds=0,1\n"
    )
    folder = tmp_path / "runs" / "compare-digits-hidden-0.3"
    told = succeed(tmp_path, "compare", *ARGUMENTS)
    assert "vae-seed-0    all 2 epochs are done: used as it is" in told
    assert "vae-seed-1    not there: trained for 2 epochs" in told
    assert "3 of 3 runs are done" in told
    with (folder / "comparison.csv").open(newline="") as file:
        vae, jmvae = csv.DictReader(file)
    assert (vae["seeds"], jmvae["seeds"]) == ("0 1", "0")
    for row in (vae, jmvae):
        assert float(row["log_p_target"]) < 0
        assert float(row["training_minutes"]) > 0
    assert vae["joint_coherence"] == ""
    assert 0 <= float(jmvae["joint_coherence"]) <= 1
    assert read_picture(folder / "comparison.png").shape[1] > 1000
    before = times(folder)
    told = succeed(tmp_path, "compare", *ARGUMENTS)
    assert ": training," not in told
    assert "measuring comparison" not in told
    after = times(folder)
    assert {path for path in after if after[path] != before.get(path)} == {
        str(folder / f"comparison.{ending}") for ending in ("md", "csv", "png")
    }


@pytest.mark.slow
def test_own_data(tmp_path):
    write_shells(tmp_path / "shells", 60)
    arguments = ["--data=shells", "--models=jmvae_kl", "--epochs=1"]
    told = succeed(tmp_path, "compare", *arguments)
    assert told.endswith("runs/compare-shells/comparison.png\n")
    with (tmp_path / "runs" / "compare-shells" / "comparison.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert 0 <= float(row["conditional_coherence_1_given"]) <= 1
    rows = read_rows(tmp_path / "shells")
    write_table(tmp_path / "shells", rows[:-1])
    message = mistake(start(tmp_path, "compare", *arguments))
    assert "All runs of a comparison are trained on the same data" in message
