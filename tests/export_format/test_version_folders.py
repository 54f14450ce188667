"""Versions of a model appear whole, once each, and go whole."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import tensorflow as tf

from jmvae_tf.export_format.modalities_json import read_modalities
from jmvae_tf.export_format.version_folders import new_version, newest_version, version_numbers
from tests.helpers.paths import ROOT


def _write(folder, keep=None, content="whole"):
    with new_version(folder, keep) as version:
        version.path.mkdir()
        (version.path / "file").write_text(content)
    return version.path


def test_whole_numbers_one_above_the_last(tmp_path):
    folder = tmp_path / "saved" / "toy"
    assert _write(folder) == folder / "1"
    (folder / "1").rename(folder / "41")
    (folder / "notes").mkdir()
    assert _write(folder) == folder / "42"
    assert sorted(os.listdir(folder)) == ["41", "42", "notes"]


def test_what_only_looks_like_a_version_is_left_alone(tmp_path):
    others = ["007", "9" * 19, "\u0663", "\u00b2"]  # Servers take none of the last three.
    for name in others:
        (tmp_path / name).mkdir()
    (tmp_path / "9").write_text("a file")
    for number in ("1", "2"):
        assert _write(tmp_path, keep=1) == tmp_path / number
    assert sorted(os.listdir(tmp_path)) == sorted(["2", "9", *others])
    assert newest_version(tmp_path).name == "007"


def test_nothing_is_seen_before_it_is_whole(tmp_path):
    with new_version(tmp_path) as version:
        version.path.mkdir()
        assert version_numbers(tmp_path) == []
        # No server takes what is no number for a version.
        assert not any(path.name.isdecimal() for path in tmp_path.iterdir())
    assert version_numbers(tmp_path) == [1]


def test_a_failure_leaves_nothing(tmp_path):
    def fail():
        with new_version(tmp_path) as version:
            version.path.mkdir()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keep", [1, 3])
def test_the_newest_are_kept(tmp_path, keep):
    for _ in range(5):
        _write(tmp_path, keep)
    assert version_numbers(tmp_path) == list(range(6 - keep, 6))
    assert sorted(os.listdir(tmp_path)) == sorted(map(str, range(6 - keep, 6)))


def test_links_are_not_removed_and_not_followed(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_text("another model's")
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "1").symlink_to(other)
    (folder / "2").symlink_to("nowhere")
    (folder / "3x").mkdir()
    (folder / "4").write_text("a file")
    for number in (3, 5, 6):
        assert _write(folder, keep=1) == folder / str(number)
    assert sorted(os.listdir(folder)) == ["1", "2", "3x", "4", "6"]
    assert (other / "file").read_text() == "another model's"


def test_all_are_kept_if_nothing_is_said(tmp_path):
    for _ in range(5):
        _write(tmp_path)
    assert version_numbers(tmp_path) == [1, 2, 3, 4, 5]


def test_at_least_one_is_kept(tmp_path):
    with pytest.raises(ValueError, match=r"At least one version must be kept.*keep_versions=0"):
        _write(tmp_path, 0)


def test_exports_at_the_same_time_get_different_numbers(tmp_path):
    start = threading.Barrier(8)

    def export(number):
        start.wait()
        return [_write(tmp_path, content=f"{number}.{i}") for i in range(10)]

    with ThreadPoolExecutor(8) as pool:
        written = [path for paths in pool.map(export, range(8)) for path in paths]
    assert sorted(int(path.name) for path in written) == list(range(1, 81))
    assert len({(path / "file").read_text() for path in written}) == 80
    assert len(os.listdir(tmp_path)) == 80


def test_exports_at_the_same_time_that_keep_one(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: _write(tmp_path, 1), range(40)))
    assert len(os.listdir(tmp_path)) == 1


EXPORT_SLOWLY = textwrap.dedent(
    """
    import pathlib, sys, time
    from jmvae_tf.export_format.version_folders import new_version
    with new_version(pathlib.Path(sys.argv[1])) as version:
        version.path.mkdir()
        print("writing", flush=True)
        time.sleep(60)
    """
)


@contextlib.contextmanager
def _slow_export(folder):
    command = [sys.executable, "-c", EXPORT_SLOWLY, folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout.readline() == "writing\n"
        try:
            yield process
        finally:
            process.kill()


def test_what_a_killed_export_left_is_removed_and_what_one_at_work_writes_is_not(tmp_path):
    with _slow_export(tmp_path) as killed, _slow_export(tmp_path):
        assert len(os.listdir(tmp_path)) == 2
        killed.kill()
        killed.wait()
        assert _write(tmp_path) == tmp_path / "1"
        assert len(os.listdir(tmp_path)) == 2  # The version, and the one at work.
    assert _write(tmp_path) == tmp_path / "2"
    assert sorted(os.listdir(tmp_path)) == ["1", "2"]


EXPORT_AGAIN_AND_AGAIN = textwrap.dedent(
    """
    import sys
    from jmvae_tf.export.saved_model import export_saved_model
    from jmvae_tf.likelihoods import Bernoulli, Categorical
    from jmvae_tf.modalities import Modality
    from jmvae_tf.models.jmvae_kl import JMVAEKL

    image = Modality("image", (4, 4, 1), Bernoulli(), kind="image")
    label = Modality("label", (3,), Categorical(), kind="label")
    model = JMVAEKL({"image": image, "label": label}, 2)
    while True:
        print("starts", flush=True)
        print(export_saved_model(model, sys.argv[1]).name, flush=True)
    """
)

EXPORTS = 50


@pytest.mark.slow
def test_a_reader_of_the_newest_version_never_fails(tmp_path):
    """Fifty exports by two processes, of which some are killed half-way; none is seen in halves."""
    folder = tmp_path / "toy"
    finished, killed, failures = [], [], []
    command = [sys.executable, "-c", EXPORT_AGAIN_AND_AGAIN, folder]
    loads, stop = [], threading.Event()

    def read():
        while not stop.is_set():
            if not (folder.is_dir() and version_numbers(folder)):
                time.sleep(0.05)
                continue
            version = newest_version(folder)
            try:
                signatures = tf.saved_model.load(str(version)).signatures
                signatures["image_to_label"](tf.zeros([1, 4, 4, 1]))
                assert (version / "assets.extra" / "tf_serving_warmup_requests").is_file()
                read_modalities(version)
                loads.append(version.name)
            except Exception as error:  # Whatever it is, it must not be.
                failures.append(f"{version}: {error!r}")

    def export(seed):
        rng = random.Random(seed)
        while len(finished) < EXPORTS:
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
                for _ in range(rng.randrange(3, 8)):
                    assert process.stdout.readline() == "starts\n"
                    if len(finished) >= EXPORTS:
                        break
                    finished.append(process.stdout.readline().strip())
                else:
                    assert process.stdout.readline() == "starts\n"
                    time.sleep(rng.uniform(0.0, 0.6))
                    killed.append(1)
                process.send_signal(signal.SIGKILL)
                # What it had finished by then, before the signal came.
                finished.extend(x for x in process.stdout.read().split() if x.isdecimal())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(export, range(2)))
    finally:
        stop.set()
        reader.join()
    assert failures == []
    assert len(set(finished)) == len(finished) >= EXPORTS
    assert len(killed) >= 5
    assert len(loads) >= 10
    # A killed export may have had its version renamed and not yet said so; none is half.
    assert set(map(int, finished)) <= set(version_numbers(folder))
    for number in version_numbers(folder):
        tf.saved_model.load(str(folder / str(number)))
    print(f"{len(finished)} exports, {len(killed)} killed, {len(loads)} loads")
