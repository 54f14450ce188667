"""Makes a table or a figure of the papers and writes it next to its runs."""

import dataclasses
import pathlib
import shlex
from collections.abc import Sequence

from jmvae_tf.programs.common.own_process import in_own_process
from jmvae_tf.programs.common.run_program import interrupted
from jmvae_tf.reproduction.figures import make_figure
from jmvae_tf.reproduction.lacking import is_lacking, what_lacks
from jmvae_tf.reproduction.paper_table import table_as_json, table_as_markdown, table_as_text
from jmvae_tf.reproduction.recipes import FIGURES, TABLES, Recipe
from jmvae_tf.reproduction.runs import Runs
from jmvae_tf.reproduction.scales import SCALES
from jmvae_tf.reproduction.seed_folders import folders_of_other_seeds
from jmvae_tf.reproduction.spread_over_seeds import beside_seeds, tables_of_seeds
from jmvae_tf.reproduction.tables import make_table, measure_for_table
from jmvae_tf.runtime.files import write_json, written_atomically
from jmvae_tf.runtime.version import installed_versions


def reproduce(
    kind: str,
    name: str,
    data: str,
    scale_name: str,
    seed: int,
    *,
    data_dir: pathlib.Path,
    runs_dir: pathlib.Path,
    command: Sequence[str],
    only: Sequence[str] = (),
) -> None:
    """Trains missing runs, writes the table or figure, and prints the files' names.

    Of a table or a figure that lacks runs, it first says what they would cost. A number of which
    runs of other seeds are beside these has its spread over seeds beside it.

    Args:
      kind: "table" or "figure".
      name: a name from `TABLES` or `FIGURES`.
      data: the data set to use.
      scale_name: a name from `SCALES`.
      seed: seed of training and of all samples.
      data_dir: folder of the data, or to download them to.
      runs_dir: the folder of the runs, tables and figures.
      command: the command that resumes interrupted work.
      only: the names of runs to train and to measure alone, without making the table or figure.

    Raises:
      UserError: if the data cannot be read, or a run cannot be used.
      KeyboardInterrupt: if a signal stopped the work.
    """
    runs = Runs(runs_dir, SCALES[scale_name][data], seed, data, data_dir)
    recipes = {"table": TABLES, "figure": FIGURES}[kind][name]
    chosen = [recipe for recipe in recipes if recipe.name in only] or recipes
    try:
        runs.survey(chosen)
        lacks = [] if only else what_lacks(runs, kind, name)
        print(*lacks, "", sep="\n", flush=True)
        for recipe in chosen:
            if only or is_lacking(runs, kind, name, recipe):
                in_own_process(make_run, runs, kind, name, recipe)
        if only:
            print(*_after_some(runs, kind, name), sep="\n")
            return
        written = _make(runs, kind, name)
    except KeyboardInterrupt as interrupt:
        raise interrupted(
            interrupt,
            f"finished work is kept; resume with the same command, {shlex.join(command)}",
        ) from None
    print(*written, sep="\n")


def make_run(runs: Runs, kind: str, name: str, recipe: Recipe) -> None:
    """Trains a run of a table or a figure; measures it for a table.

    Args:
      runs: the runs of one scale and one seed.
      kind: "table" or "figure".
      name: a name from `TABLES` or `FIGURES`.
      recipe: one of its recipes.

    Raises:
      UserError: if the data cannot be read, or the run cannot be used.
      KeyboardInterrupt: if a signal stopped the work.
    """
    if kind == "table":
        measure_for_table(name, runs, recipe)
    else:
        runs.trained(recipe)


def _after_some(runs: Runs, kind: str, name: str) -> list[str]:
    """Says what is left of a table or a figure after some of its runs."""
    lacks = what_lacks(runs, kind, name)
    if not lacks:
        return [f"{kind} {name} lacks nothing: the same command without --only makes it"]
    return [*lacks, "the same command without --only does the rest and makes it"]


def _make(runs: Runs, kind: str, name: str) -> list[pathlib.Path]:
    """Makes a table or a figure; returns the files that it is in."""
    written: list[pathlib.Path] = []
    if kind == "figure":
        paths, table = make_figure(name, runs, runs.path / "figures")
        written += paths
        stem = pathlib.Path("figures", f"figure-{name}")
    else:
        table, stem = make_table(name, runs), pathlib.Path("tables", name)
    if table is None:
        return written
    scale = dataclasses.asdict(runs.scale)
    others = folders_of_other_seeds(runs.path, runs.scale.name, runs.data_name)
    files = [folder / stem.with_suffix(".json") for folder in others]
    of_seeds, notes = tables_of_seeds(files, scale, runs.seed)
    table = beside_seeds(table, runs.seed, of_seeds)
    table = table._replace(notes=[*table.notes, *notes])
    if kind == "table":
        written.append(runs.path / stem.with_suffix(".md"))
        with written_atomically(written[-1]) as temporary:
            temporary.write_text(table_as_markdown(table), encoding="utf-8")
    written.append(runs.path / stem.with_suffix(".json"))
    about = {"scale": scale, "seed": runs.seed, "versions": installed_versions()}
    write_json(written[-1], {**table_as_json(table), **about})
    print(f"\n{table_as_text(table)}\n")
    return written
