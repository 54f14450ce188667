"""Runs that are trained once."""

import dataclasses
import os
import re
import shutil
import signal

import numpy as np
import pytest

from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.reproduction.recipes import GAN_RUNS
from jmvae_tf.training.callbacks import Checkpoints
from tests.helpers.folders import contents, times
from tests.helpers.reproductions import JMVAE, JMVAE_KL, TINY_SCALE, assert_equal, refused, runs_in


@pytest.mark.slow
def test_a_run_is_trained_once(runs, folder, capsys):
    first = runs.trained(JMVAE)
    before = times(runs.folder(JMVAE).path)
    again = runs_in(folder)
    capsys.readouterr()
    again.survey([JMVAE])
    assert "jmvae-latent-2  all 2 epochs are done: used as it is" in capsys.readouterr().out
    assert_equal(again.trained(JMVAE), first)
    assert capsys.readouterr().out == ""
    assert times(runs.folder(JMVAE).path) == before


@pytest.mark.slow
def test_an_interrupted_run_goes_on_to_the_same_weights(runs, tmp_path, monkeypatch, capsys):
    whole = runs.trained(JMVAE)
    on_epoch_end = Checkpoints.on_epoch_end

    def and_then_a_signal(self, epoch, logs=None):
        on_epoch_end(self, epoch, logs)
        os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "on_epoch_end", and_then_a_signal)
        with pytest.raises(KeyboardInterrupt):
            runs_in(tmp_path).trained(JMVAE)
    later = runs_in(tmp_path)
    assert later.epochs_done(JMVAE) == 1
    capsys.readouterr()
    later.survey([JMVAE, JMVAE_KL])
    resumed = later.trained(JMVAE)
    told = capsys.readouterr().out
    assert re.search("jmvae-latent-2 +1 of 2 epochs are done: resumed\n", told)
    assert re.search("jmvae_kl-latent-2 +not there: trained for 2 epochs\n", told)
    assert "jmvae-latent-2: training, epoch 2 to 2\n" in told
    assert later.epochs_done(JMVAE) == 2
    assert_equal(resumed, whole)


@pytest.mark.slow
def test_a_run_that_stopped_before_its_first_checkpoint(runs, copied, capsys):
    shutil.rmtree(copied.folder(JMVAE).checkpoints)
    copied.survey([JMVAE])
    assert "stopped before its first checkpoint" in capsys.readouterr().out
    assert_equal(copied.trained(JMVAE), runs.trained(JMVAE))


@pytest.mark.parametrize(
    ("scale", "seed", "told"),
    [
        (TINY_SCALE, 1, "seed 0, not 1"),
        (
            dataclasses.replace(TINY_SCALE, overrides={**TINY_SCALE.overrides, "epochs": 3}),
            0,
            "2, not 3",
        ),
    ],
)
def test_a_run_of_other_settings_is_refused(copied, tmp_path, scale, seed, told):
    before = contents(tmp_path)
    other = runs_in(tmp_path, scale, seed=seed)
    for function in (other.trained, lambda recipe: other.survey([recipe])):
        message = refused(function, JMVAE)
        assert told in message
        assert message.endswith("choose another --runs_dir, or delete the folder to train it again")
    assert contents(tmp_path) == before


def test_what_is_no_run_is_refused_and_kept(tmp_path):
    (tmp_path / JMVAE.name).mkdir()
    (tmp_path / JMVAE.name / "thesis.txt").write_text("years of work")
    before = contents(tmp_path)
    assert "choose another --runs_dir" in refused(runs_in(tmp_path).trained, JMVAE)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("damage", ["checkpoints", "config"])
def test_a_damaged_run_is_refused(copied, damage):
    run = copied.folder(JMVAE)
    files = [*run.checkpoints.glob("*.keras")] if damage == "checkpoints" else [run.config_file]
    for path in files:
        path.write_bytes(path.read_bytes()[:100])
    message = refused(copied.trained, JMVAE)
    assert str(run.path) in message
    # What does not say that it is a run may be anything.
    remedy = {"checkpoints": "delete the folder to train it again", "config": "--runs_dir"}
    assert message.endswith(remedy[damage])


@pytest.mark.slow
def test_a_gan_variant_is_handed_out_without_its_discriminator(tmp_path):
    scale = dataclasses.replace(TINY_SCALE, overrides={**TINY_SCALE.overrides, "epochs": 1})
    runs = runs_in(tmp_path, scale)
    model = runs.trained(GAN_RUNS["jmvae_kl"])
    assert isinstance(model, MultimodalVAE)
    before = times(runs.path)
    again = runs_in(tmp_path, scale).trained(GAN_RUNS["jmvae_kl"])
    assert isinstance(again, MultimodalVAE)
    for x, y in zip(again.variables, model.variables, strict=True):
        np.testing.assert_array_equal(x, y)
    assert times(runs.path) == before, "it was not trained again"
