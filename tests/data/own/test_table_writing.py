"""Tables keep their texts, and a Parquet file its types."""

import json
import pathlib
import tempfile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jmvae_tf.data.own.table_writing import USUAL_FORM, TextForm, table_writer

PARTS = (
    pd.DataFrame({"id": [1], "note": ['say "a, b"\nc'], "weight": [1.5]}, dtype=object),
    pd.DataFrame({"id": [2, 3], "note": ["é", None], "weight": [None, 1e-06]}, dtype=object),
)
SCHEMA = pa.schema({"id": pa.int16(), "note": pa.string(), "weight": pa.float32()})


def written(name, parts=PARTS, schema=SCHEMA, form=USUAL_FORM):
    """The bytes of a table."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / name
        with table_writer(path, schema, form) as write:
            for part in parts:
                write(part)
        return path.read_bytes()


@pytest.mark.parametrize(("suffix", "separator"), [(".csv", ","), (".tsv", "\t")])
def test_texts(suffix, separator):
    expected = 'id,note,weight\n1,"say ""a, b""\nc",1.5\n2,é,\n3,,1e-06\n'
    if separator == "\t":
        expected = 'id\tnote\tweight\n1\t"say ""a, b""\nc"\t1.5\n2\té\t\n3\t\t1e-06\n'
    assert written(f"table{suffix}").decode() == expected


def test_json_lines_leave_empty_cells_out():
    lines = written("table.jsonl").decode().splitlines()
    assert lines[1:] == ['{"id": 2, "note": "é"}', '{"id": 3, "weight": 1e-06}']


def test_a_table_is_written_like_the_one_that_was_read():
    form = TextForm(";", ",", "utf-8-sig")
    rows = pd.DataFrame({"id": ["1", "2"], "weight": ["0,50", 1.25]}, dtype=object)
    schema = pa.schema({"id": pa.string(), "weight": pa.float64()})
    content = written("table.csv", [rows], schema, form).decode()
    assert content == "\ufeffid;weight\n1;0,50\n2;1,25\n"
    assert written("table.tsv", [rows], schema, form).decode() == content.replace(";", "\t")
    lines = written("table.jsonl", [rows], schema, form).decode()
    assert lines == '{"id": "1", "weight": 0.5}\n{"id": "2", "weight": 1.25}\n'
    table = pq.read_table(pa.BufferReader(written("table.parquet", [rows], schema, form)))
    assert table.column("weight").to_pylist() == [0.5, 1.25]


def test_parquet_has_the_types_of_its_schema():
    table = pq.read_table(pa.BufferReader(written("table.parquet")))
    assert table.schema.equals(SCHEMA)
    assert table.column("id").to_pylist() == [1, 2, 3]
    assert table.column("weight").null_count == 1


@pytest.mark.parametrize(
    ("kind", "cell", "expected"),
    [
        (pa.int64(), 2.6, 3),
        (pa.int8(), "4", 4),
        (pa.float64(), "2.5", 2.5),
        (pa.float64(), "", None),
        (pa.float64(), " NA ", None),
        (pa.bool_(), "yes", True),
        (pa.bool_(), "False", False),
        (pa.string(), 1.5, "1.5"),
        (pa.dictionary(pa.int32(), pa.string()), "limpet", "limpet"),
    ],
)
def test_estimates_get_the_type_of_their_column(kind, cell, expected):
    schema = pa.schema({"x": kind})
    content = written("table.parquet", [pd.DataFrame({"x": [cell]}, dtype=object)], schema)
    table = pq.read_table(pa.BufferReader(content))
    assert table.schema.field("x").type == kind
    assert table.column("x").to_pylist() == [expected]


def test_a_table_that_could_not_be_written_is_not_there(tmp_path):
    def write_and_fail():
        with table_writer(tmp_path / "table.csv", SCHEMA) as write:
            write(PARTS[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_whole_numbers_beyond_those_of_float64_are_written_exactly(suffix):
    large = 2**53 + 1
    rows = pd.DataFrame({"taxon": [large, str(large), "3.0", None]}, dtype=object)
    content = written(f"table{suffix}", [rows], pa.schema({"taxon": pa.int64()}))
    if suffix == ".jsonl":
        cells = [json.loads(line).get("taxon") for line in content.splitlines()]
    else:
        cells = pq.read_table(pa.BufferReader(content)).column("taxon").to_pylist()
    assert cells == [large, large, 3, None]
