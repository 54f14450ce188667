"""Tables of JSON lines, and what all tables have in common."""

import pytest

from jmvae_tf.data.own.layout import open_table
from jmvae_tf.data.own.table_file import TableFile


def test_numbers_of_json_lines_are_those_of_the_file(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"x": 0.3}\n{"x": 1.1}\n{"x": 123456.789}\n')
    [chunk] = open_table(path).chunks()
    assert chunk["x"].to_pylist() == [0.3, 1.1, 123456.789]


def test_a_table_that_cannot_be_read_cannot_be_made(tmp_path):
    class Unread(TableFile):
        """Lacks `chunks`."""

    with pytest.raises(TypeError, match="chunks"):
        Unread(tmp_path)
