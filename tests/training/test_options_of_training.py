"""Tests of decaying rates, averaged weights, clipped gradients and patience."""

import dataclasses
import pathlib
import signal
import types

import numpy as np
import pytest

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.modalities import observed_key
from jmvae_tf.models.adversarial import without_adversary
from jmvae_tf.programs.common.chosen_run import choose_run
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.training import patience
from jmvae_tf.training.build import make_model
from jmvae_tf.training.callbacks import Patience
from jmvae_tf.training.checkpoints import load_checkpoint, load_newest, load_trained
from jmvae_tf.training.discriminator_watch import DiscriminatorWatch
from jmvae_tf.training.progress import Progress
from jmvae_tf.training.run_folder import RunFolder, name_of_epoch
from jmvae_tf.training.schedules import TwoRates, decoder_rate_of, rate_of
from jmvae_tf.training.train import train
from tests.helpers.small_runs import newest_variables
from tests.helpers.tiny_runs import settings_with, tiny_data

ALL = {"decay_epochs": 3, "ema_momentum": 0.5, "clip_norm": 0.1, "patience": 9}
GAN = {"discriminator": "D4L"}
# The second epoch is against the discriminator.
STAGED = {
    **GAN,
    "adversary": "hinge+r1+projection+balanced",
    "adversary_after": 1,
    "patience": 0,
}


@pytest.fixture
def data(two_modalities):
    """Two batches of training examples."""
    return tiny_data(two_modalities, num_train=10)


def with_few_labels(data) -> DataSet:
    """Hides four of five labels; every test example keeps its own."""
    key = observed_key("label")
    masks = {part: np.arange(data.num_examples(part)) % 5 == 0 for part in ("train", "validation")}
    masks["test"] = np.ones(data.num_examples("test"), bool)
    parts = {part: {**getattr(data, part), key: mask} for part, mask in masks.items()}
    return dataclasses.replace(data, **parts)


def trained(path, settings, data) -> RunFolder:
    """Trains a new run, or one that is there to the number of epochs in the settings."""
    folder = RunFolder(path)
    model, epoch = load_newest(folder) if folder.is_run() else (None, 0)
    if model is None:
        model = make_model(settings, data)
        folder.start(settings, data.modalities)
    model.run_eagerly = True  # A few steps are not worth a trace.
    train(model, settings, data, folder, epoch)
    return folder


def test_a_rate_falls_along_half_a_cosine_and_stays():
    rate = rate_of(settings_with(decay_epochs=5), 0.1, steps_per_epoch=4)
    rates = [float(rate(step)) for step in (0, 5, 10, 15, 20, 21, 1000)]
    cosine = 0.01 + 0.99 * (1 + np.cos(np.pi * np.array([0, 0.25, 0.5, 0.75, 1, 1, 1]))) / 2
    np.testing.assert_allclose(rates, 0.1 * cosine, rtol=1e-5)
    assert rate_of(settings_with(), 0.1, steps_per_epoch=4) == 0.1


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("jmvae", {}),
        pytest.param("jmvae_kl", {}, marks=pytest.mark.slow),
        pytest.param("jmvae_kl", {"num_samples": 3, "gradient": "dreg"}, marks=pytest.mark.slow),
        pytest.param("jmvae_gan", GAN, marks=pytest.mark.slow),
        pytest.param("jmvae_kl_gan", STAGED, marks=pytest.mark.slow),
    ],
)
def test_resumed_equals_uninterrupted(tmp_path, data, model, options):
    """Also where most examples lack a label."""
    data = with_few_labels(data)
    settings = settings_with(model, epochs=1, **{**ALL, **options})
    longer = dataclasses.replace(settings, epochs=2)
    whole = trained(tmp_path / "whole", longer, data)
    parts = trained(tmp_path / "parts", settings, data)
    parts.write_config(longer, data.modalities)  # As --resume --epochs=2 does.
    trained(parts.path, longer, data)
    assert parts.history_file.read_text() == whole.history_file.read_text()
    for one, other in zip(newest_variables(parts), newest_variables(whole), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize(("signum", "saved"), [(signal.SIGTERM, 1), (signal.SIGINT, 2)])
def test_an_interrupted_run_on_few_labels_ends_as_one_that_was_not(
    tmp_path, two_modalities, monkeypatch, signum, saved
):
    """It is interrupted within its second epoch, whose batches and masks then come again."""
    settings = settings_with(**ALL, steps_per_execution=1, epochs=3)
    gaps = with_few_labels(tiny_data(two_modalities))
    whole = trained(tmp_path / "whole", settings, gaps)

    class Interrupted(Progress):
        def on_train_batch_begin(self, batch, logs=None):
            if int(self.model.optimizer.iterations) == 5:  # Of four in an epoch.
                signal.raise_signal(signum)

    with monkeypatch.context() as patched:
        patched.setattr("jmvae_tf.training.train.Progress", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            trained(tmp_path / "parts", settings, gaps)
    parts = RunFolder(tmp_path / "parts")
    assert len(parts.read_history()) == saved
    trained(parts.path, settings, gaps)
    assert parts.history_file.read_text() == whole.history_file.read_text()
    for one, other in zip(newest_variables(parts), newest_variables(whole), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["jmvae", pytest.param("jmvae_gan", marks=pytest.mark.slow)])
def test_averages_are_measured_and_used(tmp_path, data, model):
    """A fit ends with them; the validation bound, and so the best checkpoint, is theirs."""
    settings = settings_with(model, **ALL, **(GAN if model.endswith("_gan") else {}))
    made, folder = make_model(settings, data), RunFolder(tmp_path / "run")
    made.run_eagerly = True
    folder.start(settings, data.modalities)
    train(made, settings, data, folder)
    for part in made.parts():
        averages = part.optimizer._model_variables_moving_average
        for variable, average in zip(part.variables, averages, strict=True):
            np.testing.assert_array_equal(variable.numpy(), average.numpy())
    to_train = load_trained(folder.best_checkpoint, folder)
    used = load_checkpoint(folder.best_checkpoint, folder)
    averages = [
        average.numpy()
        for part in to_train.parts()
        for average in part.optimizer._model_variables_moving_average
    ]
    raw = [variable.numpy() for part in to_train.parts() for variable in part.variables]
    assert any((one != other).any() for one, other in zip(raw, averages, strict=True))
    for part in to_train.parts():
        part.optimizer.finalize_variable_values(part.variables)
    inside = without_adversary(to_train).get_weights()
    for one, other in zip(used.get_weights(), inside, strict=True):
        np.testing.assert_array_equal(one, other)
    row = folder.read_history()[folder.best_epoch() - 1]
    validation = {name: np.float32(x) for name, x in data.validation.items()}
    to_train.run_eagerly = True
    bound = to_train.evaluate(validation, verbose=0, return_dict=True)["bound"]
    assert bound == pytest.approx(row["validation_bound"], rel=1e-6)


def test_a_decoder_has_a_rate_of_its_own_against_the_discriminator():
    settings = settings_with("jmvae_kl_gan", **STAGED, learning_rate=0.1, decoder_learning_rate=0.3)
    rate = decoder_rate_of(settings, steps_per_epoch=4)
    np.testing.assert_allclose([float(rate(step)) for step in (0, 3, 4, 9)], [0.1, 0.1, 0.3, 0.3])
    decaying = decoder_rate_of(dataclasses.replace(settings, decay_epochs=2), steps_per_epoch=4)
    again = TwoRates.from_config(decaying.get_config())
    for step, expected in ((0, 0.1), (4, 0.3), (8, 0.3 * 0.505), (12, 0.003), (99, 0.003)):
        assert float(decaying(step)) == pytest.approx(expected)
        assert float(again(step)) == pytest.approx(expected)
    assert decoder_rate_of(settings_with("jmvae_gan", **GAN, learning_rate=0.1), 4) == 0.1


def test_patience_needs_a_bound_that_rises():
    with pytest.raises(UserError, match=r"--patience watches the bound, .* received --patience=3"):
        settings_with("jmvae_kl_gan", **{**STAGED, "patience": 3})


@pytest.mark.slow
def test_a_run_that_ends_before_its_discriminator_begins_says_so(tmp_path, data, capsys):
    settings = settings_with("jmvae_kl_gan", **{**STAGED, "adversary_after": 2}, epochs=1)
    trained(tmp_path / "run", settings, data)
    assert "note: the discriminator begins after epoch 2 " in capsys.readouterr().err


def test_a_discriminator_that_wins_is_told_of_once(capsys):
    watch = DiscriminatorWatch()
    for epoch, accuracy in enumerate([0.9, 1.0, 1.0, 0.99, 1.0]):
        watch.on_epoch_end(epoch, {"discriminator_accuracy": accuracy})
    watch.on_epoch_end(5, {"bound": -1.0})
    warnings = capsys.readouterr().err.splitlines()
    assert len(warnings) == 2
    assert warnings[0].startswith("warning: the discriminator judged every image of epoch 2 right")
    assert "epoch 5" in warnings[1]


def test_gradients_are_clipped(data, tmp_path):
    """Adam's first moment after one step is a tenth of the clipped gradient."""
    settings = settings_with("jmvae", clip_norm=0.1, batch_size=10, epochs=1)
    folder = trained(tmp_path / "run", settings, data)
    optimizer = load_trained(folder.newest_checkpoint(), folder).optimizer
    norm = np.sqrt(sum((moment.numpy() ** 2).sum() for moment in optimizer._momentums))
    np.testing.assert_allclose(norm, 0.1 * 0.1, rtol=1e-5)


@pytest.mark.parametrize(
    ("bounds", "ends"),
    [
        ([], False),
        ([-3, -2, -2.5], False),
        ([-3, -2, -2.5, -2.4], True),
        ([-3, -2, -2.5, -2], True),  # As good is not better.
        ([-3, -2, -2.5, -1.9, -5], False),
        # Epoch 2 is the last of the warm-up, and epochs count from there.
        ([-1, -2, -3], False),
        ([-1, -2, -3, -4], True),
    ],
)
def test_patience_ends(bounds, ends):
    for name in ("bound", "objective"):
        rows = [{"epoch": i, f"validation_{name}": x} for i, x in enumerate(bounds, 1)]
        assert patience.ends(settings_with(patience=2, warmup_epochs=2), rows) == ends
        assert not patience.ends(settings_with(patience=0, warmup_epochs=2), rows)


def test_patience_remembers_the_epochs_before_a_resumption():
    callback = Patience(settings_with(patience=2), [{"epoch": 1, "validation_bound": -1.0}])
    callback.set_model(types.SimpleNamespace(stop_training=False))
    callback.on_epoch_end(1, {"bound": -1.0, "val_bound": -2.0})
    assert not callback.model.stop_training
    callback.on_epoch_end(2, {"bound": -1.0, "val_bound": -1.5})
    assert callback.model.stop_training


@pytest.mark.slow
def test_patience_ends_a_run_for_good(tmp_path, data):
    settings = settings_with("jmvae", patience=1, epochs=5, checkpoint_every=5, learning_rate=1e-2)
    folder = RunFolder(tmp_path / "run")
    folder.start(settings, data.modalities)
    model = make_model(settings, data)
    model.run_eagerly = True
    train(model, dataclasses.replace(settings, epochs=1), data, folder)
    first = folder.read_history()[0]
    folder.write_history([first | {"validation_bound": 1e9}])  # No epoch will be better.
    trained(folder.path, settings, data)
    assert [row["epoch"] for row in folder.read_history()] == [1, 2]
    assert folder.checkpoint_epochs() == [1, 2]
    before = folder.newest_checkpoint().read_bytes()
    trained(folder.path, settings, data)
    assert folder.newest_checkpoint().read_bytes() == before
    assert choose_run(str(folder.path), None).checkpoint == folder.best_checkpoint
    assert name_of_epoch(folder, folder.best_checkpoint) == "epoch-000001.keras"
    assert name_of_epoch(folder, folder.checkpoint_of(2)) == "epoch-000002.keras"
    others = [tmp_path / name / "epoch-000002.keras" for name in ("other", "third")]
    for other in others:
        other.parent.mkdir()
        other.write_text(str(other))
    names = {name_of_epoch(folder, other) for other in others}
    assert len(names) == 2
    assert all(name.startswith("epoch-000002.keras ") for name in names)
    folder.write_config(settings_with("jmvae", epochs=5), data.modalities)
    assert choose_run(str(folder.path), None).checkpoint == folder.newest_checkpoint()


@pytest.mark.slow
def test_evaluations_may_be_rarer_and_change_nothing_else(tmp_path, data):
    """All numbers of training stay bit for bit, and the last epoch is evaluated."""
    options = {"epochs": 3, "checkpoint_every": 1}
    each = trained(tmp_path / "each", settings_with(**options), data)
    rare = trained(tmp_path / "rare", settings_with(**options, evaluate_every=2), data)
    evaluated = ("validation_", "test_")
    for row, expected in zip(rare.read_history(), each.read_history(), strict=True):
        if row["epoch"] not in (2, 3):
            expected = {name: x for name, x in expected.items() if not name.startswith(evaluated)}
        assert row == expected
    bounds = {x["epoch"]: x["validation_bound"] for x in rare.read_history() if "test_bound" in x}
    assert list(bounds) == [2, 3]
    assert rare.best_epoch() == max(bounds, key=bounds.get)


@pytest.mark.slow
def test_a_resumed_run_evaluates_when_an_undisturbed_one_does(tmp_path, data):
    options = {"evaluate_every": 2, "checkpoint_every": 1}
    folder = trained(tmp_path / "run", settings_with(epochs=1, **options), data)
    folder.write_config(settings_with(epochs=4, **options), data.modalities)
    trained(folder.path, settings_with(epochs=4, **options), data)
    has = {int(x["epoch"]): "test_bound" in x for x in folder.read_history()}
    assert has == {1: True, 2: True, 3: False, 4: True}  # It was the last one, once.


@pytest.mark.slow
def test_broken_weights_are_not_saved_where_nothing_is_evaluated(tmp_path, data):
    """The last step of an epoch may break them, and the terms of its batches do not show it."""
    settings = settings_with(epochs=9, evaluate_every=9, checkpoint_every=1)
    folder = RunFolder(tmp_path / "run")
    folder.start(settings, data.modalities)
    model = make_model(settings, data)
    model.run_eagerly = True
    step, taken = model.train_step, []

    def breaking(batch):
        logs = step(batch)
        taken.append(batch)
        if len(taken) == 4:  # The last one of the second epoch.
            [weight, *_] = model.trainable_variables
            weight.assign(np.full(weight.shape, np.nan))
        return logs

    model.train_step = breaking
    with pytest.raises(UserError, match=r"Every weight must be finite; .* after epoch 2; .*000001"):
        train(model, settings, data, folder)
    assert folder.checkpoint_epochs() == [1]


@pytest.mark.slow
def test_a_run_stopped_before_its_first_evaluation_has_its_newest_checkpoint(tmp_path, data):
    settings = settings_with(epochs=50, patience=50, evaluate_every=10)
    folder = trained(tmp_path / "run", dataclasses.replace(settings, epochs=1), data)
    for name in ("best.json", "best.keras"):
        (folder.checkpoints / name).unlink()
    folder.write_config(settings, data.modalities)
    assert choose_run(str(folder.path), None).checkpoint == folder.newest_checkpoint()


def test_patience_counts_epochs_that_are_not_evaluated():
    rows = [{"epoch": 1}, {"epoch": 2, "validation_bound": 1.0}, {"epoch": 3}]
    settings = settings_with(patience=3, evaluate_every=2)
    rows.append({"epoch": 4, "validation_bound": 0.0})
    assert not patience.ends(settings, rows)
    assert patience.ends(settings, [*rows, {"epoch": 5}, {"epoch": 6, "validation_bound": 0.5}])


def test_patience_needs_a_validation_set(tmp_path, two_modalities):
    data = tiny_data(two_modalities, num_validation=0)
    settings = settings_with(patience=1)
    with pytest.raises(UserError, match="validation set; received --patience=1 and no validation"):
        train(make_model(settings, data), settings, data, RunFolder(pathlib.Path(tmp_path)))
