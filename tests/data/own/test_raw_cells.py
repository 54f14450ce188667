"""Cells are read as they stand in the file, in parts of as many rows as asked for."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jmvae_tf.data.own.column_facts import gather_facts
from jmvae_tf.data.own.layout import layout_of, open_table
from jmvae_tf.data.own.raw_cells import raw_parts, schema_of

COLUMNS = ["id", "note"]


def cells_of(table, number=2):
    """All cells, row by row, and the lengths of parts."""
    parts = list(raw_parts(table, COLUMNS, number))
    rows = [row for part in parts for row in part[COLUMNS].to_numpy().tolist()]
    return rows, [len(part) for part in parts]


def test_texts_of_csv_stay_as_they_are(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('﻿id;note\n007;"a\nb"\n1,50; NA \n;\n', encoding="utf-8")
    rows, lengths = cells_of(open_table(path))
    assert rows == [["007", "a\nb"], ["1,50", " NA "], ["", ""]]
    assert lengths == [2, 1]


def test_a_line_break_in_the_header_hides_no_row(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('"id\n",note\n1,x\n2,y\n', encoding="utf-8")
    assert cells_of(open_table(path))[0] == [["1", "x"], ["2", "y"]]


def test_lines_of_spaces_are_rows_wherever_the_table_is_read(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('id\n1\n  \n\n""\n2\n', encoding="utf-8")
    table = gather_facts(open_table(path)).table
    [read] = table.chunks()
    [written] = raw_parts(table, ["id"], 9)
    assert read["id"].to_pylist() == [1, None, None, 2]
    assert written["id"].tolist() == ["1", "  ", "", "2"]


def test_values_of_json_lines(tmp_path):
    path = tmp_path / "table.jsonl"
    lines = [{"id": 1, "note": "x"}, {"note": None, "id": 2.5}, {"id": True, "note": "é\ud800"}]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    rows, _ = cells_of(open_table(path))
    assert rows == [[1, "x"], [2.5, None], [True, "é?"]]
    assert isinstance(rows[0][0], int)


@pytest.mark.parametrize("rows_at_once", [1, 2, 5])
def test_types_of_parquet(tmp_path, rows_at_once):
    path = tmp_path / "table.parquet"
    schema = pa.schema({"id": pa.int8(), "note": pa.dictionary(pa.int32(), pa.string())})
    table = pa.table({"id": [1, None, 3], "note": ["a", "b", None]}, schema)
    pq.write_table(table, path, row_group_size=2)
    rows, lengths = cells_of(open_table(path), rows_at_once)
    assert rows == [[1, "a"], [None, "b"], [3, None]]
    assert lengths == {1: [1, 1, 1], 2: [2, 1], 5: [3]}[rows_at_once]
    made = schema_of(open_table(path), COLUMNS, {"id": "id_sd"}, ["id"])
    assert made.names == ["id", "id_sd", "note"]
    assert [made.field(name).type for name in COLUMNS] == list(schema.types)
    assert made.field("id_sd").type == pa.float64()


def test_folders_of_images_are_a_table_of_their_names(tmp_path):
    (tmp_path / "whelk").mkdir()
    (tmp_path / "whelk" / "1.png").touch()
    [part] = raw_parts(layout_of(tmp_path).table, ["file_name", "label"], 10)
    pd.testing.assert_frame_equal(
        part, pd.DataFrame({"file_name": ["whelk/1.png"], "label": ["whelk"]}, dtype=object)
    )
    made = schema_of(layout_of(tmp_path).table, ["file_name", "weight_g"], {}, ["weight_g"])
    assert made.types == [pa.string(), pa.float64()]
