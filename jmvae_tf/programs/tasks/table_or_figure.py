"""Makes a table or a figure of the papers and writes it next to its runs."""

import dataclasses
import pathlib
import shlex
from collections.abc import Sequence

from jmvae_tf.programs.common.run_program import interrupted
from jmvae_tf.reproduction.figures import make_figure
from jmvae_tf.reproduction.paper_table import table_as_json, table_as_markdown, table_as_text
from jmvae_tf.reproduction.recipes import FIGURES, TABLES
from jmvae_tf.reproduction.runs import Runs
from jmvae_tf.reproduction.scales import SCALES
from jmvae_tf.reproduction.tables import make_table
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
) -> None:
    """Trains missing runs, writes the table or figure, and prints the files' names.

    Args:
      kind: "table" or "figure".
      name: a name from `TABLES` or `FIGURES`.
      data: the data set to use.
      scale_name: a name from `SCALES`.
      seed: seed of training and of all samples.
      data_dir: folder of the data, or to download them to.
      runs_dir: the folder of the runs, tables and figures.
      command: the command that resumes interrupted work.

    Raises:
      UserError: if the data cannot be read, or a run cannot be used.
      KeyboardInterrupt: if a signal stopped the work.
    """
    scale = SCALES[scale_name][data]
    runs = Runs(runs_dir, scale, seed, data, data_dir)
    written: list[pathlib.Path] = []
    try:
        runs.survey({"table": TABLES, "figure": FIGURES}[kind][name])
        if kind == "figure":
            paths, table = make_figure(name, runs, runs_dir / "figures")
            written += paths
            stem = runs_dir / "figures" / f"figure-{name}"
        else:
            table = make_table(name, runs)
            stem = runs_dir / "tables" / name
            written.append(stem.with_suffix(".md"))
            with written_atomically(written[0]) as temporary:
                temporary.write_text(table_as_markdown(table), encoding="utf-8")
        if table is not None:
            written.append(stem.with_suffix(".json"))
            about = {
                "scale": dataclasses.asdict(scale),
                "seed": seed,
                "versions": installed_versions(),
            }
            write_json(written[-1], {**table_as_json(table), **about})
            print(f"\n{table_as_text(table)}\n")
    except KeyboardInterrupt as interrupt:
        raise interrupted(
            interrupt,
            f"finished work is kept; resume with the same command, {shlex.join(command)}",
        ) from None
    for path in written:
        print(path)
