"""Tests of the run folder: atomic writing, and what is read back, refused and removed."""

import errno
import json
import os
import pathlib

import pytest

from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES, face_modalities
from jmvae_tf.data.handwritten import digit_modalities
from jmvae_tf.data.toyfaces.variations import ATTRIBUTES, UNITS
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json, write_json, written_atomically
from jmvae_tf.settings import setting_fields, settings_of
from jmvae_tf.training.run_folder import RunFolder, run_name
from tests.helpers.folders import contents


@pytest.fixture
def settings():
    return settings_of("jmvae_kl", "digits", {})


@pytest.fixture
def folder(tmp_path):
    """The path of a run that has not begun."""
    return RunFolder(tmp_path / "runs" / "run")


@pytest.fixture
def run(folder, settings):
    """A run that was started."""
    folder.start(settings)
    return folder


# Atomic writing.


def test_written_file_takes_its_place(tmp_path):
    path = tmp_path / "new" / "folder" / "file.png"
    with written_atomically(path) as temporary:
        assert temporary.suffix == ".png", "writers go by the ending"
        temporary.write_bytes(b"first")
        assert not path.exists(), "not before it is whole"
    assert contents(path.parent) == {"file.png": b"first"}
    with written_atomically(path) as temporary:
        temporary.write_bytes(b"second")
        assert path.read_bytes() == b"first"
    assert contents(path.parent) == {"file.png": b"second"}


def fail() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("happens", [fail, interrupt])
@pytest.mark.parametrize("old", [None, b"old"])
def test_what_is_half_written_leaves_no_trace(tmp_path, happens, old):
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    before = contents(tmp_path)

    def write():
        with written_atomically(path) as temporary:
            temporary.write_bytes(b"half")
            happens()

    with pytest.raises((OSError, KeyboardInterrupt)):
        write()
    assert contents(tmp_path) == before


def test_body_that_writes_nothing_keeps_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(FileNotFoundError), written_atomically(path):
        pass
    assert contents(tmp_path) == {"file": b"old"}


def test_value_that_is_no_json_keeps_the_old_file(tmp_path):
    path = tmp_path / "metrics.json"
    write_json(path, {"a": 1.5})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1.5}
    assert os.listdir(tmp_path) == ["metrics.json"]


def test_error_names_the_file(tmp_path):
    with pytest.raises(OSError, match="No space left") as error, written_atomically(tmp_path / "a"):
        fail()
    assert error.value.filename == str(tmp_path / "a")


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_file_that_is_no_json_object(tmp_path, text):
    path = tmp_path / "metrics.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"expect|Expect"):
        read_json(path)


# History.


def test_history_is_read_back(run):
    assert run.read_history() == []
    rows = [
        {"epoch": 1, "train_bound": -1 / 3, "test_bound": -1e-12},
        {"epoch": 2, "train_bound": -123456.789, "test_bound": 0.0},
    ]
    run.write_history(rows)
    assert run.read_history() == rows, "to the last bit"
    lines = run.history_file.read_text().splitlines()
    assert lines[0] == "epoch,train_bound,test_bound"
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2"]


def test_history_read_and_written_is_the_same_file(run):
    run.write_history([{"epoch": 1, "a": 0.1}, {"epoch": 2, "a": 1e300}])
    before = run.history_file.read_bytes()
    run.write_history(run.read_history())
    assert run.history_file.read_bytes() == before


def test_history_without_rows(run):
    run.write_history([])
    assert run.read_history() == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("epoch,train_bound\n1,-3.5\n2,minus four\n", id="no number"),
        pytest.param("epoch,train_bound\n1,-3.5\n2\n", id="cut row"),
        pytest.param("epoch,train_bound\n1,-3.5,7\n", id="long row"),
        pytest.param("epoch,train_bound\n1,nan\n", id="NaN"),
        pytest.param("epoch,train_bound\n1,-inf\n", id="infinite"),
        pytest.param("epoch,train_bound\nnan,1\n", id="epoch NaN"),
        pytest.param("epoch,train_bound\n1.5,1\n", id="half an epoch"),
        pytest.param("epoch,train_bound\n0,1\n", id="epoch 0"),
        pytest.param("epoch,train_bound\n1e300,1\n", id="huge epoch"),
        pytest.param("epoch,train_bound\n,1\n", id="no epoch"),
        pytest.param("train_bound\n1\n", id="no epochs"),
        pytest.param("epoch,\x1b[2Jtrain\n1,1\n", id="escape sequence"),
        pytest.param("epoch,a" + "a" * 300 + "\n1,1\n", id="long name"),
        pytest.param("epoch,a\n1,\0\n", id="NUL"),
        pytest.param("epoch,a\n1," + "1" * 200_000 + "\n", id="long cell"),
        pytest.param("epoch,ä\n1,1\n".encode("latin-1"), id="Latin-1"),
    ],
)
def test_damaged_history_is_a_users_matter(run, text):
    run.history_file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError, match=r"history\.csv") as error:
        run.read_history()
    assert str(error.value).isprintable()


def test_rows_of_different_columns(run):
    rows = [{"epoch": 1, "train_bound": -1.0}, {"epoch": 2, "train_bound": -2.0, "test_new": 0.5}]
    run.write_history(rows)
    assert run.read_history() == rows


# Configuration.


def test_config_has_every_setting_and_the_versions(run, settings):
    config = json.loads(run.config_file.read_text())
    versions = config.pop("versions")
    assert config.keys() == {field.name for field in setting_fields()} | {"model", "data"}
    assert {"python", "tensorflow", "keras", "tensorflow-probability", "jmvae_tf"} <= set(versions)
    assert run.read_settings() == settings


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            lambda config: "{", "must be a JSON object; received .*config.json", id="no JSON"
        ),
        pytest.param(
            lambda config: "", "must be a JSON object; received .*config.json", id="empty"
        ),
        pytest.param(lambda config: [], "config.json", id="a list"),
        pytest.param(
            lambda config: {**config, "wings": 2}, "of this version; .*wings", id="more settings"
        ),
        pytest.param(
            lambda config: {x: y for x, y in config.items() if x != "seed" and x != "epochs"},
            "of this version; .*epochs",
            id="fewer settings",
        ),
        pytest.param(lambda config: {**config, "epochs": 0}, "--epochs must be", id="out of range"),
        pytest.param(lambda config: {**config, "epochs": "ten"}, "config.json", id="no number"),
    ],
)
def test_damaged_config_is_a_users_matter(run, change, message):
    changed = change(run.read_config())
    run.config_file.write_text(changed if isinstance(changed, str) else json.dumps(changed))
    with pytest.raises(UserError, match=message):
        run.read_settings()


@pytest.mark.parametrize(
    "shapes", [[], "8x8x1", {"image": 8}, {"image": [8, 0]}, {"image": [8, True]}, {"x": [1.0]}]
)
def test_damaged_shapes_are_a_users_matter(run, shapes):
    run.config_file.write_text(json.dumps({**run.read_config(), "modalities": shapes}))
    with pytest.raises(UserError, match=r"must map names to shapes; received .*config\.json;"):
        run.read_event_shapes()


@pytest.mark.parametrize(
    ("data", "flags", "modalities"),
    [
        ("mnist", {}, digit_modalities(28)),
        ("digits", {}, digit_modalities(8)),
        ("celeba", {"image_size": 32}, face_modalities(32, OFFICIAL_ATTRIBUTES)),
        ("toyfaces", {}, face_modalities(UNITS, ATTRIBUTES)),
    ],
)
def test_shapes_of_runs_of_version_0_3_are_those_of_its_data(folder, data, flags, modalities):
    folder.start(settings_of("jmvae_kl", data, flags))
    assert "modalities" not in folder.read_config()
    assert folder.read_event_shapes() == {name: x.event_shape for name, x in modalities.items()}


@pytest.mark.parametrize("read", ["read_config", "read_settings"])
def test_folder_without_a_run(folder, read):
    with pytest.raises(UserError, match=r"holds a config.json; .* name the folder of a run"):
        getattr(folder, read)()


# New runs.


def test_new_run_may_take_what_is_free(folder, settings):
    folder.check_new(overwrite=False)
    folder.check_new(overwrite=True)
    folder.path.mkdir(parents=True)  # Such as a mounted one.
    folder.check_new(overwrite=False)
    folder.start(settings)
    assert folder.is_run()


@pytest.mark.parametrize("path", ["/proc/x", "/proc/x/y", "/dev/null/x"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_run_that_cannot_be_written_is_refused_at_once(path, overwrite):
    with pytest.raises(UserError, match=f"received {path}: .*; choose another --run$"):
        RunFolder(pathlib.Path(path)).check_new(overwrite)


def test_run_is_overwritten_only_if_asked_for(run, settings):
    run.write_history([{"epoch": 1}])
    (run.path / "checkpoints").mkdir()
    with pytest.raises(
        UserError, match=f"has a run already, of .*; received --run={run.path}; .*--resume"
    ):
        run.check_new(overwrite=False)
    run.check_new(overwrite=True)
    assert run.history_file.exists(), "checking removes nothing"
    run.start(settings)
    assert contents(run.path).keys() == {"config.json"}


def a_folder(path: pathlib.Path) -> None:
    path.mkdir(parents=True)
    (path / "thesis.tex").write_text("years of work")


def a_file(path: pathlib.Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("years of work")


@pytest.mark.parametrize("make", [a_folder, a_file])
@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_run_is_never_removed(folder, make, overwrite):
    make(folder.path)
    before = contents(folder.path.parent)
    with pytest.raises(UserError, match=f"received (--run=)?{folder.path}"):
        folder.check_new(overwrite)
    assert contents(folder.path.parent) == before


def test_old_run_survives_if_the_new_one_cannot_begin(run, settings, monkeypatch):
    """A full disk must not cost the run that was to be overwritten."""
    run.write_history([{"epoch": 1}])
    before = contents(run.path)

    monkeypatch.setattr(os, "fsync", lambda _: fail())
    with pytest.raises(OSError, match="No space left"):
        run.start(settings)
    assert contents(run.path) == before


@pytest.mark.parametrize("name", ["checkpoints", "figures", "logs", "measures", "history.csv"])
def test_overwriting_does_not_follow_links(run, settings, tmp_path, name):
    a_folder(tmp_path / "thesis")
    for file in ("epoch-000001.keras", ".writing-letter"):
        (tmp_path / "thesis" / file).mkdir()
    before = contents(tmp_path / "thesis")
    (run.path / name).symlink_to(tmp_path / "thesis")
    run.check_new(overwrite=True)
    with run.locked():
        assert run.start(settings) == []
    assert contents(run.path).keys() == {"config.json"}
    assert contents(tmp_path / "thesis") == before


def test_overwriting_removes_what_runs_write_and_names_what_stays(run, settings):
    run.write_history([{"epoch": 1}])
    run.write_best_epoch(1)
    write_json(run.metrics_file, {})
    for path in (run.checkpoint_of(1), run.best_checkpoint, run.figures / "a.png"):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    for folder in (run.logs / "train", run.path / "measures"):
        a_folder(folder)
    kept = (
        "checkpoints/epoch-000001-good.keras",
        "checkpoints/epoch-1.keras",
        "checkpoints/notes.txt",
        "data/thesis.tex",
        "metrics.json.bak",
        "notes.txt",
    )
    for name in kept:
        (run.path / name).parent.mkdir(exist_ok=True)
        (run.path / name).write_text(name)
    run.check_new(overwrite=True)
    assert run.start(settings) == [x.replace("data/thesis.tex", "data") for x in kept]
    assert contents(run.path).keys() == {*kept, "config.json", "checkpoints", "data"}


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"name": "my-app", "scripts": {}}, id="web application"),
        pytest.param({"versions": {"python": "3.11.7"}}, id="other versions"),
        pytest.param({"versions": "jmvae_tf"}, id="versions are a text"),
        pytest.param({"versions": {"jmvae_tf": None}}, id="no version"),
        pytest.param(None, id="damaged"),
    ],
)
def test_a_folder_with_another_config_is_not_overwritten(folder, config):
    a_folder(folder.path)
    folder.config_file.write_text("{" if config is None else json.dumps(config))
    before = contents(folder.path)
    assert not folder.is_run()
    with pytest.raises(UserError, match=r"is not a run; .*; choose another --run$"):
        folder.check_new(overwrite=False)
    with pytest.raises(UserError, match=r"whose config\.json no run wrote; choose another --run$"):
        folder.check_new(overwrite=True)
    with pytest.raises(UserError, match=r"(JSON object|jmvae_tf wrote it); (?!.*--overwrite)"):
        folder.read_settings()
    assert contents(folder.path) == before


def test_folders_above_that_were_made_for_nothing_are_removed_too(tmp_path):
    folder = RunFolder(tmp_path / "runs" / "mine" / "run")

    def refuse():
        with folder.locked():
            raise UserError("It must not be", "it", "leave it")

    with pytest.raises(UserError):
        refuse()
    assert contents(tmp_path) == {}


# Checkpoints.


@pytest.fixture
def checkpoints(run):
    """Checkpoints of epochs 9, 10 and 1,000,000, and the best."""
    run.checkpoints.mkdir()
    for epoch in (10, 1_000_000, 9):
        run.checkpoint_of(epoch).touch()
    run.best_checkpoint.touch()
    return run


def test_checkpoints_are_ordered_by_epoch(checkpoints):
    # A million comes after 10 as a number, though not as a name of six digits.
    assert checkpoints.checkpoint_epochs() == [9, 10, 1_000_000]
    assert checkpoints.newest_checkpoint() == checkpoints.checkpoint_of(1_000_000)


@pytest.mark.parametrize(
    "name",
    [
        "epoch-000005-good.keras",
        "epoch-000005.keras.bak",
        "epoch-5.keras",
        "epoch-0000005.keras",
        "epoch--00005.keras",
        "epoch-00000x.keras",
        "epoch-000000.keras",
        "epoch-٠٠٠٠٠٥.keras",
        "epoch-" + "9" * 200 + ".keras",
        "best-epoch-000005.keras",
    ],
)
def test_other_files_among_the_checkpoints_are_none(checkpoints, name):
    (checkpoints.checkpoints / name).write_bytes(b"mine")
    (checkpoints.checkpoints / "epoch-000077.keras").mkdir()
    assert checkpoints.checkpoint_epochs() == [9, 10, 1_000_000]


@pytest.mark.parametrize("value", [None, [], {}, "3", 2.5, True, -1, 2**31, float("nan")])
def test_best_epoch_that_is_none(checkpoints, value):
    write_json(checkpoints.checkpoints / "best.json", {"epoch": value})
    with pytest.raises(UserError, match=r"must hold an epoch; received .*best\.json: its epoch"):
        checkpoints.best_epoch()


def test_run_without_checkpoints(run):
    assert run.checkpoint_epochs() == []
    assert run.newest_checkpoint() is None


def test_checkpoint_choice(checkpoints, tmp_path):
    assert checkpoints.choose_checkpoint("newest") == checkpoints.checkpoint_of(1_000_000)
    assert checkpoints.choose_checkpoint("best") == checkpoints.best_checkpoint
    path = checkpoints.checkpoint_of(9)
    assert checkpoints.choose_checkpoint(str(path)) == path


@pytest.mark.parametrize("choice", ["newest", "best", "no/such.keras", ".", ""])
def test_checkpoint_that_is_not_there(run, choice):
    with pytest.raises(UserError, match=f"received --checkpoint={choice} for {run.path};"):
        run.choose_checkpoint(choice)


def test_checkpoint_of_no_run(folder):
    with pytest.raises(UserError, match=r"holds a config\.json"):
        folder.choose_checkpoint("newest")


def test_only_one_process_trains_in_a_folder(folder):
    with folder.locked():
        # A second descriptor stands for a second process: flock tells descriptors apart.
        with pytest.raises(UserError, match="Only one process"), folder.locked():
            pass
        (folder.path / "kept").touch()
    with folder.locked():
        assert [path.name for path in folder.path.iterdir()] == ["kept"]


def test_a_folder_made_for_nothing_is_removed(folder):
    with folder.locked():
        assert folder.path.is_dir()
    assert not folder.path.exists()


@pytest.mark.parametrize(
    ("model", "target", "name"),
    [
        ("jmvae_kl", None, "mnist-jmvae_kl"),
        ("jmvae_h", None, "mnist-jmvae_h"),
        ("vae", "image", "mnist-vae"),
        ("vae", "label", "mnist-vae-label"),
        ("cmma", None, "mnist-cmma"),
        ("cmma", "image", "mnist-cmma"),
        ("cvae", "label", "mnist-cvae-label"),
    ],
)
def test_folders_of_both_directions_have_different_names(model, target, name):
    assert run_name("mnist", model, target) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "a/b", "../mnist", "/mnist", "a\0b", "a\nb", "-a", ".a", "a" * 101]
)
def test_a_run_is_named_by_plain_names_alone(name):
    for names in ((name, "vae"), ("mnist", name), ("mnist", "vae", name)):
        with pytest.raises(UserError, match="Names of runs consist of letters"):
            run_name(*names)
