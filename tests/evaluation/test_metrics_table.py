"""Metrics as a table and as JSON."""

import json
import re

from jmvae_tf.evaluation.estimate import Estimate
from jmvae_tf.evaluation.metrics_table import Metric, Row, Section, metrics_as_json, metrics_as_text

SECTIONS = [
    Section("Bounds, nats", [Metric("bound", "the bound", Estimate(-1.5, 0.25))]),
    Section("Nothing", []),
    Section(
        "Counts",
        [Metric("active", "of 3", 2), Metric("score", "a longer text", Estimate(0.0, 1.0))],
    ),
]


def test_table_for_people():
    assert metrics_as_text(SECTIONS).splitlines() == [
        "Bounds, nats",
        "  the bound      -1.5000 ± 0.2500",
        "",
        "Counts",
        "  of 3           2",
        "  a longer text  0.0000 ± 1.0000",
    ]


def test_long_texts_are_wrapped_for_a_terminal():
    metric = Metric("x", "  the log-mean-exp of " + "word " * 12 + "end", Estimate(-1.0, 0.5))
    table = metrics_as_text([Section("A title " * 12, [metric], notes=["because " * 15])])
    lines = table.splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(table.split()).startswith("A title A title")
    assert lines[2].startswith("    the log-mean-exp of word")
    assert lines[3].startswith("      word ")
    assert re.fullmatch(r" {6}word .*end +-1\.0000 ± 0\.5000", lines[3])
    assert lines[4].startswith("  note: because")
    assert lines[5].startswith("    because")


ROWS = [
    Row("Bald", [Metric("accuracy_Bald", "accuracy", Estimate(0.5, 0.1)), Metric("n", "n", 3)]),
    Row("Smiling", [Metric("accuracy_Smiling", "accuracy", Estimate(1.0, 0.0))]),
]


def test_rows_have_a_line_each_under_the_heads_of_their_columns():
    section = Section("Signs", [Metric("mean", "mean", Estimate(0.75, 0.05))], ROWS)
    assert metrics_as_text([section]).splitlines() == [
        "Signs",
        "  mean  0.7500 ± 0.0500",
        "           accuracy  n",
        "  Bald       0.5000  3",
        "  Smiling    1.0000  –",
    ]
    assert metrics_as_json([section]) == {
        "mean": {"mean": 0.75, "standard_error": 0.05},
        "accuracy_Bald": {"mean": 0.5, "standard_error": 0.1},
        "n": 3,
        "accuracy_Smiling": {"mean": 1.0, "standard_error": 0.0},
    }


def test_json_for_programs():
    assert json.loads(json.dumps(metrics_as_json(SECTIONS))) == {
        "bound": {"mean": -1.5, "standard_error": 0.25},
        "active": 2,
        "score": {"mean": 0.0, "standard_error": 1.0},
    }


def test_figures_of_one_name_are_all_kept():
    sections = [Section("A", [Metric("n", "", 1), Metric("n", "", 2)]), Section("B", [])]
    sections += [Section("C", [Metric("n", "", 3), Metric("n_2", "", 4)], notes=["Why."])]
    assert metrics_as_json(sections) == {"n": 1, "n_2": 2, "n_3": 3, "n_2_2": 4, "notes": ["Why."]}
