"""A bar of 80 columns on a terminal, plain lines elsewhere."""

import io
import re
import sys

import pytest
import tensorflow as tf

from jmvae_tf.training.callbacks import TermsOnTestSet
from jmvae_tf.training.progress import Progress
from tests.helpers.counting_model import counting_model


@pytest.fixture
def batch(two_modality_batch):
    """The same batch, without end."""
    return tf.data.Dataset.from_tensors(two_modality_batch).repeat()


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self):
        return True


def fit_with_progress(batch, initial_epoch=0, eagerly=True, evaluated=(1, 2, 3)):
    progress = Progress(initial_epoch)
    counting_model(eagerly).fit(
        batch,
        epochs=3,
        initial_epoch=initial_epoch,
        steps_per_epoch=2,
        validation_data=batch.take(1),
        validation_freq=list(evaluated),
        verbose=0,
        callbacks=[TermsOnTestSet(batch.take(1), lambda epoch: epoch in evaluated), progress],
    )
    progress.close()


@pytest.mark.parametrize("initial_epoch", [0, 1])
def test_one_plain_line_an_epoch(batch, capsys, initial_epoch):
    fit_with_progress(batch, initial_epoch)
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == ""
    assert [line.split(":")[0] for line in lines] == [
        f"epoch {epoch}/3" for epoch in range(initial_epoch + 1, 4)
    ]
    number = r"-?\d+\.\d{3}"
    pattern = rf"bound in nats: train {number}, validation {number}, test {number} \([\d.]+ s\)"
    assert all(re.search(pattern, line) for line in lines)


@pytest.mark.parametrize("initial_epoch", [0, 1])
def test_bar_with_an_estimate_on_a_terminal(batch, capsys, monkeypatch, initial_epoch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    fit_with_progress(batch, initial_epoch)
    assert capsys.readouterr().out == ""
    first, *_, last = terminal.getvalue().split("\r")[1:]
    assert first.startswith(f"epoch {initial_epoch + 1}/3")
    # Three epochs of two steps, those of an earlier start among them.
    assert ("17%" if initial_epoch == 0 else "50%") in first
    assert re.fullmatch(
        r"epoch 3/3 100%\|#+\| \d\d:\d\d, \d\d:\d\d left, bound -1.5, validation -2.5 *\n", last
    )
    assert len(last.rstrip("\n")) <= 80


def test_the_last_evaluation_stays_beside_the_bar(batch, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    fit_with_progress(batch, evaluated=[1])
    assert terminal.getvalue().rstrip().endswith("bound -1.5, validation -2.5")


def test_the_first_step_is_announced_since_it_compiles(batch, capsys):
    fit_with_progress(batch, eagerly=False)
    assert capsys.readouterr().out.startswith("compiling (about 10 s)\nepoch 1/3: ")
