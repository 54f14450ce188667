"""A table of numbers as text, as Markdown and as JSON."""

import json

import numpy as np
import pytest

from jmvae_tf.evaluation.estimate import Estimate
from jmvae_tf.reproduction import paper_table
from jmvae_tf.reproduction.paper_table import Table, TablePart

TABLE = Table(
    "Title",
    [
        TablePart(
            "some",
            "what",
            ("paper", "ours"),
            {"JMVAE": [-977.2, Estimate(-832.9481, 1.2234)], "new": [None, Estimate(0.98, 0.0)]},
        )
    ],
    ["a note"],
)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, "-"),
        (-86.86, "-86.86"),
        (7, "7"),
        (Estimate(-832.9481, 1.2234), "-832.9 ± 1.2"),
        (Estimate(-0.114249, 0.00447), "-0.1142 ± 0.0045"),
        (Estimate(-48763.4, 123.0), "-48763 ± 123"),
        (Estimate(0.98, 0.0), "0.9800 ± 0.0000"),
        (Estimate(-np.inf, np.nan), "-inf ± nan"),
    ],
)
def test_cells_have_two_digits_of_their_error(cell, text):
    assert paper_table.shown(cell) == text


def test_a_table_as_text_markdown_and_json():
    assert paper_table.table_as_text(TABLE) == (
        "Title\n\n"
        "what\n"
        "          paper             ours\n"
        "  JMVAE  -977.2     -832.9 ± 1.2\n"
        "  new         -  0.9800 ± 0.0000\n\n"
        "* a note"
    )
    assert paper_table.table_as_markdown(TABLE) == (
        "### Title\n\n"
        "**what**\n\n"
        "|  | paper | ours |\n"
        "| --- | ---: | ---: |\n"
        "| JMVAE | -977.2 | -832.9 ± 1.2 |\n"
        "| new | - | 0.9800 ± 0.0000 |\n\n"
        "- a note\n"
    )
    assert json.loads(json.dumps(paper_table.table_as_json(TABLE)))["sections"]["some"] == {
        "JMVAE": {"paper": -977.2, "ours": {"mean": -832.9481, "standard_error": 1.2234}},
        "new": {"paper": None, "ours": {"mean": 0.98, "standard_error": 0.0}},
    }


def test_columns_with_nothing_in_them_are_left_out():
    section = TablePart(
        "some", "what", ("a", "b", "c"), {"x": [None, 1.0, None], "y": [None, 2, 3]}
    )
    assert paper_table.without_empty_columns(section) == TablePart(
        "some", "what", ("b", "c"), {"x": [1.0, None], "y": [2, 3]}
    )
