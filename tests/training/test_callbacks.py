"""Tests of what keeps a run safe, recorded and watched, mostly through `fit` of a tiny model."""

import dataclasses
import functools
import math
import os
import re
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.data.handwritten import digit_modalities
from jmvae_tf.models.jmvae_kl import JMVAEKL
from jmvae_tf.models.term_checks import FiniteTerms
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.training import checkpoints
from jmvae_tf.training.build import make_model
from jmvae_tf.training.callbacks import (
    Checkpoints,
    HistoryFile,
    TermsOnTestSet,
)
from jmvae_tf.training.checkpoints import load_checkpoint, load_newest
from jmvae_tf.training.run_folder import RunFolder
from jmvae_tf.training.schedules import KLWarmUp
from jmvae_tf.training.train import train
from tests.helpers import tiny_runs
from tests.helpers.counting_model import counting_model
from tests.helpers.tiny_runs import NETWORKS, settings_with

TERMS = ["bound", "kl_image", "kl_label", "kl_prior", "log_p_image", "log_p_label"]


@pytest.fixture
def model(two_modalities):
    """A model that steps eagerly: its few steps are not worth a trace."""
    model = JMVAEKL(two_modalities, latent_dim=2, **NETWORKS)
    model.compile(optimizer=keras.optimizers.Adam(1e-2), run_eagerly=True)
    model.optimizer.build(model.trainable_variables)  # As the first step would, for checkpoints.
    return model


@pytest.fixture
def counting():
    return counting_model()


@pytest.fixture
def batch(two_modality_batch):
    """The same batch, without end."""
    return tf.data.Dataset.from_tensors(two_modality_batch).repeat()


@pytest.fixture
def settings():
    """Of two epochs of `tiny_data`."""
    return settings_with()


@pytest.fixture
def folder(tmp_path, settings, two_modalities):
    """The folder of a run that has begun."""
    folder = RunFolder(tmp_path / "run")
    folder.start(settings, two_modalities)
    return folder


@pytest.fixture
def tiny_data(two_modalities):
    """Makes a data set of some examples in each part."""
    return functools.partial(tiny_runs.tiny_data, two_modalities)


class AtBatchEnd(keras.callbacks.Callback):
    """Records the warm-up's weight at each step."""

    def __init__(self):
        super().__init__()
        self.weights = []

    def on_train_batch_end(self, batch, logs=None):
        self.weights.append(float(self.model.kl_weight.numpy()))


# Warm-up.


@pytest.mark.parametrize(
    ("num_warmup", "initial_epoch", "expected"),
    [
        # 2018 paper, "Settings": from 0 to 1 over N_t epochs, linearly.
        (4, 0, [0, 0.25, 0.5, 0.75, 1, 1]),
        (4, 3, [0.75, 1, 1]),  # A resumed run goes on where it was.
        (1, 0, [0, 1, 1, 1, 1, 1]),
        (0, 0, [1, 1, 1, 1, 1, 1]),
    ],
)
def test_weight_of_each_epoch(counting, batch, num_warmup, initial_epoch, expected):
    record = AtBatchEnd()
    counting.fit(
        batch,
        epochs=6,
        initial_epoch=initial_epoch,
        steps_per_epoch=1,
        verbose=0,
        callbacks=[KLWarmUp(num_warmup), record],
    )
    assert record.weights == expected


@pytest.mark.slow
def test_compiled_steps_follow_the_weight(model, batch):
    """A weight that a trace had frozen would leave the bound of every epoch as that of one."""
    model.compile(optimizer=keras.optimizers.Adam(1e-2), jit_compile=False)
    history = model.fit(
        batch, epochs=5, steps_per_epoch=1, verbose=0, callbacks=[KLWarmUp(4)]
    ).history
    term = {name: np.array(history[name]) for name in TERMS}
    # Eq. 4 of the 2018 paper, with the warm-up's weight on the divergence from the prior.
    expected = (
        term["log_p_image"]
        + term["log_p_label"]
        - np.array([0, 0.25, 0.5, 0.75, 1]) * term["kl_prior"]
        - term["kl_image"]
        - term["kl_label"]
    )
    # Means over six examples in float32; the terms are below 20 nats.
    np.testing.assert_allclose(term["bound"], expected, atol=2e-5)
    assert (term["kl_prior"] > 1e-3).all(), "or the weight would not show"


def test_negative_warm_up():
    with pytest.raises(ValueError, match=r"fewer than 0 epochs\. Received: -1"):
        KLWarmUp(-1)


# Terms that stop being finite.


def with_nan(batch: tf.data.Dataset, at: int) -> tf.data.Dataset:
    """Batches of which one, counted from 0, has a NaN in its first image."""

    def spoil(index, x):
        one = tf.one_hot(0, tf.size(x["image"]), on_value=math.nan, off_value=0.0)
        return {**x, "image": x["image"] + tf.where(index == at, tf.reshape(one, (6, 4, 4, 1)), 0)}

    return batch.enumerate().map(spoil)


@pytest.mark.parametrize("at", [2, 3])  # The first and the last step of the second epoch.
def test_nan_in_training_ends_it_at_once(model, batch, at):
    record = AtBatchEnd()
    with pytest.raises(UserError, match=r"log_p_image = nan.* in epoch 2; restore it"):
        model.fit(
            with_nan(batch, at),
            epochs=4,
            steps_per_epoch=2,
            verbose=0,
            callbacks=[record, FiniteTerms(lambda: "restore it")],
        )
    assert len(record.weights) == at + 1


def test_nan_in_validation_names_its_terms(model, batch):
    with pytest.raises(UserError, match=r"received val_bound = nan.* in epoch 1; check") as error:
        model.fit(
            batch,
            epochs=2,
            steps_per_epoch=1,
            validation_data=with_nan(batch.take(2), at=1),
            verbose=0,
            callbacks=[FiniteTerms()],
        )
    assert " bound" not in str(error.value), "the training terms were finite"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_epoch_end"])
def test_only_the_bad_terms_are_named(hook, value):
    callback = FiniteTerms()
    callback.set_model(types.SimpleNamespace(weights=[]))
    callback.on_epoch_begin(6)
    logs = {"bound": np.float32(-1.5), "kl_prior": 0.0, "log_p_image": tf.constant(value)}
    with pytest.raises(UserError, match=f"received log_p_image = {value} in epoch 7;"):
        getattr(callback, hook)(0, logs)
    getattr(callback, hook)(0, {**logs, "log_p_image": 3.4e38})
    getattr(callback, hook)(0, None)


# History.


@pytest.mark.slow
def test_terms_of_all_parts_are_recorded(model, batch, folder):
    test = batch.take(2)
    history = model.fit(
        batch,
        epochs=2,
        steps_per_epoch=1,
        validation_data=batch.take(1),
        verbose=0,
        callbacks=[KLWarmUp(2), TermsOnTestSet(test, lambda epoch: True), HistoryFile(folder)],
    ).history
    rows = folder.read_history()
    assert list(rows[0]) == [
        "epoch",
        "kl_weight",
        *(f"{part}_{term}" for part in ("train", "validation", "test") for term in TERMS),
    ]
    assert [row["epoch"] for row in rows] == [1, 2]
    assert [row["kl_weight"] for row in rows] == [0, 0.5]
    for term in TERMS:
        assert [row[f"train_{term}"] for row in rows] == history[term]
        assert [row[f"validation_{term}"] for row in rows] == history[f"val_{term}"]
    # What anyone would get from the model that the last epoch left.
    terms = model.evaluate(test, verbose=0, return_dict=True)
    assert terms == {term: rows[-1][f"test_{term}"] for term in TERMS}


def test_rows_of_earlier_epochs_stay(counting, batch, folder):
    def fit(initial_epoch, epochs):
        counting.fit(
            batch,
            initial_epoch=initial_epoch,
            epochs=epochs,
            steps_per_epoch=1,
            verbose=0,
            callbacks=[HistoryFile(folder)],
        )
        return folder.read_history()

    first = fit(0, 2)
    assert fit(2, 3)[:2] == first
    assert [row["epoch"] for row in folder.read_history()] == [1, 2, 3]


# Checkpoints.


class Numbered:
    """In place of a model: a checkpoint of it has the number of the epoch alone."""

    stop_training = False

    def __init__(self):
        self.kl_weight = keras.Variable(0.0)

    def save(self, path):
        path.write_text(str(int(self.kl_weight)))


@pytest.fixture
def numbered():
    return Numbered()


def save_epochs(model, folder, bounds, every=1, first_epoch=0, num_epochs=None):
    """Lets epochs end with the given bounds on the validation set, None for no such set.

    The weight of the warm-up tells the checkpoints apart: it is the number of the epoch.
    """
    callback = Checkpoints(folder, lambda epoch: epoch % every == 0)
    callback.set_model(model)
    callback.set_params({"epochs": num_epochs or first_epoch + len(bounds)})
    rows = folder.read_history()
    for epoch, bound in enumerate(bounds, first_epoch):
        model.kl_weight.assign(epoch + 1)
        logs = {"bound": -1.0} if bound is None else {"bound": -1.0, "val_bound": bound}
        row = {"epoch": epoch + 1, "train_bound": -1.0}
        rows.append(row if bound is None else {**row, "validation_bound": bound})
        folder.write_history(rows)  # As `HistoryFile` does before it.
        callback.on_epoch_end(epoch, logs)


def epoch_of(path) -> int:
    """Reads a checkpoint of a `Numbered` model."""
    return int(path.read_text())


def test_the_newest_two_and_the_best_are_kept(numbered, folder):
    save_epochs(numbered, folder, [-5, -3, -4, -3.5, -6])
    names = sorted(path.name for path in folder.checkpoints.iterdir())
    assert names == ["best.json", "best.keras", "epoch-000004.keras", "epoch-000005.keras"]
    assert [epoch_of(folder.checkpoint_of(epoch)) for epoch in (4, 5)] == [4, 5]
    assert epoch_of(folder.best_checkpoint) == 2


@pytest.mark.parametrize(("bound", "best"), [(-3.5, 2), (-2.5, 6)])
def test_the_best_is_remembered_on_resume(numbered, folder, bound, best):
    save_epochs(numbered, folder, [-5, -3, -4, -3.5, -6])
    save_epochs(numbered, folder, [bound], first_epoch=5)
    assert epoch_of(folder.best_checkpoint) == best


def test_the_best_is_one_of_those_saved(numbered, folder):
    """An epoch between two checkpoints may be better, but nothing of it is left."""
    save_epochs(numbered, folder, [-1, -5, -1, -4, -9], every=2)
    assert folder.checkpoint_epochs() == [4, 5], "the last epoch always has one"
    assert epoch_of(folder.best_checkpoint) == 4
    save_epochs(numbered, folder, [-3], every=2, first_epoch=5)
    assert epoch_of(folder.best_checkpoint) == 6


def test_the_best_is_remembered_beyond_its_own_file(numbered, folder):
    """The last epoch of a start may be no multiple of `every`, and the best of all."""
    save_epochs(numbered, folder, [-5, -4, -1], every=2)
    save_epochs(numbered, folder, [-6, -7, -8, -9, -9], every=2, first_epoch=3)
    assert 3 not in folder.checkpoint_epochs()
    save_epochs(numbered, folder, [-9, -3], every=2, first_epoch=8)
    assert epoch_of(folder.best_checkpoint) == 3


def test_the_best_is_mended_after_a_kill(numbered, folder):
    """A process may die between writing an epoch's checkpoint and making it the best."""
    save_epochs(numbered, folder, [-5, -4])
    before = folder.best_checkpoint.read_bytes()
    save_epochs(numbered, folder, [-3], first_epoch=2)
    # Only `epoch-000003.keras` was written, of which the best is a link now.
    folder.best_checkpoint.unlink()
    folder.best_checkpoint.write_bytes(before)
    assert epoch_of(folder.best_checkpoint) == 2
    save_epochs(numbered, folder, [-6], first_epoch=3)
    assert epoch_of(folder.best_checkpoint) == 3


def test_without_validation_there_is_no_best(numbered, folder):
    save_epochs(numbered, folder, [None, None, None])
    assert folder.checkpoint_epochs() == [2, 3]
    assert not folder.best_checkpoint.exists()


def test_file_system_without_hard_links(numbered, folder, monkeypatch):
    def refuse(*_):
        raise OSError("no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    save_epochs(numbered, folder, [-1, -2, -3])
    assert epoch_of(folder.best_checkpoint) == 1


def test_checkpoint_that_cannot_be_written_costs_no_other(numbered, folder, monkeypatch):
    save_epochs(numbered, folder, [-3, -2])
    before = {path.name: path.read_bytes() for path in folder.checkpoints.iterdir()}

    def disk_is_full(path):
        path.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(numbered, "save", disk_is_full)
    with pytest.raises(OSError, match="No space left"):
        save_epochs(numbered, folder, [-1], first_epoch=2)
    assert {path.name: path.read_bytes() for path in folder.checkpoints.iterdir()} == before


def test_checkpoint_holds_weights_and_optimiser(model, batch, folder):
    model.fit(batch, epochs=2, steps_per_epoch=2, verbose=0, callbacks=[Checkpoints(folder)])
    loaded = load_checkpoint(folder.newest_checkpoint(), folder)
    assert int(loaded.optimizer.iterations) == 4
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
    for left, right in zip(
        [*loaded.variables, *loaded.optimizer.variables],
        [*model.variables, *model.optimizer.variables],
        strict=True,
    ):
        np.testing.assert_array_equal(left.numpy(), right.numpy(), err_msg=left.path)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content[: len(content) // 2], id="truncated"),
        pytest.param(lambda content: b"a text\n", id="text"),
        pytest.param(
            lambda content: content[:3000] + bytes(3000) + content[6000:], id="overwritten"
        ),
    ],
)
def test_damaged_newest_checkpoint_is_named_and_passed_over(model, folder, capsys, damage):
    save_epochs(model, folder, [-3, -2, -1])
    newest = folder.newest_checkpoint()
    newest.write_bytes(damage(newest.read_bytes()))
    with pytest.raises(UserError, match=f"received {re.escape(str(newest))}: .*; use another"):
        load_checkpoint(newest, folder)
    loaded, epoch = load_newest(folder)
    assert epoch == 2
    assert int(loaded.kl_weight.numpy()) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert re.match(f"warning: .* received {re.escape(str(newest))}: ", lines[0])
    assert folder.checkpoint_epochs() == [2], "it is out of the way of the next"


def test_run_without_checkpoints_begins_with_a_new_model(folder):
    assert load_newest(folder) == (None, 0)


def test_run_whose_checkpoints_are_all_damaged_is_not_begun_anew(model, folder):
    save_epochs(model, folder, [-3, -2])
    before = folder.history_file.read_bytes()
    for epoch in (1, 2):
        folder.checkpoint_of(epoch).write_bytes(b"")
    with pytest.raises(UserError, match=r"received .*epoch-000002\.keras, .*epoch-000001\.keras;"):
        load_newest(folder)
    assert folder.history_file.read_bytes() == before


def test_missing_checkpoint(tmp_path, folder):
    with pytest.raises(UserError, match=r"received .*none\.keras: .*; use another checkpoint"):
        load_checkpoint(tmp_path / "none.keras", folder)


OF_OTHER_RUNS = [
    ({"model": "jmvae"}, "model jmvae_kl, not jmvae"),
    ({"latent_dim": 3}, "latent_dim 2, not 3"),
    ({"joint_encoder": "(D5R, D4R)"}, "joint_encoder (D4R, D4R), not (D5R, D4R)"),
    ({"decoders": {"image": "D5R", "label": "D4R"}}, "decoders {'image': 'D4R', "),
    ({"latent_dim": 3, "model": "jmvae"}, "model jmvae_kl, not jmvae, latent_dim 2, not 3"),
]


@pytest.mark.slow
def test_checkpoint_of_another_architecture(model, folder, monkeypatch):
    monkeypatch.setattr(checkpoints, "read_model", functools.cache(checkpoints.read_model))
    save_epochs(model, folder, [-3])
    path = folder.newest_checkpoint()
    assert load_checkpoint(path, folder).latent_dim == 2
    for of_the_run, told in OF_OTHER_RUNS:
        folder.write_config(settings_with(**of_the_run), model.modalities)
        message = re.escape(f"received {path}: {told}") + ".*; use a checkpoint of this run"
        with pytest.raises(UserError, match=message):
            load_checkpoint(path, folder)


@pytest.mark.slow
def test_checkpoint_of_other_modalities(model, folder, settings):
    save_epochs(model, folder, [-3])
    folder.write_config(settings, digit_modalities(8))
    with pytest.raises(
        UserError, match=r"image \(4, 4, 1\), not \(8, 8, 1\), .* label \(3,\), not"
    ):
        load_checkpoint(folder.newest_checkpoint(), folder)


@pytest.mark.slow
def test_checkpoint_of_a_run_that_recorded_no_shapes(model, folder, settings):
    """Versions until 0.3.0 did not; their digits have 8 x 8 pixels."""
    save_epochs(model, folder, [-3])
    folder.write_config(settings)
    with pytest.raises(
        UserError, match=r"image \(4, 4, 1\), not \(8, 8, 1\), .* label \(3,\), not"
    ):
        load_checkpoint(folder.newest_checkpoint(), folder)
    folder.check_modalities(digit_modalities(8))
    with pytest.raises(UserError, match=r"started with; received data of .*\(28, 28, 1\).*, not"):
        folder.check_modalities(digit_modalities(28))


def test_data_of_other_modalities_than_the_run_s(folder):
    assert folder.read_event_shapes() == {"image": (4, 4, 1), "label": (3,)}
    with pytest.raises(UserError, match=r"started with; received data of .*\(8, 8, 1\).*, not"):
        folder.check_modalities(digit_modalities(8))


# All of them together; `test_programs` has the runs that are interrupted.


@pytest.mark.slow
def test_run_without_a_validation_set(settings, tiny_data, folder, capsys):
    data = tiny_data(num_train=10, num_validation=0)
    model = make_model(settings, data)
    model.compile(optimizer=model.optimizer, run_eagerly=True)
    train(model, settings, data, folder)
    assert int(model.optimizer.iterations) == 4
    columns = folder.read_history()[-1]
    assert "test_bound" in columns
    assert not any(name.startswith("validation") for name in columns)
    assert folder.checkpoint_epochs() == [1, 2]
    assert not folder.best_checkpoint.exists()
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_finished_run_is_left_alone(model, settings, tiny_data, folder):
    folder.write_history([{"epoch": 1, "a": 1.0}, {"epoch": 2, "a": 2.0}])
    before = model.get_weights()
    train(model, settings, tiny_data(), folder, first_epoch=settings.epochs)
    assert len(folder.read_history()) == 2
    tf.nest.map_structure(np.testing.assert_array_equal, model.get_weights(), before)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"batch_size": 21}, "larger than the training set; received --batch_size=21 for 20"),
        ({"joint_encoder": "(D4R)"}, "must make a model; received .*"),
        ({"decoders": {"image": "D4X"}}, "must make a model; received .*'D4X'"),
        ({"encoders": {"label": "C4R"}}, "must make a model; received .*'C4R'"),
    ],
)
def test_settings_that_make_no_model(settings, tiny_data, overrides, message):
    settings = dataclasses.replace(
        settings,
        **{
            name: {**getattr(settings, name), **value} if isinstance(value, dict) else value
            for name, value in overrides.items()
        },
    )
    with pytest.raises(UserError, match=message):
        make_model(settings, tiny_data())


def test_the_seed_determines_the_initial_weights(settings, tiny_data):
    data = tiny_data()
    first, same, other = (
        make_model(dataclasses.replace(settings, seed=seed), data).get_weights()
        for seed in (3, 3, 4)
    )
    tf.nest.map_structure(np.testing.assert_array_equal, first, same)
    assert any((left != right).any() for left, right in zip(first, other, strict=True))
