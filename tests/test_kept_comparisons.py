"""Tables of docs/comparison.md have the numbers of the runs that docs/runs/ keeps of them."""

import re

import numpy as np
import pytest

from jmvae_tf.evaluation.estimate import value_from_json
from jmvae_tf.presets import usual_target
from jmvae_tf.reproduction.comparison_table import (
    MeasuredModel,
    columns_with_numbers,
    measure_columns,
    table_parts,
)
from jmvae_tf.reproduction.durations import read_durations
from jmvae_tf.reproduction.paper_table import Table, table_as_markdown
from jmvae_tf.runtime.files import read_json
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.paths import ROOT

KEPT, PAGE = ROOT / "docs" / "runs", (ROOT / "docs" / "comparison.md").read_text("utf-8")
COMPARISONS = [x.name for x in sorted(KEPT.glob("compare-*"))]


def _models(folder):
    """Puts the kept runs of each model together."""
    of_model = {}
    for run in sorted(folder.iterdir()):
        name, _, seed = run.name.rpartition("-seed-")
        of_model.setdefault(name, {})[int(seed)] = RunFolder(run)
    for name, of_seed in of_model.items():
        files = [read_json(run.path / "measures" / "comparison.json") for run in of_seed.values()]
        measures = [
            {key: value_from_json(x) for key, x in file["measures"].items()} for file in files
        ]
        spent = map(read_durations, of_seed.values())
        minutes = float(np.mean([x.training / x.epochs for x in spent]))
        epochs = next(iter(of_seed.values())).read_settings().epochs
        yield MeasuredModel(name, list(of_seed), measures, minutes * epochs / 60)


def _tables(page):
    """Yields the folder of docs/runs/, and the text, of each comparison of a page."""
    pattern = r"^<!-- docs/runs/(\S+) -->\n(.*?)(?=^<!-- docs/runs/|^## |\Z)"
    yield from re.findall(pattern, page, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_table_is_that_of_the_kept_runs(name):
    models = list(_models(KEPT / name))
    settings = RunFolder(next((KEPT / name).glob("*-seed-0"))).read_settings()
    target = usual_target("vae", settings.data, settings.manifest)
    columns = columns_with_numbers(measure_columns(list(settings.decoders), target), models)
    made = table_as_markdown(Table("", table_parts(columns, models), ()))
    expected = [line for line in made.splitlines() if line.startswith("|")]
    text = dict(_tables(PAGE))[name]
    assert sorted(re.findall(r"^\|.*$", text, re.MULTILINE)) == sorted(expected)


def test_every_table_has_its_runs():
    assert [name for name, _ in _tables(PAGE)] == COMPARISONS
