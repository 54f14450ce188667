"""Trains and measures the models of a comparison, and writes its table and its picture."""

import pathlib
import shlex
from collections.abc import Mapping, Sequence

import numpy as np

from jmvae_tf.data.own.data_source import DataSource
from jmvae_tf.programs.common.own_process import in_own_process
from jmvae_tf.programs.common.run_program import interrupted
from jmvae_tf.reproduction.compared_runs import ComparedRuns
from jmvae_tf.reproduction.comparison_notes import comparison_title, notes_on
from jmvae_tf.reproduction.comparison_picture import draw_comparison
from jmvae_tf.reproduction.comparison_table import (
    MeasuredModel,
    columns_with_numbers,
    measure_columns,
    table_as_csv,
    table_parts,
)
from jmvae_tf.reproduction.durations import read_durations
from jmvae_tf.reproduction.measures import COMPARED, Measures, for_comparison
from jmvae_tf.reproduction.paper_table import Table, table_as_markdown, table_as_text
from jmvae_tf.reproduction.recipes import Recipe
from jmvae_tf.reproduction.time_left import TimeLeft, time_models, untimed_models
from jmvae_tf.runtime.files import written_atomically


def compare(
    recipes: Sequence[Recipe],
    source: DataSource,
    *,
    data_dir: pathlib.Path,
    runs_dir: pathlib.Path,
    epochs: int | None,
    hidden: float,
    command: Sequence[str],
) -> None:
    """Trains missing runs, writes the table and the picture, and prints the files' names.

    Args:
      recipes: the models with their seeds, in the order of training.
      source: where the data come from.
      data_dir: folder of the data, or to download them to.
      runs_dir: the folder of the runs, the table and the picture.
      epochs: the number of epochs; None for the preset's.
      hidden: the probability with which a modality of a training example is hidden.
      command: the command that resumes interrupted work.

    Raises:
      UserError: if the data cannot be read, a model cannot be trained on them, or a run cannot be
        used.
      KeyboardInterrupt: if a signal stopped the work.
    """
    runs = ComparedRuns(runs_dir, source, data_dir, epochs, hidden)
    try:
        runs.check_data()
        states = (f"  {line}" for line in runs.states(recipes))
        print(f"runs in {runs_dir}:", *states, sep="\n", flush=True)
        untimed = untimed_models(runs, recipes)
        timed = in_own_process(time_models, runs, untimed) if untimed else {}
        left = TimeLeft(runs, recipes, timed)
        print(*filter(None, [runs.gaps(), left.as_text()]), "", sep="\n", flush=True)
        if any(map(runs.epochs_left, recipes)):
            runs.check_data()  # Another process may have been faster.
            runs.record_data()
        measured = _measured(runs, recipes, left)
    except KeyboardInterrupt as interrupt:
        raise interrupted(
            interrupt,
            f"finished work is kept; resume with the same command, {shlex.join(command)}",
        ) from None
    models = _by_model(runs, recipes, measured)
    settings = runs.settings(next((x for x in recipes if x.model != "vae"), recipes[0]))
    names = list(settings.decoders)
    columns = columns_with_numbers(measure_columns(names, runs.target or ""), models)
    table = Table(
        comparison_title(runs, models, settings.epochs),
        table_parts(columns, models),
        notes_on(runs, recipes, models, columns, command),
    )
    print(f"\n{table_as_text(table)}\n")
    texts = {"md": table_as_markdown(table), "csv": table_as_csv(columns, models)}
    paths = {ending: runs_dir / f"comparison.{ending}" for ending in (*texts, "png")}
    for ending, text in texts.items():
        with written_atomically(paths[ending]) as temporary:
            temporary.write_text(text, encoding="utf-8")
    if not draw_comparison(paths["png"], columns, models, table.title):
        print("there is no picture: no model has a coherence")
        del paths["png"]
    print(*paths.values(), sep="\n")


def _measured(runs: ComparedRuns, recipes: Sequence[Recipe], left: TimeLeft) -> dict[str, Measures]:
    """Trains and measures what is missing; returns the measures of the runs by name."""
    measured = {}
    for number, recipe in enumerate(recipes, start=1):
        if runs.is_measured(recipe, COMPARED):
            measured[recipe.name] = for_comparison(runs, recipe)
            continue
        measured[recipe.name] = in_own_process(for_comparison, runs, recipe)
        done = f"{number} of {len(recipes)} runs are done"
        print("; ".join(filter(None, [done, left.as_text()])), flush=True)
    return measured


def _by_model(
    runs: ComparedRuns, recipes: Sequence[Recipe], measured: Mapping[str, Measures]
) -> list[MeasuredModel]:
    """Puts the runs of each model together, in the order of the user."""
    models = []
    for name in dict.fromkeys(recipe.model for recipe in recipes):
        of_model = [recipe for recipe in recipes if recipe.model == name]
        spent = [read_durations(runs.folder(recipe)) for recipe in of_model]
        timed = [x.training / x.epochs for x in spent if x.epochs]
        epochs = runs.settings(of_model[0]).epochs
        models.append(
            MeasuredModel(
                name,
                [recipe.overrides["seed"] for recipe in of_model],
                [measured[recipe.name] for recipe in of_model],
                float(np.mean(timed)) * epochs / 60 if timed else None,
            )
        )
    return models
