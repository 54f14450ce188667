"""When a run is evaluated and saved."""

import pytest

from jmvae_tf.training.due_epochs import has_checkpoint, has_evaluation
from tests.helpers.tiny_runs import settings_with


@pytest.mark.parametrize(
    ("checkpoints", "evaluations", "saved", "evaluated"),
    [
        (1, 1, range(1, 14), range(1, 14)),
        (1, 5, range(1, 14), [5, 10, 13]),
        (5, 1, [5, 10, 13], range(1, 14)),
        (5, 4, [5, 10, 13], [4, 5, 8, 10, 12, 13]),
        (4, 6, [4, 6, 8, 12, 13], [6, 12, 13]),
        (100, 100, [13], [13]),
    ],
)
def test_each_of_the_rarer_ones_goes_with_one_of_the_others(
    checkpoints, evaluations, saved, evaluated
):
    settings = settings_with(epochs=13, checkpoint_every=checkpoints, evaluate_every=evaluations)
    epochs = range(1, 14)
    assert [x for x in epochs if has_checkpoint(settings, x)] == list(saved)
    assert [x for x in epochs if has_evaluation(settings, x)] == list(evaluated)


@pytest.mark.parametrize(
    ("patience", "evaluated"),
    [(0, [10, 20]), (60, [10, 20]), (25, [5, 10, 15, 20]), (3, range(1, 21))],
)
def test_patience_has_at_least_five_evaluations(patience, evaluated):
    settings = settings_with(epochs=20, checkpoint_every=1, evaluate_every=10, patience=patience)
    assert [x for x in range(1, 21) if has_evaluation(settings, x)] == list(evaluated)
