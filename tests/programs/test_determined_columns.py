"""A table whose columns follow from each other, on scales from 10^-6 to 10^6, is learned."""

import runpy

import numpy as np
import pandas as pd
import pytest

from tests.helpers.paths import ROOT
from tests.helpers.programs import succeed

LOGS = ("weight_g", "crystals")
NUMBERS = ("length_mm", "width_mm", "pore_m", *LOGS)
COLUMNS = """
{"species":  {"kind": "label", "column": "species"},
 "traits":   {"kind": "attributes", "columns": ["red", "striped", "chipped"]},
 "measures": {"kind": "numbers",
              "columns": ["length_mm", "width_mm", "weight_g", "pore_m", "crystals"],
              "log": ["weight_g", "crystals"]},
 "":         {"key": "id", "ignore": ["file_name", "note"]}}
"""


def drawn_table(folder, number, seed):
    """Draws shells, leaves out their photographs, and returns the table without gaps."""
    draw = runpy.run_path(str(ROOT / "examples" / "draw_shells.py"))["draw_shells"]
    return pd.DataFrame(draw(folder, number, seed)).drop(columns=["file_name", "note"])


@pytest.mark.slow
def test_each_column_is_told_by_the_others(tmp_path):
    drawn_table(tmp_path / "shells", 600, 0)
    (tmp_path / "shells" / "columns.json").write_text(COLUMNS)
    succeed(tmp_path, "train", "--data=shells", "--run=run", "--export_dir=exports")

    fresh = drawn_table(tmp_path / "fresh", 200, 1)
    hidden = [*NUMBERS, "species"]
    asked = pd.concat([fresh.assign(**{column: ""}) for column in hidden], ignore_index=True)
    asked["id"] = range(len(asked))
    asked.to_csv(tmp_path / "asked.csv", index=False)
    succeed(tmp_path, "complete", "--run=run", "--data=asked.csv", "--out=completed.csv")
    completed = pd.read_csv(tmp_path / "completed.csv", dtype=str)
    filled = {
        column: completed[column][part * len(fresh) :][: len(fresh)].reset_index(drop=True)
        for part, column in enumerate(hidden)
    }
    for column in NUMBERS:
        true, found = fresh[column].astype(float), filled[column].astype(float)
        if column in LOGS:  # As the model has them.
            true, found = np.log(true), np.log(found)
        assert 1 - np.mean((true - found) ** 2) / np.var(true) > 0.9, column
    assert np.mean(fresh["species"] == filled["species"]) > 0.9
