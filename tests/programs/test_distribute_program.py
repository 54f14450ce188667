"""bin/train on several workers: its mistakes, a worker that is lost, and how all go on."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time

import pytest

from jmvae_tf.data import digits, pipelines
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.training import cluster
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.paths import BIN
from tests.helpers.ports import free_ports
from tests.helpers.programs import command, mistake, start
from tests.helpers.small_runs import TINY, assert_same_run

WORKERS = ["host1:2222", "host2:2222"]


def tf_config(workers, index, kind="worker", task="worker"):
    return json.dumps({"cluster": {kind: workers}, "task": {"type": task, "index": index}})


def test_cluster(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", tf_config(WORKERS, 1))
    assert cluster.from_environment() == (WORKERS, 1)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{",
        "[]",
        "{}",
        tf_config(WORKERS, 2),
        tf_config(WORKERS, -1),
        tf_config(WORKERS, "first"),
        tf_config([], 0),
        tf_config("host1:2222", 0),
        tf_config(["host1"], 0),
        tf_config(WORKERS, 0, kind="chief"),
        tf_config(WORKERS, 0, task="ps"),
        json.dumps({"cluster": {"worker": WORKERS, "ps": WORKERS}, "task": {"index": 0}}),
    ],
)
def test_tf_config_that_names_no_workers(monkeypatch, value):
    monkeypatch.setenv("TF_CONFIG", value)
    with pytest.raises(UserError, match=re.escape(f"TF_CONFIG={value or '(not set)'}; set it")):
        cluster.from_environment()


def test_batch_that_cannot_be_shared():
    data = digits.load(pathlib.Path(), "paper")
    with pytest.raises(UserError, match="--batch_size=50 for 4 of them; choose a multiple of 4"):
        pipelines.Feed(data, 50, replicas=4)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--distribute=mirored"], "received --distribute=mirored; did you mean mirrored?"),
        (["--distribute=multi_worker"], r"received TF_CONFIG=\(not set\); set it like "),
        (
            ["--distribute=mirrored", "--precision=mixed_float16"],
            "received --precision=mixed_float16 --distribute=mirrored; choose --precision=mixed_b",
        ),
    ],
)
def test_mistakes(tmp_path, flags, told):
    environment = {name: x for name, x in os.environ.items() if name != "TF_CONFIG"}
    assert re.search(told, mistake(start(tmp_path, "train", *TINY, *flags, env=environment)))
    assert not list(tmp_path.iterdir())


def workers(folder, *arguments):
    """Both processes of a training by two workers."""
    names = [f"localhost:{port}" for port in free_ports(2)]
    return [
        subprocess.Popen(
            command("train", "--distribute=multi_worker", *arguments),
            cwd=folder,
            env={**os.environ, "TF_CONFIG": tf_config(names, index)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(2)
    ]


def finish(processes):
    """Exit statuses and what was printed, on both streams."""
    printed = [process.communicate(timeout=300) for process in processes]
    return [process.returncode for process in processes], printed


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    statuses, printed = finish(workers(folder, *TINY))
    assert statuses == [0, 0], printed
    assert [error for _, error in printed] == ["", ""]
    return RunFolder(folder / "run")


@pytest.mark.slow
@pytest.mark.parametrize("killed", [0, 1])
def test_after_a_killed_worker_all_go_on(undisturbed, tmp_path, killed):
    processes = workers(tmp_path, *TINY)
    for line in processes[0].stdout:
        if line.startswith("epoch 2/"):
            break
    time.sleep(0.3)
    processes[killed].kill()
    statuses, printed = finish(processes)
    assert statuses[killed] == -9
    assert statuses[1 - killed] == 1
    assert re.fullmatch(
        "error: All workers must stay alive until the end of training; received "
        rf"(worker {killed} \(localhost:\d+\)|another worker) did not answer: [^\n]+; "
        "start all of them again with --resume\n",
        printed[1 - killed][1],
    )
    run = RunFolder(tmp_path / "run")
    assert run.checkpoint_epochs()[-1] >= 1
    assert not run.metrics_file.exists()
    statuses, printed = finish(workers(tmp_path, "--resume", "--run=run"))
    assert statuses == [0, 0], printed
    assert_same_run(run, undisturbed)


@pytest.mark.slow
def test_a_run_may_go_on_with_one_device(undisturbed, tmp_path):
    """The number of replicas changes nothing but rounding, so neither does this."""
    processes = workers(tmp_path, *TINY)
    for line in processes[0].stdout:
        if line.startswith("epoch 3/"):
            break
    for process in processes:
        process.kill()
    finish(processes)
    run = RunFolder(tmp_path / "run")
    done = start(tmp_path, "train", "--resume", "--run=run")
    assert (done.returncode, done.stderr) == (0, "")
    ours, theirs = run.read_history()[-1], undisturbed.read_history()[-1]
    assert ours["train_bound"] == pytest.approx(theirs["train_bound"], abs=0.1)


TWO_DEVICES = """
import runpy, sys
import tensorflow as tf
[cpu] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a program on a machine of two devices, as far as TensorFlow can tell."""


@pytest.mark.slow
@pytest.mark.parametrize("model", ["jmvae_kl", "jmvae_kl_gan"])
def test_mirrored_devices(tmp_path, model):
    """To the end; and killed, resumed, and to the same end."""
    mirrored = [sys.executable, "-c", TWO_DEVICES, str(BIN / "train"), "--distribute=mirrored"]
    fresh = [*mirrored, *TINY, f"--model={model}"]
    runs = []
    for name in ("undisturbed", "killed"):
        folder = tmp_path / name
        folder.mkdir()
        runs.append(RunFolder(folder / "run"))
        process = subprocess.Popen(
            fresh,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        printed = ""
        for line in process.stdout:
            printed += line
            if name == "killed" and line.startswith("epoch 3/"):
                process.kill()
                break
        process.communicate(timeout=300)
        assert "every batch is shared by 2 replicas" in printed
        assert process.returncode == (0 if name == "undisturbed" else -9), printed
    assert runs[1].checkpoint_epochs()[-1] >= 2
    assert not runs[1].metrics_file.exists()
    resume = [*mirrored, "--resume", "--run=run"]
    done = subprocess.run(
        resume, cwd=tmp_path / "killed", check=True, capture_output=True, text=True, timeout=300
    )
    assert "epoch 6/" in done.stdout
    assert "epoch 2/" not in done.stdout
    assert_same_run(*runs)
