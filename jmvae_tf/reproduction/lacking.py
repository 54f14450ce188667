"""Says what a table or a figure still lacks, and how long that takes by what took how long."""

from collections.abc import Mapping, Sequence

import numpy as np

from jmvae_tf.reproduction.durations import Durations, read_durations
from jmvae_tf.reproduction.recipes import FIGURES, TABLES, Recipe
from jmvae_tf.reproduction.runs import Runs
from jmvae_tf.reproduction.seed_folders import folders_of_other_seeds
from jmvae_tf.reproduction.tables import measures_for_table
from jmvae_tf.runtime.progress import time_in_words
from jmvae_tf.training.run_folder import RunFolder

_UNTIMED = "no run of the same model was timed at this scale"


def is_lacking(runs: Runs, kind: str, name: str, recipe: Recipe) -> bool:
    """Tells whether a run of a table or a figure lacks epochs, or the measures of a table.

    Args:
      runs: see `what_lacks`.
      kind: see `what_lacks`.
      name: see `what_lacks`.
      recipe: the recipe of the run.

    Raises:
      UserError: see `what_lacks`.
    """
    if runs.epochs_left(recipe):
        return True
    return kind == "table" and not runs.is_measured(recipe, measures_for_table(name, recipe))


def what_lacks(runs: Runs, kind: str, name: str) -> list[str]:
    """Says in lines what a table or a figure lacks and what that would cost.

    Times are those of runs of the same model in the folder, and in those of other seeds beside it.
    Runs of models of which none was timed are named beside them, and then how long everything takes
    at this scale.

    Args:
      runs: the runs of one scale and one seed.
      kind: "table" or "figure".
      name: of `TABLES` or `FIGURES`.

    Returns:
      No lines if nothing lacks. What a figure measures while it is drawn does not count.

    Raises:
      UserError: if the folder of a run contains something else.
    """
    recipes = {"table": TABLES, "figure": FIGURES}[kind][name]
    left = {recipe.name: runs.epochs_left(recipe) for recipe in recipes}
    untrained = [recipe for recipe in recipes if left[recipe.name]]
    unmeasured = []
    if kind == "table":
        unmeasured = [x for x in recipes if is_lacking(runs, kind, name, x)]
    lacks, costs = [], []
    spent = _spent(runs)
    if untrained:
        epochs = sum(left.values())
        lacks.append(f"{epochs} epoch{'s' if epochs > 1 else ''} of {_names(untrained)}")
        seconds = {
            recipe.name: _training(left[recipe.name], spent[recipe.model]) for recipe in untrained
        }
        costs += _cost("training", seconds)
    if unmeasured:
        lacks.append(f"measures of {_names(unmeasured)}")
        seconds = {
            recipe.name: _measuring(measures_for_table(name, recipe), spent[recipe.model])
            for recipe in unmeasured
        }
        costs += _cost("measuring", seconds)
    if not lacks:
        return []
    lines = [f"{kind} {name} lacks {', and '.join(lacks)}"]
    everything = f"everything at --scale={runs.scale.name} takes {runs.scale.duration} on two cores"
    if not any(is_known for _, is_known in costs):
        return [*lines, f"no estimate: {_UNTIMED}; {everything}"]
    lines += [line for line, _ in costs]
    return lines if all(is_known for _, is_known in costs) else [*lines, everything]


def _spent(runs: Runs) -> Mapping[str, list[Durations]]:
    """Reads what was spent on all runs of the folder and of other seeds, by model."""
    known = {
        recipe.name: recipe for of in (TABLES, FIGURES) for row in of.values() for recipe in row
    }
    found: dict[str, list[Durations]] = {recipe.model: [] for recipe in known.values()}
    others = folders_of_other_seeds(runs.path, runs.scale.name, runs.data_name)
    for recipe in known.values():
        for path in (runs.path, *others):
            found[recipe.model].append(read_durations(RunFolder(path / recipe.name)))
    return found


def _training(epochs: int, spent: Sequence[Durations]) -> float | None:
    """Returns the seconds that epochs take; None if no run was timed."""
    number = sum(x.epochs for x in spent)
    return epochs * sum(x.training for x in spent if x.epochs) / number if number else None


def _measuring(name: str, spent: Sequence[Durations]) -> float | None:
    """Returns the seconds that measures of a name take; None if none of them was timed."""
    taken = [x.measured[name] for x in spent if name in x.measured]
    return float(np.mean(taken)) if taken else None


def _cost(work: str, seconds: Mapping[str, float | None]) -> list[tuple[str, bool]]:
    """Says how long work on runs takes, by their names, as far as it is known."""
    known = {name: x for name, x in seconds.items() if x is not None}
    unknown = [name for name in seconds if name not in known]
    lines = []
    if known:
        total = time_in_words(sum(known.values()))
        by = "by timed runs of the same models at this scale"
        lines.append((f"estimate: {work} {', '.join(known)} takes about {total}, {by}", True))
    if unknown:
        lines.append((f"no estimate of {work} {', '.join(unknown)}: {_UNTIMED}", False))
    return lines


def _names(recipes: Sequence[Recipe]) -> str:
    return ", ".join(recipe.name for recipe in recipes)
