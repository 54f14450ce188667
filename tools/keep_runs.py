#!/usr/bin/env python3
"""Keeps the numbers of finished runs in docs/runs/, and writes tables of pages from them.

tools/keep_runs.py FOLDER --command=COMMAND copies what is small of each finished run in FOLDER to
docs/runs/FOLDER/RUN/: config.json, history.csv, metrics*.json and measures/*.json, beside a
made_by.json with the commit and the command. tools/keep_runs.py without FOLDER writes tables of
docs/results.md and docs/performance.md again, if they have a comment before them, as
docs/runs/README.md says.
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
KEPT = ROOT / "docs" / "runs"
PAGES = [ROOT / "docs" / name for name in ("results.md", "performance.md")]
PATTERNS = ("config.json", "history.csv", "metrics*.json", "measures/*.json")
MADE_BY = "made_by.json"
LARGEST = 1_000_000
"""Bytes of a file."""

MARKED = re.compile(
    r"^<!-- docs/runs/(?P<folder>[\w.-]+)\n(?P<spec>.*?)\n-->\n\n(?P<table>(?:\|[^\n]*\n)*)",
    re.MULTILINE | re.DOTALL,
)
"""The comment before a table, and the table."""


class Mistake(Exception):
    """What cannot be kept or written, in one line: the rule, what was received, what to do."""


def files_of(run):
    """Returns the files of a run that are kept.

    Raises:
      Mistake: if one of them is too large, or no file of its own.
    """
    files = [file for pattern in PATTERNS for file in sorted(run.glob(pattern))]
    for file in files:
        if file.is_symlink() or not file.is_file():
            raise Mistake(f"Only files are kept; received {file}; remove it")
        if file.stat().st_size > LARGEST:
            raise Mistake(
                f"A file that is kept has at most {LARGEST:,} bytes; received {file} of "
                f"{file.stat().st_size:,}; keep the run without it"
            )
    return files


def is_finished(run):
    """Tells whether a folder is that of a run whose training has ended."""
    from jmvae_tf.training import patience
    from jmvae_tf.training.run_folder import RunFolder

    folder = RunFolder(run)
    if not folder.is_run():
        return False
    settings, history = folder.read_settings(), folder.read_history()
    done = max((row["epoch"] for row in history), default=0)
    return done >= settings.epochs or patience.ends(settings, history)


def keep(folder, kept, name, command, commit, only=()):
    """Copies the finished runs of a folder; returns their names, and those of the others.

    Raises:
      Mistake: if no run is finished, or a file cannot be kept; then nothing is written.
    """
    runs = sorted(x for x in folder.iterdir() if x.is_dir() and (not only or x.name in only))
    finished = [run for run in runs if is_finished(run)]
    if not finished:
        raise Mistake(
            f"A folder to keep has finished runs; received {folder} without any; train them first"
        )
    files = {run: files_of(run) for run in finished}
    for run, of_run in files.items():
        place = kept / name / run.name
        if place.exists():
            shutil.rmtree(place)
        for file in of_run:
            copy = place / file.relative_to(run)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        made_by = {"command": command, "commit": commit}
        (place / MADE_BY).write_text(json.dumps(made_by, indent=2) + "\n", "utf-8")
    return [x.name for x in finished], [x.name for x in runs if x not in finished]


def measure(run, name):
    """Returns a measure of a kept run as its file has it.

    Args:
      run: the folder of the run.
      name: of the measure, which all files have alike; FILE:NAME of the one without .json.

    Raises:
      Mistake: if no file has it, or several have different ones.
    """
    file, _, key = name.rpartition(":")
    found = {}
    for path in [*run.glob("metrics*.json"), *run.glob("measures/*.json")]:
        values = json.loads(path.read_text("utf-8"))
        values = values.get("measures", {}) if path.parent != run else values
        if key in values and path.stem in (file or path.stem,):
            found[path.stem] = values[key]
    if not found:
        raise Mistake(f"A column names a measure of each run; received {name} of {run}; change it")
    if any(value != next(iter(found.values())) for value in found.values()):
        raise Mistake(
            f"A measure has one value; received {key} of {run}, which differs among "
            f"{', '.join(sorted(found))}; write FILE:{key}"
        )
    return next(iter(found.values()))


def cell_of(kept, folder, run, name):
    """Returns a measure of a run as a cell, with its spread over seeds if others are kept."""
    from jmvae_tf.evaluation.estimate import Estimate, value_from_json
    from jmvae_tf.reproduction.spread_over_seeds import beside_values

    own = value_from_json(measure(kept / folder / run, name))
    others = [
        value_from_json(measure(place / run, name))
        for place in sorted(kept.glob(f"{folder}-seed-*"))
        if (place / run).is_dir()
    ]
    return beside_values(own, [x.mean for x in others if isinstance(x, Estimate)])


def table_of(kept, folder, spec):
    """Returns the lines of a table.

    Args:
      kept: docs/runs/.
      folder: the name of the folder in it.
      spec: "rows", from their names to runs, and "columns", from their names to measures; a column
        may also be an object of texts by row, such as the papers' numbers.
    """
    from jmvae_tf.reproduction.paper_table import shown

    def text(row, run, column):
        if isinstance(column, dict):
            return column.get(row, "-")
        return re.sub(r"-(?=\d)", "−", shown(cell_of(kept, folder, run, column)))

    rows, columns = spec["rows"], spec["columns"]
    lines = [["", *columns], ["--", *["-:"] * len(columns)]]
    lines += [
        [row, *(text(row, run, column) for column in columns.values())] for row, run in rows.items()
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def written(page, kept):
    """Returns the text of a page with the tables of its comments made of what is kept.

    Raises:
      Mistake: if a comment cannot be read, or names what is not there.
    """

    def table(found):
        folder = found["folder"]
        try:
            spec = json.loads(found["spec"])
            is_spec = spec.keys() == {"rows", "columns"} and spec["rows"] and spec["columns"]
        except (AttributeError, ValueError):
            is_spec = False
        if not is_spec:
            raise Mistake(
                "A comment before a table has the JSON of its rows and columns; received "
                f"{found['spec'][:80]!r} of {folder}; see docs/runs/README.md"
            )
        if not (kept / folder).is_dir():
            raise Mistake(
                f"A table is made of a folder in docs/runs/; received {folder}, which is not "
                "there; keep its runs first"
            )
        comment = page[found.start() : found.start("table")]
        return comment + table_of(kept, folder, spec)

    return MARKED.sub(table, page)


def main():
    """Runs the program."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folder", nargs="?", type=pathlib.Path, help="runs, such as runs/reproduce-long"
    )
    parser.add_argument("--command", help="the command that made them, without paths of a machine")
    parser.add_argument("--commit", help="the commit that made them (default: this checkout's)")
    parser.add_argument("--name", help="of the folder in docs/runs/ (default: that of FOLDER)")
    parser.add_argument("--only", default="", help="the names of some runs, separated by commas")
    arguments = parser.parse_args()
    if arguments.folder is not None and not arguments.command:
        parser.error("FOLDER needs --command, the command that made its runs")
    if re.search(r"(^|[\s=])[/~]", arguments.command or ""):
        parser.error("--command has no paths of a machine; write DIR for them")
    if arguments.folder is None and any(
        (arguments.command, arguments.commit, arguments.name, arguments.only)
    ):
        parser.error("--command, --commit, --name and --only need FOLDER")
    # Not above: it replaces the package in the process of a test that imports this tool.
    sys.path.insert(0, str(ROOT / "bin" / "lib"))
    from checkout import launch

    launch.ensure_requirements()
    sys.path.insert(0, str(ROOT))
    try:
        if arguments.folder is None:
            for page in PAGES:
                page.write_text(written(page.read_text("utf-8"), KEPT), "utf-8")
            return
        if not arguments.folder.is_dir():
            raise Mistake(f"FOLDER has runs; received {arguments.folder}; name a folder")
        commit = arguments.commit or subprocess.check_output(
            ["git", "rev-parse", "HEAD"], cwd=ROOT, text=True
        )
        name = arguments.name or arguments.folder.resolve().name
        only = [x for x in arguments.only.split(",") if x]
        kept, others = keep(arguments.folder, KEPT, name, arguments.command, commit.strip(), only)
    except Mistake as mistake:
        sys.exit(f"error: {mistake}")
    print(f"kept in docs/runs/{name}: {', '.join(kept)}")
    if others:
        print(f"not finished, or no runs: {', '.join(others)}")


if __name__ == "__main__":
    main()
