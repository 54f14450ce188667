"""Texts as symbols, in tables and data sets of TensorFlow Datasets alike."""

import numpy as np
import pyarrow as pa

from jmvae_tf.data.own.incomplete_table import IncompleteTable
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.own.path_source import load_rows
from jmvae_tf.data.own.text_symbols import symbols_of
from jmvae_tf.data.own.tfds_reading import _stored
from tests.helpers.own_data import write_table

NOTE = ModalityColumns("text", ("note",), "CategoricalSequence", alphabet="b-a", length=3)
TEXTS = ["ab", "aaaab", "?a!", "??", "", None]
EXPECTED = [[2, 0, 3], [2, 2, 2], [2, 3, 3], [3, 3, 3], [3, 3, 3], [3, 3, 3]]
OBSERVED = [True, True, True, False, False, False]


def test_a_text_of_which_nothing_is_left_is_missing():
    values, observed, left_out = symbols_of(pa.array(TEXTS), NOTE)
    np.testing.assert_array_equal(values, EXPECTED)
    np.testing.assert_array_equal(observed, OBSERVED)
    assert left_out == 4


def test_tables_and_tfds_agree(tmp_path):
    rows = [f"{text or ''},{i / 7}" for i, text in enumerate(TEXTS)]
    write_table(tmp_path, ["note,size", *rows])
    (tmp_path / "columns.json").write_text(
        '{"note": {"kind": "text", "column": "note", "alphabet": "b-a", "length": 3},'
        ' "size": {"kind": "numbers", "columns": ["size"]}}'
    )
    table = load_rows(tmp_path, tmp_path).values
    np.testing.assert_array_equal(table["note"], EXPECTED)
    np.testing.assert_array_equal(table["note/observed"], OBSERVED)
    manifest = type("Manifest", (), {"modalities": {"note": NOTE}, "weight": None})
    batch = {"note": np.array([(text or "").encode() for text in TEXTS], object)}
    tfds = _stored(batch, {}, manifest)
    np.testing.assert_array_equal(tfds["note"], EXPECTED)
    np.testing.assert_array_equal(tfds["note/observed"], OBSERVED)


def test_cells_of_which_nothing_is_left_are_not_filled(tmp_path):
    write_table(tmp_path, ["note,size", *(f"{text or ''},1" for text in TEXTS), "NA,1"])
    manifest = Manifest("x", {"note": NOTE})
    [part] = IncompleteTable(tmp_path / "metadata.csv", tmp_path, manifest).parts()
    assert np.isnan(part.data["note"][:, 0, 0]).tolist() == [*(not x for x in OBSERVED), True]
    assert part.is_written["note"].tolist() == [True] * 4 + [False] * 3
