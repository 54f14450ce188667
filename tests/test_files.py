import json
import os
import pathlib

import pytest

from jmvae_tf.errors import UserError, one_line
from jmvae_tf.files import read_json, read_limited


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


def test_a_file_is_read_up_to_its_limit(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_limited(path, 5) == b"12345"
    with pytest.raises(ValueError, match="more than the 4 bytes"):
        read_limited(path, 4)


def test_only_regular_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for path in (tmp_path / "pipe", tmp_path / "link", tmp_path, tmp_path / "none"):
        with pytest.raises(OSError, match=str(path)):
            read_limited(path, 100)


def test_a_pipe_is_read_where_the_user_named_it(tmp_path):
    for content in (b"short", b"x" * 200):
        reading, writing = os.pipe()
        os.write(writing, content)  # Fits into the pipe.
        os.close(writing)
        path = pathlib.Path(f"/dev/fd/{reading}")
        if len(content) <= 100:
            assert read_limited(path, 100, pipe=True) == content
        else:
            with pytest.raises(ValueError, match="more than the 100 bytes"):
                read_limited(path, 100, pipe=True)
        os.close(reading)


@pytest.mark.parametrize(
    "content",
    [b"", b"[1]", b"null", b'{"a": ', b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 100_000],
)
def test_json_of_anybody(tmp_path, content):
    path = tmp_path / "some.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r".+"):
        read_json(path)


def test_json_has_a_limit(tmp_path):
    path = tmp_path / "some.json"
    path.write_text(json.dumps({"a": "b" * 100}))
    assert read_json(path) == {"a": "b" * 100}
    with pytest.raises(ValueError, match="more than the 50 bytes"):
        read_json(path, 50)
