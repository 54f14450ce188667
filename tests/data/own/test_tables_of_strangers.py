"""Columns of other things, rows that are too long and keys of many digits, in every format."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jmvae_tf.data.own import table_file
from jmvae_tf.data.own.layout import open_table
from jmvae_tf.data.own.path_source import load_rows
from jmvae_tf.data.own.reading import read_table
from jmvae_tf.runtime.errors import UserError

FORMATS = ("csv", "jsonl", "parquet")
BIG = 2**53
KINDS = '{"size": {"kind": "numbers", "columns": ["size"]}, "": {%s}}'


def write(folder, ending, **columns):
    """Writes a table of columns, and returns its path."""
    path = folder / f"table.{ending}"
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if ending == "parquet":
        pq.write_table(pa.table(columns), path)
    elif ending == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        lines = [",".join(columns), *(",".join(map(str, row.values())) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_columns_of_other_things_are_left_out_unless_they_are_used(tmp_path, ending):
    columns = {"size": [1.5, 2.5, 3.5], "tags": [["a"], ["b", "c"], []], "at": [{"x": 1}] * 3}
    path = write(tmp_path, ending, **columns)
    table = read_table(path)
    assert list(table.manifest.modalities) == ["numbers"]
    assert table.manifest.ignore == ("tags", "at")
    assert "not used: it holds " in table.said["tags"]
    assert len(set(table.encoded.hashes)) == 3
    alone = write(tmp_path / "..", ending, size=columns["size"])
    np.testing.assert_array_equal(table.encoded.hashes, read_table(alone).encoded.hashes)
    for manifest in (
        KINDS % '"key": "tags"',
        '{"tags": {"kind": "label", "column": "tags"}}',
    ):
        (tmp_path / "columns.json").write_text(manifest)
        with pytest.raises(UserError, match=r"row 1, column 'tags': (a list|list<.*>); leave"):
            read_table(path)


def test_bytes_are_left_out(tmp_path):
    table = read_table(write(tmp_path, "parquet", size=[1.5, 2.5], file=[b"\xff", None]))
    assert "it holds binary" in table.said["file"]


def test_a_table_of_other_things_alone_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"has a column to learn from.*it holds list"):
        read_table(write(tmp_path, "parquet", tags=[["a"], ["b"]]))


@pytest.mark.parametrize("ending", FORMATS)
def test_a_row_that_is_too_long_is_named(tmp_path, ending):
    long = "x" * table_file.LONGEST_ROW
    write(tmp_path, ending, size=[1.5, 2.5, 3.5], note=["a", "b", long[:-100]])
    assert len(list(open_table(tmp_path / f"table.{ending}").chunks()))
    path = write(tmp_path, ending, size=[1.5, 2.5, 3.5], note=["a", "b", long + "x"])
    row = 4 if ending == "csv" else 3
    with pytest.raises(UserError, match=rf"at most 1048576 bytes; .*{path.name}: row {row} with"):
        list(open_table(path).chunks())


def test_a_row_longer_than_what_is_read_at_once_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("jmvae_tf.data.own.separated_file.BYTES_AT_ONCE", 1000)
    path = write(tmp_path, "csv", size=[1.5, 2.5, 3.5], note=["a", "b" * 5000, "c"])
    with pytest.raises(UserError, match=r"table\.csv: a row after row 2 with more"):
        list(open_table(path).chunks())


def test_a_long_text_of_many_rows_is_read_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(table_file, "BYTES_AT_ONCE", 1000)
    path = write(tmp_path, "parquet", size=np.arange(50.0), note=["x" * 100] * 50)
    chunks = list(open_table(path).chunks())
    assert [len(chunk["size"]) for chunk in chunks] == [9, *[10] * 4, 1]
    sizes = np.concatenate([chunk["size"] for chunk in chunks])
    np.testing.assert_array_equal(sizes, np.arange(50))
    assert {x for chunk in chunks for x in chunk["note"].to_pylist()} == {"x" * 100}


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("use", ["key", "group"])
def test_keys_count_with_all_their_digits(tmp_path, ending, use):
    (tmp_path / "columns.json").write_text(KINDS % f'"{use}": "number"')
    numbers = [BIG, BIG + 1, 7, -BIG - 1, 2**63 - 1, 2**63 - 2]
    sizes = [x / 7 for x in range(6)]
    encoded = read_table(write(tmp_path, ending, number=numbers, size=sizes)).encoded
    assert len(set(encoded.hashes)) == 6
    small = read_table(write(tmp_path, ending, number=[7, 8], size=sizes[:2])).encoded
    assert small.hashes[0] == encoded.hashes[2], "a row stays in its part"


def test_two_large_keys_that_are_equal_are_named(tmp_path):
    (tmp_path / "columns.json").write_text(KINDS % '"key": "number"')
    path = write(tmp_path, "jsonl", number=[BIG + 1, BIG, BIG + 1], size=[0.5, 1.5, 2.5])
    with pytest.raises(UserError, match=rf"row 3, column 'number': {BIG + 1}; remove"):
        read_table(path)


@pytest.mark.parametrize("separator", [",", ";"])
def test_zeros_that_begin_keys_count_wherever_they_stand(tmp_path, separator, monkeypatch):
    monkeypatch.setattr("jmvae_tf.data.own.separated_file._SAMPLE", 40)
    decimal = {",": ".", ";": ","}[separator]
    lines = [f"{i}{separator}{i}{decimal}5" for i in range(20)]
    lines += [f"007{separator}1{decimal}5", f"0{separator.join(['07', '2' + decimal + '5'])}"[1:]]
    (tmp_path / "columns.json").write_text(
        '{"all": {"kind": "numbers", "columns": ["size", "number"]}, "": {"key": "number"}}'
    )
    header = f"number{separator}size"
    (tmp_path / "table.csv").write_text("\n".join([header, *lines, ""]))
    rows = load_rows(tmp_path, tmp_path)
    assert len(set(rows.table.encoded.hashes)) == 22
    np.testing.assert_array_equal(rows.values["all"][:, 1], [*range(20), 7, 7])
    np.testing.assert_array_equal(rows.values["all"][-2:, 0], [1.5, 2.5])
