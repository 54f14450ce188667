"""Tests of bin/train, bin/generate and bin/export as users meet them: processes of their own."""

import dataclasses
import errno
import gzip
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys

import cv2
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.util import event_pb2
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from jmvae_tf.data import mnist
from jmvae_tf.runtime.version import installed_versions
from jmvae_tf.settings import setting_fields, settings_of
from jmvae_tf.training.checkpoints import load_checkpoint
from jmvae_tf.training.run_folder import RunFolder, table_beside
from tests.helpers.folders import contents
from tests.helpers.paths import ROOT
from tests.helpers.printed_metrics import is_printed
from tests.helpers.programs import interrupt, mistake, start, start_anew, start_code, succeed
from tests.helpers.small_runs import EPOCHS, FIGURES, STEPS, TINY, assert_same_run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which bin/train has trained once, and what it printed; to be read only."""
    folder = tmp_path_factory.mktemp("trained")
    done = start(folder, "train", *TINY)
    assert (done.returncode, done.stderr) == (0, "")
    return folder, done.stdout


@pytest.fixture(scope="module")
def whole(trained):
    """The run of `trained`, which was never interrupted."""
    return RunFolder(trained[0] / "run")


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of the run of `trained`, to be worked on in `tmp_path`."""
    shutil.copytree(trained[0], tmp_path, dirs_exist_ok=True)
    return RunFolder(tmp_path / "run")


# --help.


@pytest.mark.parametrize("program", ["train", "generate", "export", "evaluate"])
def test_help_answers_without_tensorflow(tmp_path, program):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "jmvae_tf", program, "--help"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "jmvae_tf.programs.common.run_program" in imported
    dear = {"tensorflow", "tensorflow_probability", "keras", "numpy", "matplotlib", "sklearn"}
    assert not dear & {name.partition(".")[0] for name in imported}
    assert not list(tmp_path.iterdir())


FIELDS = tuple(field.name for field in setting_fields())


@pytest.mark.parametrize(
    ("program", "names"),
    [
        ("train", ("model", "data", "data_dir", "run", "export_dir", "resume", "overwrite")),
        ("train", FIELDS),
        ("generate", ("run", "checkpoint", "given", "image", "num_samples", "seed", "out")),
        ("generate", ("missing", "num_rounds", "feed_back")),
        ("export", ("run", "checkpoint", "export_dir", "keep_versions")),
        ("evaluate", ("run", "checkpoint", "data_dir", "num_examples", "num_samples", "seed")),
        ("evaluate", ("num_importance_samples", "num_prior_samples", "missing", "num_rounds")),
    ],
)
def test_help_tells_every_flag(tmp_path, program, names):
    text = succeed(tmp_path, program, "--help")
    told = set(re.findall(r"^ +(?:-\w,)?--(?:\[no\])?(\w+)", text, flags=re.MULTILINE))
    assert set(names) <= told


# What a run leaves.


@pytest.mark.slow
def test_a_profile_of_some_steps_changes_nothing_else(whole, tmp_path):
    done = start_anew(tmp_path, "train", *TINY, "--profile")
    assert (done.returncode, done.stderr) == (0, "")
    run = RunFolder(tmp_path / "run")
    assert_same_run(run, whole)
    [trace] = (run.logs / "train").glob("plugins/profile/*/*.xplane.pb")
    space = xplane_pb2.XSpace.FromString(trace.read_bytes())
    names = {x.name for plane in space.planes for x in plane.event_metadata.values()}
    assert any("MatMul" in name for name in names), "it shows what is computed"


@pytest.mark.slow
def test_too_few_steps_for_a_profile(tmp_path):
    flags = ("--epochs=2", "--batch_size=1000", "--warmup_epochs=0", "--profile")
    told = mistake(start(tmp_path, "train", *TINY, *flags))
    assert "steps 3 to 5 of a training; received 2 steps, --epochs=2; train for more" in told


def test_config_has_settings_and_versions(whole):
    config = json.loads(whole.config_file.read_text())
    versions = config.pop("versions")
    assert versions == installed_versions()
    assert config.pop("modalities") == {"image": [8, 8, 1], "label": [10]}
    networks = {"image": "D8R", "label": "D8R"}
    assert config == {
        **settings_of("jmvae_kl", "digits", {}).to_config(),
        "latent_dim": 2,
        "joint_encoder": "(D8R, D8R)",
        "encoders": networks,
        "decoders": networks,
        "epochs": EPOCHS,
        "warmup_epochs": 3,
        "batch_size": 8,
        "checkpoint_every": 1,
        "evaluate_every": 1,
        "jit_compile": False,
    }


def test_history_has_one_row_an_epoch_and_every_term_of_every_part(whole):
    rows = whole.read_history()
    assert [row["epoch"] for row in rows] == list(range(1, EPOCHS + 1))
    np.testing.assert_allclose([row["kl_weight"] for row in rows], [0, 1 / 3, 2 / 3, 1, 1, 1])
    terms = {"bound", "kl_prior", "kl_image", "kl_label", "log_p_image", "log_p_label"}
    parts = ("train", "validation", "test")
    assert set(rows[0]) == {
        "epoch",
        "kl_weight",
        *(f"{part}_{term}" for part in parts for term in terms),
    }
    assert all(np.isfinite(list(row.values())).all() for row in rows)
    for part in parts:
        assert rows[-1][f"{part}_log_p_image"] > rows[0][f"{part}_log_p_image"], "it learned"


def test_checkpoints_logs_and_no_temporary_files(whole):
    assert whole.checkpoint_epochs() == [EPOCHS - 1, EPOCHS]
    assert whole.best_checkpoint.is_file()
    assert {path.name for path in whole.path.iterdir() if not path.name.startswith(".")} == {
        "config.json",
        "history.csv",
        "metrics.json",
        "metrics_table.txt",
        "modalities.json",
        "training_summary.json",
        "checkpoints",
        "figures",
        "logs",
    }
    assert not [name for name in contents(whole.path) if ".writing" in name]


@pytest.mark.parametrize("part", ["train", "validation"])
def test_tensorboard_finds_the_bound_of_every_epoch(whole, part):
    files = [str(path) for path in (whole.logs / part).glob("events.out.tfevents.*")]
    events = map(event_pb2.Event.FromString, tf.data.TFRecordDataset(files).as_numpy_iterator())
    steps = [event.step for event in events for x in event.summary.value if x.tag == "epoch_bound"]
    assert steps == list(range(EPOCHS))


def test_figures_are_pictures(whole):
    assert {path.name for path in whole.figures.iterdir()} == FIGURES
    assert (whole.figures / "walk.gif").read_bytes().startswith(b"GIF89a")
    for path in whole.figures.glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
        pixels = cv2.imread(str(path))
        assert min(pixels.shape[:2]) > 100
        assert pixels.min() < 64, "ink"
        assert pixels.max() == 255, "paper"


def test_metrics_are_written_and_put_into_a_table(whole):
    metrics = json.loads(whole.metrics_file.read_text())
    protocol = metrics.pop("protocol")
    assert (protocol["seed"], protocol["num_samples"], protocol["num_examples"]) == (0, 10, 299)
    assert metrics.pop("data")["examples"]["test"] == 299
    assert metrics.pop("checkpoint") == whole.newest_checkpoint().name
    assert metrics.keys() >= {
        "bound",
        "label_to_image_log_likelihood",
        "image_to_label_log_mean_exp",
        "label_coherence",
        "label_diversity",
        "classifier_accuracy",
        "generated_label_accuracy",
        "active_units_z_multiple",
    }
    assert not [name for name in metrics if name.startswith("log_p")], "bin/evaluate has them"
    table = table_beside(whole.metrics_file).read_text()
    assert all(is_printed(metric, table) for metric in metrics.values())
    # But for those that say of how many examples they are.
    assert max(len(line.partition("  of ")[0]) for line in table.splitlines()) <= 80
    # Three nearest neighbours on real digits; guesses would be right in a tenth.
    assert metrics["classifier_accuracy"]["mean"] > 0.9


def test_the_end_sums_up_and_says_what_comes_next(trained):
    _, printed = trained
    summary = printed[printed.index("jmvae_kl on digits, 6 epochs, 299 test examples:") :]
    lines = summary.splitlines()
    for place, begin in enumerate(("Reads label from image: ", "Draws image from label: "), 1):
        assert lines[place].startswith(f"  {begin}")
    assert "\n  Verdict: " in summary
    assert "\n  Next: " in summary
    assert max(map(len, lines)) <= 80
    assert "bin/generate --run=run --given=label=9\n" in summary
    assert "bin/demo --saved_model=saved_models/digits-jmvae_kl/1\n" in summary
    assert "bin/evaluate --run=run\n" in summary
    assert "mean ± standard error" not in printed, "the table is in a file"


def test_saved_model_is_version_one(trained):
    folder, printed = trained
    versions = list((folder / "saved_models" / "digits-jmvae_kl").iterdir())
    assert [path.name for path in versions] == ["1"]
    assert (versions[0] / "saved_model.pb").is_file()
    assert "saved_models/digits-jmvae_kl/1\n" in printed


def test_one_line_an_epoch_without_a_terminal(trained):
    lines = re.findall(r"^epoch (\d+)/6: bound in nats: train -", trained[1], flags=re.MULTILINE)
    assert lines == [str(epoch) for epoch in range(1, EPOCHS + 1)]


# Runs that are repeated, interrupted and continued.


@pytest.mark.slow  # The interrupted run shows as much of the seed, and more.
def test_same_seed_gives_the_same_bits_and_overwrite_begins_anew(copied, whole, tmp_path):
    copied.checkpoint_of(99).write_bytes(b"of another run")
    succeed(tmp_path, "train", *TINY, "--overwrite")
    assert_same_run(copied, whole)
    assert copied.checkpoint_epochs() == [EPOCHS - 1, EPOCHS]
    versions = os.listdir(tmp_path / "saved_models" / "digits-jmvae_kl")
    assert sorted(versions) == ["1", "2"], "what a server may watch stays"


@pytest.mark.slow
def test_interrupted_run_goes_on_as_if_it_had_not_been(whole, tmp_path):
    status, error = interrupt(tmp_path, signal.SIGINT, "epoch 1/", "train", *TINY)
    run = RunFolder(tmp_path / "run")
    assert status == 130
    newest = run.newest_checkpoint()
    stopping, interrupted = error.splitlines()
    epoch = run.checkpoint_epochs()[-1]
    assert stopping.startswith(f"stopping after epoch {epoch}, which is saved; Ctrl-C")
    assert interrupted == (
        f"interrupted: the last checkpoint is {newest.relative_to(tmp_path)}; "
        "resume with bin/train --resume --run=run"
    )
    assert epoch < EPOCHS, "truly before its end"
    assert not run.metrics_file.exists()
    assert not [name for name in contents(tmp_path) if ".writing" in name]

    printed = succeed(tmp_path, "train", "--resume", "--run=run")
    first = int(newest.stem.removeprefix("epoch-")) + 1
    assert re.findall(r"^epoch (\d+)/", printed, flags=re.MULTILINE) == [
        str(epoch) for epoch in range(first, EPOCHS + 1)
    ]
    assert_same_run(run, whole)


@pytest.mark.slow
def test_terminated_run_of_another_seed(whole, tmp_path):
    status, error = interrupt(
        tmp_path,
        signal.SIGTERM,
        "epoch 1/",
        "train",
        *TINY,
        "--seed=1",
        "--export_dir=elsewhere",
        "--data_dir=some data",
    )
    assert status == 143
    kept, resume = error.split("; resume with ")
    assert re.fullmatch(r"interrupted: the last checkpoint is run/checkpoints/\S+\.keras", kept)
    # Typed as it stands, it must lead to the same data and the same place.
    program, *flags = shlex.split(resume)
    assert program == "bin/train"
    assert set(flags) == {
        "--resume",
        "--run=run",
        "--data_dir=some data",
        "--export_dir=elsewhere",
    }
    first, other = (folder.read_history()[0] for folder in (whole, RunFolder(tmp_path / "run")))
    assert first["train_bound"] != other["train_bound"]


@pytest.mark.slow
def test_longer_run_from_a_damaged_checkpoint(copied, whole, tmp_path):
    """A finished run goes on for more epochs; its last one is made again from the one before."""
    newest = copied.newest_checkpoint()
    newest.write_bytes(newest.read_bytes()[:1000])
    status, error = interrupt(
        tmp_path,
        signal.SIGINT,
        f"epoch {EPOCHS + 1}/",  # What follows the training is as for any other run.
        "train",
        "--resume",
        "--run=run",
        "--epochs=100",
    )
    assert status == 130
    warning, *_ = error.splitlines()
    assert re.match(r"warning: .*run/checkpoints/epoch-000006\.keras", warning)
    rows = copied.history_file.read_text().splitlines()
    past = whole.history_file.read_text().splitlines()
    assert rows[: len(past)] == past
    assert rows[len(past)].startswith(f"{EPOCHS + 1},1.0,")
    assert copied.read_settings() == dataclasses.replace(whole.read_settings(), epochs=100)
    model = load_checkpoint(copied.newest_checkpoint(), copied)
    assert int(model.optimizer.iterations) == copied.checkpoint_epochs()[-1] * STEPS
    assert copied.checkpoint_epochs()[-1] > EPOCHS


@pytest.mark.slow
def test_compiled_run_goes_on_as_if_it_had_not_ended(tmp_path):
    """The same with XLA and several steps an execution, as the presets have it."""
    short = ("--checkpoint_every=1", "--warmup_epochs=2")
    succeed(tmp_path, "train", "--run=whole", "--epochs=3", *short)
    succeed(tmp_path, "train", "--run=halves", "--epochs=1", *short)
    succeed(tmp_path, "train", "--run=halves", "--epochs=3", "--resume")
    assert_same_run(RunFolder(tmp_path / "halves"), RunFolder(tmp_path / "whole"))


@pytest.mark.slow
@pytest.mark.parametrize("after", [f"epoch {EPOCHS}/", "measuring 299 test examples"])
def test_interrupt_after_the_training_itself(whole, tmp_path, after):
    status, error = interrupt(tmp_path, signal.SIGINT, after, "train", *TINY)
    run = RunFolder(tmp_path / "run")
    assert (status, len(error.splitlines())) == (130, 1)
    assert "resume with bin/train --resume --run=run" in error
    exported = [path.name for path in tmp_path.glob("saved_models/*/*")]
    assert exported == ([] if after.startswith("epoch") else ["1"]), "the export comes first"
    succeed(tmp_path, "train", "--resume", "--run=run")
    assert_same_run(run, whole)
    assert {path.name for path in run.figures.iterdir()} == FIGURES
    assert (tmp_path / "saved_models" / "digits-jmvae_kl" / "1").is_dir()


# Mistakes: one line, exit status 1, nothing written or lost.


@pytest.mark.parametrize(
    ("program", "arguments", "told"),
    [
        ("train", ["--model=jmvae_lk"], "received --model=jmvae_lk; did you mean jmvae_kl?"),
        (
            "train",
            ["--data=digit"],
            "received --data=digit, where there is nothing; did you mean --data=digits?",
        ),
        (
            "train",
            ["--data=imagenet"],
            "received --data=imagenet, where there is nothing; check the path, or write tfds:",
        ),
        (
            "train",
            ["--epoch=3"],
            "There is no flag --epoch; received --epoch=3; did you mean --epochs?",
        ),
        ("train", ["now"], "received now;"),
        ("train", ["--epochs=ten"], "--epochs=ten"),
        ("train", ["--epochs=0"], "--epochs must be at least 1; received --epochs=0;"),
        ("train", ["--warmup_epochs=-1"], "--warmup_epochs must be 0 or more;"),
        ("train", ["--learning_rate=nan"], "--learning_rate must be positive and finite;"),
        ("train", ["--model=jmvae", "--alpha=1"], "--alpha is not a setting of jmvae on digits;"),
        ("train", ["--encoders=image"], "received --encoders=image;"),
        ("train", ["--encoders=picture=D8R"], "received --encoders=picture;"),
        ("train", ["--resume"], "runs/digits-jmvae_kl, which does not;"),
        ("train", ["--run=file"], "received --run=file;"),
        ("train", ["--run=thesis"], "received --run=thesis;"),
        ("train", ["--run=thesis", "--overwrite"], "thesis, which has no config.json;"),
        ("generate", [], "runs/digits-jmvae_kl, which does not; name the folder of a run"),
        ("generate", ["--run=thesis"], "thesis, which does not; name the folder of a run"),
        ("export", [], "runs/digits-jmvae_kl, which does not; name the folder of a run"),
        ("export", ["1"], "received 1;"),
    ],
)
def test_mistake_in_the_flags(tmp_path, program, arguments, told):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("years of work")
    (tmp_path / "file").write_text("years of work")
    before = contents(tmp_path)
    done = start(tmp_path, program, *arguments)
    assert told in mistake(done)
    assert done.stdout == ""
    assert contents(tmp_path) == before


def test_flags_like_a_mistaken_one_are_those_of_a_new_python(tmp_path):
    """A forked program has more: those of TensorFlow's modules."""
    done = start_anew(tmp_path, "generate", "--sed=3")
    assert "There is no flag --sed; received --sed=3; did you mean --seed?" in mistake(done)
    assert done.stdout == ""
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(
    ("program", "arguments", "told"),
    [
        (
            "train",
            TINY,
            "received --run=run; continue it with --resume, replace it with --overwrite",
        ),
        ("train", ["--resume", "--run=run", "--latent_dim=3"], "received --latent_dim=3 for 2;"),
        ("train", ["--resume", "--run=run", "--model=jmvae"], "--model=jmvae for jmvae_kl;"),
        ("train", ["--resume", "--run=run", "--epochs=3"], "received --epochs=3;"),
        ("train", [*TINY, "--resume", "--overwrite"], "received --resume and --overwrite;"),
        ("generate", ["--run=run", "--num_samples=0"], "--num_samples must be from 1 to 1000;"),
        ("generate", ["--run=run", "--seed=-1"], "--seed must be from 0"),
        ("generate", ["--run=run", "--out=new.txt"], "received --out=new.txt;"),
        ("generate", ["--run=run", "--checkpoint=none.keras"], "--checkpoint=none.keras for run;"),
        ("export", ["--run=run", "--checkpoint=none.keras"], "--checkpoint=none.keras for run;"),
    ],
)
def test_mistake_about_a_run(trained, program, arguments, told):
    before = contents(trained[0])
    done = start(trained[0], program, *arguments)
    assert told in mistake(done)
    assert done.stdout == ""
    assert contents(trained[0]) == before


def idx(*sizes: int, values: bytes, magic: int | None = None) -> bytes:
    magic = 0x0800 + len(sizes) if magic is None else magic
    return gzip.compress(struct.pack(f">{1 + len(sizes)}I", magic, *sizes) + values)


# What is wrong with each, and the file that is.
IDX_FILES = {
    "missing": (mnist.FILES["test-labels"], None),
    "truncated": (mnist.FILES["train-images"], idx(2, 28, 28, values=bytes(2 * 784))[:-9]),
    "magic number": (mnist.FILES["train-images"], idx(2, 28, 28, values=bytes(1568), magic=7)),
    "label": (mnist.FILES["train-labels"], idx(2, values=b"\3\12")),
}


@pytest.mark.parametrize(
    "damage",
    [
        "missing",
        *(pytest.param(name, marks=pytest.mark.slow) for name in IDX_FILES if name != "missing"),
    ],
)
def test_damaged_idx_file(tmp_path, damage):
    """`tests/data/` has more of them."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in mnist.FILES.values():
        images = idx(2, 28, 28, values=bytes(2 * 784))
        (folder / name).write_bytes(images if "images" in name else idx(2, values=bytes(2)))
    file, content = IDX_FILES[damage]
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    before = contents(tmp_path)
    done = start(tmp_path, "train", "--data=mnist")
    assert file in mistake(done)
    assert done.stdout == ""
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(
            ["--batch_size=1200"],
            "received --batch_size=1200 for 1199 examples of digits;",
            marks=pytest.mark.slow,
        ),
        pytest.param(["--joint_encoder=(D8R, Q8R)"], "'Q8R'", marks=pytest.mark.slow),
        (["--run=file/run"], "file/run"),
    ],
)
def test_mistake_that_shows_before_training(tmp_path, arguments, told):
    (tmp_path / "file").write_text("years of work")
    before = contents(tmp_path)
    done = start(tmp_path, "train", *TINY, *arguments)
    assert told in mistake(done)
    assert done.stdout == ""
    assert contents(tmp_path) == before


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of some size in KiB, or the limit of a file where nothing is mounted."""
    mounted = []

    def make(name: str, size: int):
        folder = tmp_path / name
        folder.mkdir()
        options = ["-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(folder)]
        try:
            subprocess.run(["mount", *options], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            # No right to mount: let the files be limited instead of the disk.
            return folder, size * 1024 // 2
        mounted.append(folder)
        return folder, None

    yield make
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


FULL = r"No space left on device|File too large"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_one_line(tmp_path, number):
    code = (
        "from jmvae_tf.programs.common.run_program import mistakes_in_one_line\n"
        "with mistakes_in_one_line():\n"
        f"    raise OSError({number}, 'It is full', 'run/checkpoints/epoch-000001.keras')"
    )
    error = mistake(start_code(tmp_path, code))
    assert "received run/checkpoints/epoch-000001.keras: It is full; free space, or" in error


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_comes_twice_is_one_line_too(tmp_path, signum):
    """`timeout` sends one to the program and one to its group."""
    code = (
        "import os, sys\n"
        "from jmvae_tf.programs.common.run_program import mistakes_in_one_line\n"
        "class Slow:\n"
        "    flush = sys.stderr.flush\n"
        "    def write(self, text):\n"
        f"        os.kill(os.getpid(), {signum:d})\n"
        "        return sys.__stderr__.write(text)\n"
        "with mistakes_in_one_line():\n"
        "    sys.stderr = Slow()\n"
        f"    os.kill(os.getpid(), {signum:d})\n"
    )
    done = start_code(tmp_path, code)
    assert (done.returncode, done.stderr) == (128 + signum, "interrupted\n")


# One checkpoint has some 140 KiB: there is room for none of them, or for the first alone.
@pytest.mark.slow
@pytest.mark.parametrize(("size", "saved"), [(100, []), (260, [1])])
def test_disk_that_fills_up_with_checkpoints(tmp_path, small_disk, size, saved):
    disk, limit = small_disk("disk", size)
    done = start(tmp_path, "train", *TINY, "--run=disk/run", file_size=limit)
    error = mistake(done)
    assert re.search(FULL, error)
    assert "disk/run" in error
    run = RunFolder(disk / "run")
    assert run.read_settings().epochs == EPOCHS
    # What was saved is whole, and of the rest nothing is left to take up room.
    epochs = run.checkpoint_epochs()
    assert epochs == (saved if limit is None else [])
    for epoch in epochs:
        load_checkpoint(run.checkpoint_of(epoch), run)
    assert not [name for name in contents(disk) if ".writing" in name]


@pytest.mark.slow
def test_disk_that_fills_up_with_an_export(copied, tmp_path, small_disk):
    disk, limit = small_disk("disk", 100)
    before = contents(copied.path)
    done = start(tmp_path, "export", "--run=run", f"--export_dir={disk}", file_size=limit)
    error = mistake(done)
    assert re.search(FULL, error)
    assert str(disk) in error
    assert done.stdout == ""
    assert not [name for name, content in contents(disk).items() if content is not None]
    assert contents(copied.path) == before


@pytest.mark.slow
def test_disk_that_fills_up_at_the_end_of_a_run(tmp_path, small_disk):
    disk, limit = small_disk("disk", 100)
    if limit is not None:
        pytest.skip("a limit would stop the checkpoints too; a disk of its own needs mount")
    done = start(tmp_path, "train", *TINY, "--epochs=1", "--export_dir=disk")
    assert re.search(FULL, mistake(done))
    run = RunFolder(tmp_path / "run")
    assert run.checkpoint_epochs() == [1]
    assert not list(run.figures.glob("*")), "the export comes before the figures"
    assert not [name for name, content in contents(disk).items() if content is not None]


@pytest.mark.slow
def test_loss_that_stops_being_finite(copied, tmp_path):
    model = load_checkpoint(copied.newest_checkpoint(), copied)
    model.optimizer.learning_rate = 1e30  # The checkpoint is good; the next step is not.
    model.save(copied.newest_checkpoint())
    before = contents(copied.path)
    done = start(tmp_path, "train", "--resume", "--run=run", f"--epochs={EPOCHS + 2}")
    error = mistake(done)
    assert re.search(r"(bound|log_p_image) = -?(nan|inf)", error)
    assert f"in epoch {EPOCHS + 1};" in error
    assert "the last good checkpoint is run/checkpoints/epoch-000006.keras;" in error
    # Not one epoch is reported, only what it would have been computed on.
    devices = r"(no GPU was found: )?computing on .+\n(note: this processor .+\n)?"
    assert re.fullmatch(devices + r"compiling .+\n", done.stdout)
    after = contents(copied.path)
    for lasting in ("history.csv", "checkpoints/epoch-"):
        assert {name: x for name, x in after.items() if name.startswith(lasting)} == {
            name: x for name, x in before.items() if name.startswith(lasting)
        }


@pytest.mark.slow
def test_learning_rate_that_is_too_high(tmp_path):
    done = start(tmp_path, "train", *TINY, "--learning_rate=1e30")
    error = mistake(done)
    assert "in epoch 1; there is no checkpoint yet;" in error
    assert "lower --learning_rate" in error
    assert not RunFolder(tmp_path / "run").checkpoint_epochs()


@pytest.mark.parametrize("program", ["generate", pytest.param("export", marks=pytest.mark.slow)])
def test_damaged_checkpoint(copied, tmp_path, program):
    newest = copied.newest_checkpoint()
    newest.write_bytes(newest.read_bytes()[:1000])
    before = contents(tmp_path)
    done = start(tmp_path, program, "--run=run")
    assert "received run/checkpoints/epoch-000006.keras" in mistake(done)
    assert done.stdout == ""
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--given=label=seven"], "--given=label=… must be one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9;"),
        pytest.param(["--given=lable=7"], "did you mean label?", marks=pytest.mark.slow),
        pytest.param(["--given=label"], "received --given=label;", marks=pytest.mark.slow),
        pytest.param(
            ["--given=label=7,label=8"],
            "received --given=label=7,label=8;",
            marks=pytest.mark.slow,
        ),
        pytest.param(["--image=none.png"], "none.png: No such file", marks=pytest.mark.slow),
        pytest.param(
            ["--image=half.png"],
            "half.png, a PNG cut off before its end;",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ["--image=digit.png", "--given=label=7"],
            "received --image and --given=label; leave one of them out",
            marks=pytest.mark.slow,
        ),
        pytest.param(["--out=text/new.png"], "text", marks=pytest.mark.slow),
    ],
)
def test_what_cannot_be_generated(trained, tmp_path, arguments, told):
    image = np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8)
    cv2.imwrite(str(tmp_path / "digit.png"), image)
    half = (tmp_path / "digit.png").read_bytes()[:900]
    (tmp_path / "half.png").write_bytes(half)
    (tmp_path / "text").write_text("years of work")
    before = contents(tmp_path), contents(trained[0])
    done = start(tmp_path, "generate", f"--run={trained[0] / 'run'}", *arguments)
    assert told in mistake(done)
    assert done.stdout == ""
    assert (contents(tmp_path), contents(trained[0])) == before


# bin/generate and bin/export.


def generate(folder: pathlib.Path, trained, *arguments: str) -> str:
    return succeed(folder, "generate", f"--run={trained[0] / 'run'}", *arguments)


@pytest.mark.slow  # `test_generate` has a quick one.
def test_images_of_a_label(trained, tmp_path):
    flags = ("--given=label=7", "--num_samples=9", "--seed=3")
    assert generate(tmp_path, trained, *flags, "--out=new/first.png") == "new/first.png\n"
    first = cv2.imread(str(tmp_path / "new" / "first.png"))
    # The average and nine samples: one row of ten.
    assert first.shape[1] > 5 * first.shape[0]
    generate(tmp_path, trained, *flags, "--out=again.png")
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "again.png")), first)


@pytest.mark.slow
def test_another_seed_draws_other_images(trained, tmp_path):
    for seed in (3, 4):
        generate(tmp_path, trained, "--given=label=7", f"--seed={seed}", f"--out={seed}.png")
    left, right = (cv2.imread(str(tmp_path / f"{seed}.png")) for seed in (3, 4))
    assert left.shape == right.shape
    assert (left != right).any()


def test_label_of_an_image(trained, tmp_path):
    pixels = np.zeros((31, 40), np.uint8)
    pixels[8:24, 16:24] = 200
    cv2.imwrite(str(tmp_path / "digit.png"), pixels)
    lines = generate(tmp_path, trained, "--image=digit.png").splitlines()
    likeliest = re.fullmatch(r"label: likeliest (\d)", lines[0])[1]
    table = dict(line.split() for line in lines[1:])
    assert list(table) == [str(digit) for digit in range(10)]
    probabilities = {name: float(value) for name, value in table.items()}
    assert likeliest == max(probabilities, key=probabilities.get)
    # Ten numbers of four places.
    assert sum(probabilities.values()) == pytest.approx(1, abs=10 * 0.5e-4)
    assert contents(tmp_path).keys() == {"digit.png"}, "no picture of a label"


@pytest.mark.slow
def test_images_from_the_prior(copied, tmp_path):
    printed = succeed(tmp_path, "generate", "--run=run", "--checkpoint=best", "--num_samples=30")
    path, labels = printed.splitlines()
    assert path == "run/figures/generated.png"
    assert re.fullmatch(r"label: likeliest( \d){30}", labels)
    picture = cv2.imread(str(copied.figures / "generated.png"))
    assert picture.shape[1] > 2 * picture.shape[0], "three rows of ten, below a title"


def test_export_is_the_next_version(copied, tmp_path):
    assert succeed(tmp_path, "export", "--run=run") == "saved_models/digits-jmvae_kl/2\n"
    folder = tmp_path / "saved_models" / "digits-jmvae_kl"
    assert sorted(os.listdir(folder)) == ["1", "2"]
    # The newest checkpoint is what was exported at the end of the training.
    first, second = (
        tf.saved_model.load(str(folder / version)).signatures["label_to_image"](label=tf.eye(10))
        for version in ("1", "2")
    )
    np.testing.assert_array_equal(first["image"], second["image"])
