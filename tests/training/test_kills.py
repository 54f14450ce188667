"""Training that is killed without warning, again and again, and goes on."""

import random
import re
import signal
import subprocess
import time

import pytest

from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.folders import contents
from tests.helpers.programs import command, succeed
from tests.helpers.small_runs import TINY, assert_same_run

KILLS = 20
EPOCHS = 120
EVERY = 3
ARGUMENTS = (*TINY, "--batch_size=20", f"--epochs={EPOCHS}", f"--checkpoint_every={EVERY}")


def life(folder, arguments, epochs, seconds):
    """Runs bin/train until it has reported some epochs, and then some seconds more.

    Returns:
      The numbers of the epochs that it reported, and whether it was still there to be killed.
    """
    process = subprocess.Popen(
        command("train", *arguments),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    reported = []
    for line in process.stdout:
        if match := re.match(r"epoch (\d+)/", line):
            reported.append(int(match[1]))
        if len(reported) >= epochs:
            break
    time.sleep(seconds)
    process.kill()
    rest, _ = process.communicate()
    reported += [int(number) for number in re.findall(r"^epoch (\d+)/", rest, re.M)]
    return reported, process.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_twenty_kills_change_nothing(tmp_path):
    """At moments from the start of the process to the writing of its SavedModel."""
    moments = random.Random(0)
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    for folder in (undisturbed, killed):
        folder.mkdir()
    succeed(undisturbed, "train", *ARGUMENTS)
    run = RunFolder(killed / "run")
    done = 0
    kills = 0
    while kills < KILLS:
        if kills % 7 == 0:  # As it starts.
            epochs, seconds = 0, moments.uniform(0, 12)
        elif done > EPOCHS - EVERY:  # As it measures, pictures and exports.
            epochs, seconds = EPOCHS - done, moments.uniform(0, 4)
        else:
            epochs, seconds = moments.randint(1, 10), moments.uniform(0, 0.5)
        arguments = ("--resume", "--run=run") if run.is_run() else ARGUMENTS
        reported, was_killed = life(killed, arguments, epochs, seconds)
        kills += was_killed
        print(f"kill {kills} after epochs {reported}")
        assert reported == list(range(done + 1, done + 1 + len(reported)))
        saved = run.checkpoint_epochs() or [0]
        # All of the past is there, and what is to be repeated came after the last checkpoint.
        assert saved[-1] >= max(done, (reported[-1] - 1 if reported else 0) // EVERY * EVERY)
        rows = [row["epoch"] for row in run.read_history()]
        assert rows[: saved[-1]] == list(range(1, saved[-1] + 1))
        done = saved[-1]
    succeed(killed, "train", "--resume", "--run=run")
    assert_same_run(run, RunFolder(undisturbed / "run"))
    assert [row["epoch"] for row in run.read_history()] == list(range(1, EPOCHS + 1))
    assert not [name for name in contents(killed) if ".writing" in name]
    assert set(contents(killed / "saved_models")) >= set(contents(undisturbed / "saved_models"))
