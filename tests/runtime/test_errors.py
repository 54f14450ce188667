"""Text of any origin fits into one line of an error."""

import os

import pytest

from jmvae_tf.runtime.errors import UserError, one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n  b\tc", "a b c"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("gpj\u202e.exe", "gpj\\u202e.exe"),
        (os.fsdecode(b"caf\xe9"), "caf\\udce9"),
        ("Größe → 3", "Größe → 3"),
    ],
)
def test_any_text_fits_one_line(text, line):
    assert one_line(text) == line
    assert str(UserError(text, text, text)) == f"{line}; received {line}; {line}"


def test_a_long_text_loses_its_middle():
    line = one_line("a" * 10**6 + "b" * 10**6)
    assert len(line) < 2100
    assert line.startswith("aaa")
    assert line.endswith("bbb")
    assert "1998000 characters left out" in line
