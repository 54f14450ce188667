"""The spread of a table's numbers over seeds."""

import dataclasses

import numpy as np

from jmvae_tf.evaluation.estimate import Estimate
from jmvae_tf.reproduction.paper_table import (
    BesideSeeds,
    Table,
    TablePart,
    shown,
    table_as_json,
    table_as_markdown,
)
from jmvae_tf.reproduction.scales import PAPER, QUICK
from jmvae_tf.reproduction.spread_over_seeds import beside_seeds, tables_of_seeds
from jmvae_tf.runtime.files import write_json

SCALE = dataclasses.asdict(QUICK)


def table_of(ours, error=1.2234):
    """A table whose first row is the paper's and ours."""
    rows = {"JMVAE": [-977.2, Estimate(ours, error)], "new": [None, None]}
    return Table("Title", [TablePart("some", "what", ("paper", "ours"), rows)], ["a note"])


def written(folder, seed, ours, scale=SCALE):
    file = folder / f"reproduce-quick-seed-{seed}" / "tables" / "2016-3.json"
    write_json(file, {**table_as_json(table_of(ours)), "scale": scale, "seed": seed})
    return file


def test_mean_and_deviation_over_seeds_are_those_of_numpy(tmp_path):
    files = [written(tmp_path, 1, -759.56), written(tmp_path, 2, -687.44)]
    others, notes = tables_of_seeds(files, SCALE, 0)
    assert notes == []
    table = beside_seeds(table_of(-832.9481), 0, others)
    [part] = table.parts
    every = [-832.9481, -759.56, -687.44]
    paper, ours = part.rows["JMVAE"]
    assert paper == -977.2
    assert ours == BesideSeeds(
        Estimate(-832.9481, 1.2234), np.mean(every), np.std(every, ddof=1), 3
    )
    assert shown(ours) == "-832.9 ± 1.2 [3 seeds: mean -760, sd 73]"
    assert part.rows["new"] == [None, None]
    assert table.notes[0].startswith(
        "±: the standard error over test examples, of the runs of seed 0. In brackets: the mean "
        "and the standard deviation (sd) over trainings with the seeds 0, 1, 2"
    )
    assert table.notes[1:] == ["a note"]
    assert "| JMVAE | -977.2 | -832.9 ± 1.2 [3 seeds: mean -760, sd 73] |" in table_as_markdown(
        table
    )
    # Another seed reads the run's own number, not the mean.
    file = written(tmp_path, 3, 0.0)
    write_json(file, {**table_as_json(table), "scale": SCALE, "seed": 3})
    [again], _ = tables_of_seeds([file], SCALE, 0)
    cell = again.sections["some"]["JMVAE"]["ours"]
    assert cell["mean"] == -832.9481
    assert cell["over_seeds"]["number"] == 3


def test_without_other_seeds_a_table_stays_as_it_is():
    table = table_of(-832.9481)
    assert beside_seeds(table, 0, []) is table


def test_files_that_do_not_count_are_named(tmp_path):
    damaged = written(tmp_path, 4, 0.0)
    damaged.write_text("{")
    files = [
        tmp_path / "reproduce-quick-seed-1" / "tables" / "2016-3.json",
        written(tmp_path, 2, 1.0, dataclasses.asdict(PAPER)),
        damaged,
        written(tmp_path, 7, 1.0),
        written(tmp_path, 5, 1.0),
    ]
    others, notes = tables_of_seeds(files, SCALE, 7)
    assert [x.seed for x in others] == [5]
    assert notes == [
        f"{tmp_path / 'reproduce-quick-seed-1'} has no 2016-3 yet, and does not count",
        f"{files[1]} is of another scale, and does not count",
        f"{files[2]} is not the table of another seed, and does not count",
        f"{files[3]} is not the table of another seed, and does not count",
    ]


def test_a_stranger_may_have_written_anything(tmp_path):
    file = written(tmp_path, 1, 0.0)
    for sections in ({}, {"some": 3}, {"some": {"JMVAE": {"ours": "x"}}}, {"some": {"JMVAE": []}}):
        write_json(file, {"scale": SCALE, "seed": 1, "sections": sections})
        others, _ = tables_of_seeds([file], SCALE, 0)
        table = beside_seeds(table_of(-1.0), 0, others)
        assert table.parts == table_of(-1.0).parts
