#!/usr/bin/env python3
"""Completes a table of drawn shells, 30 % of whose cells are hidden, and compares with the truth.

bin/train learns from the photographs and the table with its gaps, and bin/complete fills them. The
manifest is that of docs/own_data.md.
Beside it stand the column's mean or the majority, and scikit-learn's IterativeImputer on the same
table, which sees no photographs: with numbers as they are, and with logarithms of those that range
over magnitudes. The notes are left out, since they tell size and traits.

    .venv/bin/python benchmarks/completion.py --seeds=0,1,2

It prints, over the hidden cells of all seeds, root mean squared errors of numbers relative to their
standard deviation, accuracies of the rest, and the shares of numbers within the intervals that the
deviations beside them give.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
from absl import app, flags
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer

_ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT / "examples"))

from draw_shells import MISSING, draw_shells  # noqa: E402

_SEEDS = flags.DEFINE_list("seeds", ["0"], "seeds of the shells, the hidden cells and the training")
_NUMBER = flags.DEFINE_integer("number", 600, "shells to draw")
_HIDDEN = flags.DEFINE_float("hidden", 0.3, "share of the cells to hide")
_TRAIN = flags.DEFINE_list("train", [], "flags of bin/train, such as epochs=100")

_NUMBERS = [name for name in MISSING if name.endswith(("_mm", "_g", "_m")) or name == "crystals"]
_LOGS = ["weight_g", "crystals"]
_TRAITS = ["red", "striped", "chipped"]
_CLASSES = ["species", *_TRAITS]
_MANIFEST = {
    "photo": {"kind": "image", "column": "file_name", "size": [32, 32]},
    "species": {"kind": "label", "column": "species"},
    "traits": {"kind": "attributes", "columns": _TRAITS},
    "measures": {"kind": "numbers", "columns": _NUMBERS, "log": _LOGS},
    "": {"key": "id"},
}
_INTERVALS = {"50 %": 0.6745, "90 %": 1.6449}  # Standard deviations to both sides.


def _hide(folder, seed):
    """Empties cells, leaves the notes out, and writes the manifest; returns the table."""
    path = folder / "metadata.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False).drop(columns="note")
    rng = np.random.default_rng([seed, 1])
    for column in [*_NUMBERS, *_CLASSES]:
        table.loc[rng.random(len(table)) < _HIDDEN.value, column] = ""
    table.to_csv(path, index=False, quoting=csv.QUOTE_MINIMAL)
    (folder / "columns.json").write_text(json.dumps(_MANIFEST))
    return table


def _run(name, *arguments):
    command = [sys.executable, str(_ROOT / "bin" / name), *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _by_model(folder, seed):
    """Trains, completes, and returns the completed table."""
    out = folder.parent / "completed.csv"
    both = [
        f"--data={folder}",
        f"--data_dir={folder.parent / 'prepared'}",
        f"--run={folder.parent / 'run'}",
        f"--seed={seed}",
    ]
    flags_of_train = [f"--{flag}" for flag in _TRAIN.value]
    _run("train", *both, f"--export_dir={folder.parent / 'exports'}", *flags_of_train)
    _run("complete", *both, f"--out={out}")
    return pd.read_csv(out, dtype=str, keep_default_na=False)


def _by_column(table):
    """Fills with means and majorities."""
    filled = table.copy()
    for column in _NUMBERS:
        filled[column] = _numbers(table[column]).fillna(_numbers(table[column]).mean())
    for column in _CLASSES:
        there = table.loc[table[column] != "", column]
        filled[column] = table[column].replace("", there.mode()[0])
    return filled


def _by_imputer(table, logs=()):
    """Fills with IterativeImputer; classes are columns of 0 and 1, one less than there are classes.

    All of them together would be collinear, and the imputer would leave them at their means.
    """
    numbers = table[_NUMBERS].apply(_numbers)
    for column in logs:
        numbers[column] = np.log(numbers[column])
    mean, deviation = numbers.mean(), numbers.std()
    classes = {}
    for column in _CLASSES:
        one_hot = pd.get_dummies(table[column], dtype=float).drop(columns="", errors="ignore")
        one_hot[table[column] == ""] = np.nan
        classes[column] = one_hot
    parts = [(numbers - mean) / deviation, *(x.iloc[:, 1:] for x in classes.values())]
    imputer = IterativeImputer(max_iter=100, random_state=0)
    values = imputer.fit_transform(pd.concat(parts, axis=1).to_numpy())
    filled = table.copy()
    for place, column in enumerate(_NUMBERS):
        filled[column] = values[:, place] * deviation[column] + mean[column]
        if column in logs:
            filled[column] = np.exp(filled[column])
    start = len(_NUMBERS)
    for column, one_hot in classes.items():
        others = values[:, start : start + one_hot.shape[1] - 1]
        shares = np.column_stack([1 - others.sum(axis=1), others])
        filled[column] = np.array(one_hot.columns)[shares.argmax(axis=1)]
        start += others.shape[1]
    return filled


def _numbers(column):
    return pd.to_numeric(column, errors="coerce")


def _scores(truth, table, filled):
    """Errors or accuracies of each column over the cells that are empty in the table."""
    scores = {}
    for column in _NUMBERS:
        hidden = (table[column] == "").to_numpy()
        true = _numbers(truth[column])
        error = (_numbers(filled[column]) - true)[hidden]
        scores[column] = np.sqrt(np.mean(error**2)) / true.std()
    for column in _CLASSES:
        hidden = table[column] == ""
        scores[column] = (filled[column] == truth[column])[hidden].mean()
    return scores


def _coverage(truth, table, completed):
    """The shares of hidden numbers within the intervals of the model."""
    within = {name: [] for name in _INTERVALS}
    for column in _NUMBERS:
        hidden = table[column] == ""
        error = (_numbers(completed[column]) - _numbers(truth[column]))[hidden].abs()
        spread = _numbers(completed[f"{column}_sd"])[hidden]
        for name, width in _INTERVALS.items():
            within[name].append((error <= width * spread).mean())
    return {name: dict(zip(_NUMBERS, shares, strict=True)) for name, shares in within.items()}


def main(_):
    """Prints the scores."""
    rows = []
    for seed in map(int, _SEEDS.value):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder) / "shells"
            truth = pd.DataFrame(draw_shells(folder, _NUMBER.value, seed))
            table = _hide(folder, seed)
            completed = _by_model(folder, seed)
            ways = {
                "mean or majority": _by_column(table),
                "IterativeImputer": _by_imputer(table),
                "the same, logarithms": _by_imputer(table, _LOGS),
                "bin/complete": completed,
            }
            scores = {way: _scores(truth, table, filled) for way, filled in ways.items()}
            rows.append(pd.DataFrame({**scores, **_coverage(truth, table, completed)}))
            print(f"seed {seed} of {_SEEDS.value}", file=sys.stderr)
    print(f"{_NUMBER.value} shells, {_HIDDEN.value:.0%} of the cells hidden; means over seeds")
    print(sum(rows).div(len(rows)).round(3).to_string(na_rep=""))


if __name__ == "__main__":
    app.run(main)
