"""Estimates how long the rest of a comparison takes."""

import dataclasses
import time
from collections.abc import Mapping, Sequence

import numpy as np

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.reproduction.compared_runs import ComparedRuns
from jmvae_tf.reproduction.durations import Durations, read_durations
from jmvae_tf.reproduction.measures import COMPARED
from jmvae_tf.reproduction.recipes import Recipe
from jmvae_tf.runtime.progress import time_in_words
from jmvae_tf.settings import Settings
from jmvae_tf.training.build import feed_of, make_model

_TRACED, _TIMED = 2, 5
"""Training steps: not timed, as the first ones trace the model, and timed."""

_FORWARD = 1 / 3
"""The time of testing an example, over that of training with it."""


class TimeLeft:
    """How long the runs of a comparison still take, by how long others took.

    Training goes by the seconds of an epoch of the same model: in runs that were trained already,
    or else in a few steps of `time_models`. Measuring goes by the runs that were measured already.
    """

    def __init__(
        self, runs: ComparedRuns, recipes: Sequence[Recipe], timed: Mapping[str, float]
    ) -> None:
        """Takes the times of models that were not trained before.

        Args:
          runs: the runs of the comparison.
          recipes: the recipes of all of them.
          timed: what `time_models` returned of `untimed_models`.
        """
        self._runs, self._recipes, self._timed = runs, recipes, timed

    def as_text(self) -> str:
        """Returns a sentence; an empty string if nothing is left to train or to measure.

        Raises:
          UserError: if the data cannot be loaded, or the folder of a run contains something else.
        """
        runs, spent = self._runs, self._spent()
        epochs: dict[str, int] = {}
        for recipe in self._recipes:
            epochs[recipe.model] = epochs.get(recipe.model, 0) + runs.epochs_left(recipe)
        of_model = {
            model: number * self._epoch(model, spent[model])
            for model, number in epochs.items()
            if number
        }
        left = sum(of_model.values())
        unmeasured = sum(not runs.is_measured(recipe, COMPARED) for recipe in self._recipes)
        if not unmeasured and not left:
            return ""
        training = ""
        if left:
            trained = all(any(x.epochs for x in spent[model]) for model in of_model)
            by = "runs that are done" if trained else "a few steps"
            training = f"training takes about {time_in_words(left)}, by {by}"
        what = "measuring one run" if unmeasured == 1 else f"measuring {unmeasured} runs"
        taken = [x.measuring for each in spent.values() for x in each if x.measuring]
        if not unmeasured:
            what = ""
        elif taken:
            what += f" about {time_in_words(unmeasured * float(np.mean(taken)))}"
        else:
            what += " comes on top, and is estimated after the first one"
        return "estimate: " + "; ".join(filter(None, [training, what]))

    def _spent(self) -> dict[str, list[Durations]]:
        """Reads what was spent on the runs of each model."""
        spent: dict[str, list[Durations]] = {}
        for recipe in self._recipes:
            of_run = read_durations(self._runs.folder(recipe))
            spent.setdefault(recipe.model, []).append(of_run)
        return spent

    def _epoch(self, model: str, spent: Sequence[Durations]) -> float:
        """Returns the seconds of an epoch."""
        if epochs := sum(x.epochs for x in spent):
            return sum(x.training for x in spent if x.epochs) / epochs
        return self._timed[model]


def untimed_models(runs: ComparedRuns, recipes: Sequence[Recipe]) -> list[Recipe]:
    """Lists a recipe for each model that is to be trained and never was.

    Raises:
      UserError: if the folder of a run contains something else.
    """
    trained = {x.model for x in recipes if read_durations(runs.folder(x)).epochs}
    left = {x.model: x for x in recipes if x.model not in trained and runs.epochs_left(x)}
    return list(left.values())


def time_models(runs: ComparedRuns, recipes: Sequence[Recipe]) -> dict[str, float]:
    """Trains new models for a few steps, and returns the seconds of an epoch of each.

    Raises:
      UserError: if the data cannot be loaded.
    """
    times = {}
    for recipe in recipes:
        print(f"timing a few steps of {recipe.model}", flush=True)
        times[recipe.model] = seconds_of_epoch(runs.settings(recipe), runs.training_data)
    return times


def seconds_of_epoch(settings: Settings, data: DataSet) -> float:
    """Trains a new model for a few steps, and returns the seconds of an epoch at this pace.

    The steps run as they are traced: to compile them would take longer than many of them.
    """
    settings = dataclasses.replace(settings, jit_compile=False, steps_per_execution=1)
    model, feed = make_model(settings, data), feed_of(settings, data, 1)
    batches = feed.training_batches().take(_TRACED + _TIMED).cache()
    start = 0.0
    for number, batch in enumerate(batches):
        if number == _TRACED:
            start = time.monotonic()
        model.train_on_batch(batch)
    tested = sum(data.num_examples(part) for part in ("validation", "test")) / settings.batch_size
    steps = feed.steps_per_epoch + _FORWARD * tested / settings.evaluate_every
    return (time.monotonic() - start) / _TIMED * steps
