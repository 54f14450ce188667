import numpy as np
import pytest

from jmvae_tf.data.own.column_facts import gather_facts
from jmvae_tf.data.own.separated_file import SeparatedFile


def _read(tmp_path, content, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    chunks = list(gather_facts(SeparatedFile.open(path)).table.chunks())
    return {name: [x for chunk in chunks for x in chunk[name].to_pylist()] for name in chunks[0]}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,b\n1,x\n2,y\n", {"a": [1, 2], "b": ["x", "y"]}),
        ("\ufeffa,b\n1,x\n", {"a": [1], "b": ["x"]}),
        ("a,b\r\n1,x\r\n", {"a": [1], "b": ["x"]}),
        ("a;b\n1,5;x\n-2;y\n", {"a": [1.5, -2], "b": ["x", "y"]}),
        ("a;b\n1.5;x,y\n", {"a": [1.5], "b": ["x,y"]}),
        ("a|b\n1|x\n", {"a": [1], "b": ["x"]}),
        ("a,b\n1,\n,NA\nNaN,n/a\n", {"a": [1, None, None], "b": [None] * 3}),
        ('a,b\n1,"x, y"\n2,"two\nlines"\n', {"a": [1, 2], "b": ["x, y", "two\nlines"]}),
        ("a,b\n007,1\n12,2\n", {"a": ["007", "12"], "b": [1, 2]}),
        ("a,b\n 1 , x \n", {"a": [1], "b": ["x"]}),
        (",b\n0,x\n", {"unnamed": [0], "b": ["x"]}),
        ("a,b\n1e3,x\n.5,y\n", {"a": [1000, 0.5], "b": ["x", "y"]}),
        ("a,b\n1,x\n  ,y\n NA ,z\n", {"a": [1, None, None], "b": ["x", "y", "z"]}),
        ("a;b\n1,5;x\n ;y\n", {"a": [1.5, None], "b": ["x", "y"]}),
        ("a\n1\n 2x\n", {"a": ["1", "2x"]}),
    ],
)
def test_what_spreadsheets_write(tmp_path, content, expected):
    assert _read(tmp_path, content) == expected


def test_tabs(tmp_path):
    assert _read(tmp_path, "a\tb\n1\tx, y\n", "t.tsv") == {"a": [1], "b": ["x, y"]}


def test_many_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("jmvae_tf.data.own.separated_file.BYTES_AT_ONCE", 1000)
    rows = "".join(f"{i},{'even' if i % 2 == 0 else 'odd'}\n" for i in range(2000))
    read = _read(tmp_path, f"n,kind\n{rows}")
    np.testing.assert_array_equal(read["n"], np.arange(2000))
    assert read["kind"] == ["even", "odd"] * 1000
