"""Every table of digits, of small runs."""

import numpy as np
import pytest

from jmvae_tf.evaluation.estimate import Estimate
from jmvae_tf.reproduction import recipes, tables
from tests.helpers.folders import times
from tests.helpers.reproductions import OF_MNIST, runs_in


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in recipes.TABLES if name in OF_MNIST])
def test_every_table_of_digits(runs, name, capsys):
    """All cells that are not the papers' are numbers, but for what one-way models lack."""
    table = tables.make_table(name, runs)
    for section in table.parts:
        for row, cells in section.rows.items():
            found = {
                column: cell
                for column, cell in zip(section.columns, cells, strict=True)
                if not column.endswith("paper")
            }
            for column, cell in found.items():
                if row in ("VAE", "CVAE", "CMMA") and name == "2016-1":
                    assert (cell is None) == (("multiple" in column) == (row == "VAE"))
                else:
                    assert isinstance(cell, Estimate)
                    assert np.isfinite(cell).all()
    before = times(runs.path)
    capsys.readouterr()
    assert tables.make_table(name, runs_in(runs.path)) == table
    assert ": training," not in capsys.readouterr().out
    assert times(runs.path) == before
