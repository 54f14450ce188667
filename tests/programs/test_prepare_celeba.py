"""bin/prepare_celeba prepares faces, says what it kept, and resumes after an interruption."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from jmvae_tf.data.celeba import (
    source_files,
)
from jmvae_tf.programs.tasks.face_preparation import describe
from tests.helpers import celeba_source
from tests.helpers.foreign_modules import put_foreign_modules
from tests.helpers.paths import ROOT
from tests.helpers.prepared_celeba import NUMBER, examples, prepared
from tests.helpers.programs import command, mistake, start


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A small source, to be read only."""
    return celeba_source.write(tmp_path_factory.mktemp("celeba"), NUMBER)


def test_names_of_files_do_not_steer_the_terminal():
    names = ["\x1b[2J.jpg", "\r", "\u202egpj"]
    text = describe({"kept": 1, "refused": {"unreadable": 3}, "files": {"unreadable": names}})
    assert all(line.isprintable() for line in text.split("\n"))


def test_help_answers_without_tensorflow(tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('TensorFlow was imported')")
    done = start(
        tmp_path, "prepare_celeba", "--help", env=os.environ | {"PYTHONPATH": str(tmp_path)}
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "--source" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "received no --source"),
        (["--source=x", "--processes=0"], "received --processes=0"),
        (["--source=x", "--image_size=65"], "32, 64 or 128; received --image_size=65"),
        (["--source=x", "--crop=nose"], "face or center; received --crop=nose"),
        (["--source=x"], "received x without img_align_celeba.zip"),
    ],
)
def test_mistakes_of_users(tmp_path, arguments, message):
    assert message in mistake(start(tmp_path, "prepare_celeba", *arguments))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_program_prepares_and_says_what_it_kept(whole, tmp_path):
    done = start(
        tmp_path, "prepare_celeba", f"--source={whole}", "--crop=center", "--image_size=32"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "20 of 20 images\n" in done.stdout
    assert "20 of 20 (100.0%)" in done.stdout
    assert (tmp_path / "data/celeba_faces/center_32/1.0.0/preparation.json").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("path", [None, ".", "{checkout}:"])
def test_programs_and_workers_import_nothing_from_where_they_are(whole, tmp_path, path):
    checkout, cwd = tmp_path / "checkout", tmp_path / "cwd"
    for name in ("bin", "jmvae_tf"):
        shutil.copytree(ROOT / name, checkout / name)
    for name in ("requirements.txt", "requirements.lock"):
        shutil.copy(ROOT / name, checkout)
    for place in (cwd, checkout, checkout / "bin"):
        put_foreign_modules(place, tmp_path / "mark")
    environment = {name: x for name, x in os.environ.items() if name != "PYTHONPATH"}
    if path:
        environment["PYTHONPATH"] = path.format(checkout=checkout)
    done = subprocess.run(
        [sys.executable, checkout / "bin" / "prepare_celeba", f"--source={whole}", "--crop=center"],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "20 of 20 (100.0%)" in done.stdout
    assert not (tmp_path / "mark").exists()


@pytest.mark.slow
@pytest.mark.parametrize("group", [True, False], ids=["all", "one"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_preparation_goes_on(tmp_path, signum, group):
    """Whether all its processes are told so or only the first, whose end is that of the others."""
    source = celeba_source.write(tmp_path / "source", 3000)
    arguments = [f"--source={source}", "--crop=center", "--image_size=32", "--processes=2"]
    assert start(tmp_path, "prepare_celeba", *arguments, "--data_dir=whole").returncode == 0
    process = subprocess.Popen(
        command("prepare_celeba", *arguments, "--data_dir=killed"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    process.stdout.readline()
    (os.killpg if group else os.kill)(process.pid, signum)
    # It returns when no process is left that could write.
    _, error = process.communicate(timeout=60)
    assert not prepared(tmp_path / "killed").exists()
    assert list((tmp_path / "killed").rglob("part-*.npz"))
    if signum != signal.SIGKILL:
        assert process.returncode == 128 + signum
        assert error == (
            "interrupted: finished work is kept; resume with bin/prepare_celeba "
            f"{' '.join([arguments[0], '--data_dir=killed', *reversed(arguments[1:3])])} "
            "--processes=2\n"
        )
    done = start(tmp_path, "prepare_celeba", *arguments, "--data_dir=killed")
    assert done.returncode == 0
    assert examples(tmp_path / "killed") == examples(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "partition", "split", "told"),
    [
        (20, 0, "official", "The test part of celeba must have at least 2 examples; received 0 by"),
        (20, 1, "official", "The train part of celeba must have at least 1 example; received 0 by"),
        (20, 2, "official", "The train part of celeba must have at least 1 example; received 0 by"),
        (4, 0, "paper", "The test part of celeba must have at least 2 examples; received 0 by"),
        (10, 0, "paper", "The test part of celeba must have at least 2 examples; received 1 by"),
    ],
)
def test_faces_that_leave_no_part_to_train_or_test_on(tmp_path, number, partition, split, told):
    """Training refuses them before it makes a folder."""
    folder = celeba_source.write(tmp_path / "data", number)
    names = celeba_source.names(number)
    (folder / source_files.PARTITIONS_FILE).write_text("".join(f"{x} {partition}\n" for x in names))
    flags = [
        "--data=celeba",
        f"--split={split}",
        "--crop=center",
        "--epochs=1",
        "--warmup_epochs=0",
    ]
    assert told in mistake(start(tmp_path, "train", *flags, "--batch_size=2"))
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
