"""Ctrl-C lets the epoch end and saves it; a second one and SIGTERM stop at a batch."""

import os
import signal

import keras
import pytest
import tensorflow as tf

from jmvae_tf.training.callbacks import Checkpoints, TermsOnTestSet
from jmvae_tf.training.run_folder import RunFolder
from jmvae_tf.training.stop_on_signal import StopOnSignal
from tests.helpers.counting_model import counting_model

STEPS = 3  # Of an epoch.


@pytest.fixture
def batch(two_modality_batch):
    """The same batch, without end."""
    return tf.data.Dataset.from_tensors(two_modality_batch).repeat()


@pytest.fixture(autouse=True)
def handlers():
    """The handlers of both signals, which must be the same again after the test."""
    before = [signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)]
    yield
    after = [signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)]
    for signum, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
        signal.signal(signum, handler)
    assert after == before


class SignalsAt(keras.callbacks.Callback):
    """Sends signals to this process at calls of a hook, counted from 1."""

    def __init__(self, hook, at):
        super().__init__()
        self.calls = 0

        def send(*_, **__):
            self.calls += 1
            for signum in at.get(self.calls, ()):
                os.kill(os.getpid(), signum)

        setattr(self, hook, send)


def fit_until_stopped(batch, sender, epochs=3, others=()):
    """Returns the number of steps that were finished, and the signal of the interrupt."""
    model = counting_model()
    with pytest.raises(KeyboardInterrupt) as interrupt, StopOnSignal() as stop:
        model.fit(
            batch,
            epochs=epochs,
            steps_per_epoch=STEPS,
            validation_data=batch.take(2),
            verbose=0,
            callbacks=[stop, sender, *others],
        )
    [signum] = interrupt.value.args
    return int(model.optimizer.iterations), signum


ONE, TWO, TERM = [signal.SIGINT], [signal.SIGINT] * 2, [signal.SIGTERM]


@pytest.mark.parametrize(
    ("hook", "at", "done"),
    [
        ("on_train_batch_begin", {2: ONE}, STEPS),
        ("on_train_batch_begin", {STEPS + 1: ONE}, 2 * STEPS),
        ("on_test_batch_begin", {1: ONE}, STEPS),
        # What ends an epoch is finished; the next epoch has begun when this shows.
        ("on_epoch_end", {1: ONE}, 2 * STEPS),
        # Within a step: that step is finished.
        ("on_train_batch_begin", {2: TWO}, 2),
        ("on_train_batch_begin", {1: ONE, 2: ONE}, 2),
        ("on_train_batch_begin", {2: TERM}, 2),
        ("on_train_batch_begin", {1: ONE, 2: TERM}, 2),
        # At the end of that batch of the validation set.
        ("on_test_batch_begin", {1: TERM}, STEPS),
        ("on_epoch_end", {1: TERM}, STEPS + 1),
        # At once.
        ("on_train_batch_begin", {2: 3 * ONE}, 1),
        ("on_train_batch_begin", {2: 2 * TERM}, 1),
        # After the last batch: long work follows, and whoever pressed Ctrl-C does not wait for it.
        ("on_epoch_end", {3: ONE}, 3 * STEPS),
        ("on_epoch_end", {3: TERM}, 3 * STEPS),
    ],
)
def test_signals_stop_at_a_batch_or_an_epoch(batch, hook, at, done):
    last = [signum for signals in at.values() for signum in signals][-1]
    assert fit_until_stopped(batch, SignalsAt(hook, at)) == (done, last)


@pytest.mark.parametrize(("signals", "saved"), [(ONE, [1]), (TERM, [])])
def test_they_stop_while_the_test_set_is_measured(batch, tmp_path, signals, saved, capsys):
    folder, measured = RunFolder(tmp_path), SignalsAt("on_test_batch_begin", {2: signals})
    stop = StopOnSignal()
    test = TermsOnTestSet(batch.take(3), lambda epoch: True, callbacks=[stop, measured])
    callbacks = [stop, test, Checkpoints(folder, lambda epoch: epoch % 10 == 0)]
    model = counting_model()
    with pytest.raises(KeyboardInterrupt), stop:
        model.fit(batch, epochs=30, steps_per_epoch=STEPS, verbose=0, callbacks=callbacks)
    assert measured.calls == (3 if saved else 2)
    assert folder.checkpoint_epochs() == saved
    assert ("stopping after epoch 1, which is saved" in capsys.readouterr().err) == bool(saved)


def test_first_ctrl_c_says_what_a_second_one_does(batch, capsys):
    fit_until_stopped(batch, SignalsAt("on_train_batch_begin", {STEPS + 2: ONE}))
    error = capsys.readouterr().err
    assert error == (
        "stopping after epoch 2, which is saved; Ctrl-C again stops now and loses it\n"
    )


@pytest.mark.parametrize(("signals", "saved"), [(ONE, [2]), (TWO, []), (TERM, [])])
def test_the_epoch_is_saved_whenever_checkpoints_are_due(batch, tmp_path, signals, saved):
    folder = RunFolder(tmp_path)
    sender = SignalsAt("on_train_batch_begin", {STEPS + 1: signals})
    fit_until_stopped(
        batch, sender, epochs=30, others=[Checkpoints(folder, lambda epoch: epoch % 10 == 0)]
    )
    assert folder.checkpoint_epochs() == saved
