"""Run folders of strangers: whatever is in them ends in one line, and touches nothing else."""

import dataclasses
import json
import math
import os
import pathlib
import shutil
import signal
from types import SimpleNamespace

import pytest

from jmvae_tf.data import registry as data_sets
from jmvae_tf.models.loading import load_model
from jmvae_tf.programs import export
from jmvae_tf.programs.common import run_program
from jmvae_tf.programs.tasks import run_export
from jmvae_tf.reporting.metrics_file import is_evaluated
from jmvae_tf.reporting.model_card import model_card
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json, write_json
from jmvae_tf.settings import setting_fields, settings_of
from jmvae_tf.training import checkpoints
from jmvae_tf.training.build import make_model
from jmvae_tf.training.checkpoints import load_newest
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.folders import contents
from tests.helpers.programs import mistake, start

TINY = {
    "latent_dim": 2,
    "joint_encoder": "(D8R, D8R)",
    "encoders": {"image": "D8R", "label": "D8R"},
    "decoders": {"image": "D8R", "label": "D8R"},
    "epochs": 2,
    "warmup_epochs": 1,
    "jit_compile": False,
}
EPOCH = "epoch-000001.keras"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of one epoch beside a served model and another run; to be read only."""
    root = tmp_path_factory.mktemp("stranger")
    settings = settings_of("jmvae_kl", "digits", TINY)
    folder = RunFolder(root / "runs" / "run")
    folder.path.mkdir(parents=True)
    folder.start(settings)
    model = make_model(settings, data_sets.load("digits", root, {"split": "paper"}))
    model.optimizer.build(model.trainable_variables)
    folder.checkpoints.mkdir()
    model.save(folder.checkpoint_of(1))
    shutil.copyfile(folder.checkpoint_of(1), folder.best_checkpoint)
    folder.write_best_epoch(1)
    folder.write_history([{"epoch": 1, "train_bound": -1.0, "validation_bound": -2.0}])
    write_json(folder.metrics_file, {"protocol": {"num_importance_samples": 0}})
    for name in ("logs/train", "figures", "measures"):
        (folder.path / name).mkdir(parents=True)
    for version in ("saved_models/mnist-jmvae_kl/1", "runs/other/checkpoints"):
        (root / version).mkdir(parents=True)
        (root / version / EPOCH).write_bytes(b"not the stranger's")
    return root


@pytest.fixture(scope="module")
def load_once():
    """Loads a checkpoint, each content once: it takes longest of all that is done here."""
    models = {}

    def load(path):
        content = path.read_bytes()
        if content not in models:
            models[content] = load_model(path)
        return models[content]

    return load


@pytest.fixture
def stranger(trained, tmp_path, load_once, monkeypatch):
    """A copy of it, to be changed."""
    monkeypatch.setattr(checkpoints, "read_model", load_once)
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return RunFolder(tmp_path / "runs" / "run")


def state(root: pathlib.Path) -> dict[str, tuple[int, ...]]:
    """What lies below a folder, and when it was last written; links are not followed."""
    found = {}
    for at, folders, files in os.walk(root):
        for name in (*folders, *files):
            status = os.lstat(os.path.join(at, name))
            found[os.path.join(at, name)] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found


@pytest.fixture
def exported(stranger, monkeypatch, capsys):
    """Runs bin/export in this process up to the writing of files, for exit status and stderr."""
    written = []
    monkeypatch.setattr(run_program, "_parse", lambda module: None)
    monkeypatch.setattr(export, "load_tensorflow", lambda: None)
    monkeypatch.setattr(export, "_RUN", SimpleNamespace(value=str(stranger.path)))
    monkeypatch.setattr(export, "_CHECKPOINT", SimpleNamespace(value="newest"))
    root = stranger.path.parents[1]
    monkeypatch.setattr(export, "_EXPORT_DIR", SimpleNamespace(value=str(root / "saved_models")))
    monkeypatch.setattr(export, "_KEEP_VERSIONS", SimpleNamespace(value=1))

    def write_nothing(model, folder, keep, columns, summary, mixture):
        written.append(folder)
        return folder / "1"

    monkeypatch.setattr(run_export, "export_saved_model", write_nothing)
    # Its text is made, from what the stranger wrote.
    monkeypatch.setattr(run_export, "write_model_card", lambda version, *of: model_card(*of))
    monkeypatch.setattr(run_export, "warn_if_private", lambda version: None)

    def call() -> tuple[int, str]:
        written.clear()
        before, handler = state(root), signal.getsignal(signal.SIGTERM)
        try:
            run_program.run(export)
        except SystemExit as end:
            status = end.code
        finally:
            signal.signal(signal.SIGTERM, handler)
        assert state(root) == before
        assert written == ([root / "saved_models" / "digits-jmvae_kl"] if status == 0 else [])
        return status, capsys.readouterr().err

    return call


def goes_on(folder: RunFolder) -> str:
    """What bin/train --resume says before it trains: nothing, or its one line."""
    before = state(folder.path.parents[1])
    try:
        folder.read_settings().resumed({})
        folder.check_resumable()
        load_newest(folder, set_aside=False)
        told = ""
    except (UserError, OSError) as error:
        told = f"error: {error}\n"
    assert state(folder.path.parents[1]) == before
    return told


def assert_one_line(told: str) -> None:
    assert told.startswith("error: ")
    assert told.endswith("\n")
    assert told[:-1].isprintable(), told
    assert len(told) < 7000


# Values of config.json.

DEEP = "[" * 400 + "]" * 400
DEEPER = "[" * 100_000 + "]" * 100_000
HOSTILE = {
    "null": "null",
    "list": "[]",
    "object": "{}",
    "deep": DEEP,
    "deeper": DEEPER,
    "list of text": '["jmvae_kl"]',
    "traversal": '"/../mnist-jmvae_kl"',
    "parent": '"../../saved_models/mnist-jmvae_kl"',
    "absolute": '"/etc/passwd"',
    "escape": '"\\u001b[2J\\u0007"',
    "right to left": '"\\u202ejmvae"',
    "line": '"jmvae_kl\\nerror: none"',
    "NUL": '"\\u0000"',
    "surrogate": '"\\ud800"',
    "text": '"1"',
    "long": json.dumps("D8R-" * 1000),
    "huge": json.dumps("x" * 2_000_000),
    "NaN": "NaN",
    "infinity": "-Infinity",
    "negative": "-1",
    "large": "1" + "0" * 30,
    "larger": "1" + "0" * 400,
    "digits": "9" * 5000,
    "fraction": "0.5",
    "boolean": "true",
    "names": '{"../image": "D8R", "label": "D8R"}',
    "null in it": '{"image": null, "label": "D8R"}',
    "list in it": '{"image": [[]], "label": 1e999}',
}
FITTING = {
    ("anneal_alpha", "boolean"),
    ("jit_compile", "boolean"),
    ("alpha", "fraction"),
    ("beta", "fraction"),
    ("gamma", "fraction"),
    ("learning_rate", "fraction"),
    ("clip_norm", "fraction"),
    ("ema_momentum", "fraction"),
}
NAMES = ("model", "data", *(field.name for field in setting_fields()))


@pytest.mark.parametrize("name", NAMES)
def test_hostile_values_of_a_setting(stranger, exported, name):
    config = read_json(stranger.config_file)
    for kind, text in HOSTILE.items():
        if (name, kind) in FITTING or (config[name] is None and kind == "null"):
            continue
        mutated = json.dumps({**config, name: "HERE"}).replace('"HERE"', text)
        stranger.config_file.write_text(mutated)
        status, told = exported()
        assert status == 1, (kind, told)
        assert_one_line(told)
        assert "--overwrite" not in told or stranger.is_run()
        if not (isinstance(config[name], str) and kind in ("traversal", "parent", "absolute")):
            assert_one_line(goes_on(stranger))


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_that_is_missing(stranger, exported, name):
    """Only what came after the first version may be missing, and what jmvae_kl does not have."""
    later = [x.name for x in setting_fields() if x.metadata["before"] is not dataclasses.MISSING]
    config = read_json(stranger.config_file)
    has_none = config[name] is None
    del config[name]
    write_json(stranger.config_file, config)
    status, told = exported()
    if name in later or has_none:
        assert status == 0, told
    else:
        assert status == 1
        assert_one_line(told)
        assert f"no {name};" in told


@pytest.mark.parametrize("key", ["columns", "photo", "kind", "column", "size", "classes"])
def test_hostile_columns(stranger, exported, key):
    """What a table's columns were taken for, in the run of a stranger's own data."""
    before = read_json(stranger.config_file)
    for kind, text in HOSTILE.items():
        photo = {"kind": "image", "column": "a", "size": [8, 8], "channels": 3}
        columns = {"photo": photo | {"likelihood": "Gaussian"}}
        if key in ("columns", "photo"):
            columns = "HERE" if key == "columns" else {"photo": "HERE"}
        else:
            columns["photo"][key] = "HERE"
        config = json.dumps({**before, "columns": columns})
        stranger.config_file.write_text(config.replace('"HERE"', text))
        status, told = exported()
        assert status == 1, (kind, told)
        assert_one_line(told)


@pytest.mark.parametrize("versions", ["null", "[]", '"0.3.0"', "{}", DEEP, '{"jmvae_tf": 3}'])
def test_the_mark_of_a_run(stranger, exported, versions):
    config = json.dumps({**read_json(stranger.config_file), "versions": "HERE"})
    stranger.config_file.write_text(config.replace('"HERE"', versions))
    status, told = exported()
    assert status == 1
    assert_one_line(told)
    assert "--overwrite" not in told
    for overwrite in (False, True):
        with pytest.raises(UserError, match=r"choose another --run$"):
            stranger.check_new(overwrite)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "3", '{"a"', "\0", "{}", '{"versions": 1e999}', DEEPER, "\ufeff{}"],
)
def test_a_config_that_is_none(stranger, exported, text):
    stranger.config_file.write_text(text)
    status, told = exported()
    assert status == 1
    assert_one_line(told)


# Files and folders.

FILES = (
    "config.json",
    "history.csv",
    "metrics.json",
    "checkpoints/best.json",
    "checkpoints/best.keras",
    f"checkpoints/{EPOCH}",
)
FOLDERS = ("checkpoints", "logs", "figures", "measures", "logs/train")


def remove(path: pathlib.Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def truncated(path: pathlib.Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garbage(path: pathlib.Path) -> None:
    path.write_bytes(b"\x1b[2J\x00\xff" * 200)


def empty(path: pathlib.Path) -> None:
    path.write_bytes(b"")


def a_folder(path: pathlib.Path) -> None:
    remove(path)
    path.mkdir()


def a_file(path: pathlib.Path) -> None:
    remove(path)
    path.write_text("a file")


def a_pipe(path: pathlib.Path) -> None:
    remove(path)
    os.mkfifo(path)


def endless(path: pathlib.Path) -> None:
    remove(path)
    path.symlink_to("/dev/zero")


def a_loop(path: pathlib.Path) -> None:
    remove(path)
    path.symlink_to(path.name)


def elsewhere(path: pathlib.Path) -> None:
    """A link to what is not the stranger's."""
    remove(path)
    at = next(x for x in path.parents if x.name == "runs") / "other" / "checkpoints"
    path.symlink_to(os.path.relpath(at, path.parent))


def upwards(path: pathlib.Path) -> None:
    remove(path)
    path.symlink_to("..")


# Where a program does not need a file, or a run may be without it.
NOT_NEEDED = {
    ("history.csv", remove),
    ("history.csv", empty),
    ("history.csv", truncated),  # It ends within its head, and so has no rows.
    ("metrics.json", remove),
    ("metrics.json", truncated),
    ("metrics.json", garbage),
    ("metrics.json", empty),
    ("checkpoints/best.json", remove),
    *(("checkpoints/best.keras", x) for x in (remove, truncated, garbage, empty)),
    *((name, remove) for name in FOLDERS),
    # Without a checkpoint a run begins anew.
    *((f"checkpoints/{EPOCH}", x) for x in (remove, a_folder, a_pipe, endless, a_loop)),
}


@pytest.mark.parametrize("change", [remove, truncated, garbage, empty])
@pytest.mark.parametrize("name", FILES)
def test_files_that_are_damaged(stranger, exported, name, change):
    change(stranger.path / name)
    status, told = exported()
    needed = name in ("config.json", f"checkpoints/{EPOCH}")
    assert status == (1 if needed else 0), told
    if needed:
        assert_one_line(told)
    told = goes_on(stranger)
    if (name, change) in NOT_NEEDED:
        assert told == ""
    else:
        assert_one_line(told)


@pytest.mark.parametrize("change", [a_folder, a_pipe, endless, a_loop])
@pytest.mark.parametrize("name", FILES)
def test_files_that_are_something_else(stranger, exported, name, change):
    change(stranger.path / name)
    status, told = exported()
    assert status == 1
    assert_one_line(told)
    if (name, change) not in NOT_NEEDED:
        assert_one_line(goes_on(stranger))


@pytest.mark.parametrize("change", [remove, a_file, a_pipe, endless, a_loop, elsewhere, upwards])
@pytest.mark.parametrize("name", FOLDERS)
def test_folders_that_are_something_else(stranger, exported, name, change):
    change(stranger.path / name)
    inner = name == "logs/train" and change in (a_file, a_pipe, endless, a_loop)
    status, told = exported()
    if (name, change) in NOT_NEEDED or inner:
        assert (status == 0) == (name != "checkpoints"), told
    else:
        assert status == 1
        assert_one_line(told)
        assert_one_line(goes_on(stranger))


@pytest.mark.parametrize("depth", [50, 300])
def test_best_and_history_and_metrics_with_hostile_json(stranger, depth):
    deep = "[" * depth + "]" * depth
    for text in ("null", '{"epoch": null}', f'{{"epoch": {deep}}}', '{"epoch": "1"}'):
        (stranger.checkpoints / "best.json").write_text(text)
        assert_one_line(goes_on(stranger))


@pytest.mark.parametrize("change", [garbage, empty, a_folder, a_pipe, endless, a_loop])
@pytest.mark.parametrize("name", ["training_summary.json", "checkpoints/latent_mixture.json"])
def test_a_summary_or_a_mixture_that_is_none(stranger, exported, name, change):
    path = stranger.path / name
    path.write_text("{}")
    assert exported() == (0, "")  # Of another version of the format.
    change(path)
    status, told = exported()
    assert status == 1
    assert_one_line(told)


@pytest.mark.slow
def test_a_history_of_many_short_rows(stranger):
    stranger.history_file.write_text("epoch\n" + "1\n" * 200_000)
    assert goes_on(stranger) == ""
    stranger.history_file.write_text("epoch\n" + "1\n" * 200_001)
    assert "more than 200000 rows" in goes_on(stranger)


@pytest.mark.parametrize(
    "metrics",
    [
        {"protocol": None},
        {"protocol": []},
        {"protocol": {"num_importance_samples": None}, "checkpoint": EPOCH},
        {"protocol": {"num_importance_samples": "many"}, "checkpoint": EPOCH},
        {"protocol": {"num_importance_samples": 5}, "checkpoint": [EPOCH]},
        {"protocol": {"num_importance_samples": math.nan}, "checkpoint": EPOCH},
        {},
    ],
)
def test_metrics_that_say_nothing_of_a_checkpoint(stranger, metrics):
    write_json(stranger.metrics_file, metrics)
    assert not is_evaluated(stranger, EPOCH)


def test_a_run_of_this_version_is_exported_and_goes_on(stranger, exported):
    assert exported() == (0, "")
    assert goes_on(stranger) == ""


# As processes.


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "--keep_versions=1"),
        ("train", "--resume", "--keep_versions=1"),
        ("generate",),
        ("evaluate",),
        ("demo", "--port=0"),
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize("kind", ["traversal", "pipe", "endless", "link", "no mark"])
def test_programs_refuse_a_strangers_run(stranger, arguments, kind):
    root = stranger.path.parents[1]
    if kind == "traversal":
        config = read_json(stranger.config_file)
        write_json(stranger.config_file, {**config, "target": "/../mnist-jmvae_kl"})
    elif kind == "no mark":
        stranger.config_file.write_text('{"model": "vae", "data": "os"}')
    elif kind == "link":
        elsewhere(stranger.figures)
    else:
        {"pipe": a_pipe, "endless": endless}[kind](stranger.config_file)
    before = state(root)
    done = start(root, *arguments, "--run=runs/run")
    assert_one_line(mistake(done))
    assert state(root) == before


@pytest.mark.slow
def test_training_does_not_overwrite_a_repository(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "config.json").write_text('{"name": "app"}')
    (tmp_path / "app" / "server.py").write_text("years of work")
    before = contents(tmp_path)
    for flags in ([], ["--overwrite"], ["--resume"]):
        told = mistake(start(tmp_path, "train", "--run=app", *flags))
        assert "--overwrite" not in told
        assert contents(tmp_path) == before


@pytest.mark.slow
def test_a_copy_among_the_checkpoints_stays(stranger):
    root = stranger.path.parents[1]
    copy = stranger.checkpoints / "epoch-000001-good.keras"
    shutil.copyfile(stranger.checkpoint_of(1), copy)
    before = copy.read_bytes()
    done = start(root, "train", "--resume", "--run=runs/run", "--epochs=4")
    assert (done.returncode, done.stderr) == (0, "")
    assert copy.read_bytes() == before
    overrides = ["--data=digits", "--latent_dim=2", "--epochs=1", "--warmup_epochs=0"]
    done = start(root, "train", "--overwrite", "--run=runs/run", *overrides)
    assert (done.returncode, done.stderr) == (0, "")
    named = "note: runs/run keeps files that no run wrote: checkpoints/epoch-000001-good.keras\n"
    assert named in done.stdout
    assert copy.read_bytes() == before
