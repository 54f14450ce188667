"""CelebA's lists, and Kaggle's, are read exactly, or refused by name and line."""

import codecs

import numpy as np
import pytest

from jmvae_tf.data.celeba import source_files, source_images, source_lists
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.runtime.errors import UserError
from tests.helpers import celeba_source
from tests.helpers.prepared_celeba import NUMBER


def read(folder):
    return source_lists.read_lists(folder, OFFICIAL_ATTRIBUTES)


def test_there_are_forty_official_attributes():
    assert len(OFFICIAL_ATTRIBUTES) == len(set(OFFICIAL_ATTRIBUTES)) == 40
    assert (OFFICIAL_ATTRIBUTES[0], OFFICIAL_ATTRIBUTES[-1]) == ("5_o_Clock_Shadow", "Young")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_lists_are_read_back_exactly(source, line_end):
    path = source / source_files.ATTRIBUTES_FILE
    path.write_bytes(line_end.join(path.read_text().splitlines()).encode())
    lists = read(source)
    assert lists.names == tuple(celeba_source.names(NUMBER))
    np.testing.assert_array_equal(lists.attributes, celeba_source.attributes(NUMBER))
    np.testing.assert_array_equal(lists.partitions, celeba_source.partitions(NUMBER))
    assert lists.attributes.dtype == np.int8


def test_rows_are_in_the_order_of_names_whatever_the_order_of_the_list(source):
    path = source / source_files.ATTRIBUTES_FILE
    count, header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([count, header, *reversed(rows)]))
    np.testing.assert_array_equal(read(source).attributes, celeba_source.attributes(NUMBER))


def change(line: int, old: str, new: str, count: int = 1):
    def edit(lines):
        assert old in lines[line]
        lines[line] = lines[line].replace(old, new, count)

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda lines: lines.pop(), "received 19 rows where 20 are announced"),
        (lambda lines: lines.append("x.jpg" + 40 * " 1"), "received 21 rows where 20 are ann"),
        (lambda lines: lines.pop(0), "must be the number of its files; received 5_o_Clock_Sh"),
        (change(0, "20", "many"), "must be the number of its files; received many in"),
        (change(1, "Smiling", "Grinning"), "received the unknown Grinning in line 2 of"),
        (change(1, "Smiling ", ""), "40 in their order; received 39 names in line 2"),
        (change(4, "000003.jpg", "000002.jpg"), "once; received 000002.jpg again in line 5 of"),
        (change(4, "000003.jpg", "000099.jpg"), "must name the same files; received 1 that"),
        (lambda lines: lines.__setitem__(3, lines[3] + " 1"), "received 41 values in line 4 of"),
        (change(3, " 1", " 0"), "An attribute must be -1 or 1; received 0 in line 4 of"),
        (lambda lines: lines.insert(3, ""), "no blank lines; received line 4 of"),
        (lambda lines: lines.clear(), "the number of its files; received nothing in"),
    ],
)
def test_damaged_list_of_attributes(source, edit, message):
    path = source / source_files.ATTRIBUTES_FILE
    lines = path.read_text().splitlines()
    edit(lines)
    path.write_text("\n".join(lines))
    with pytest.raises(UserError, match=message):
        read(source)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (change(0, ".jpg 0", ".jpg 3"), "0, 1 or 2; received 000001.jpg 3 in line 1 of"),
        (change(0, " 0", ""), "0, 1 or 2; received 000001.jpg in line 1 of"),
        (change(1, "000002", "000001"), "once; received 000001.jpg again in line 2 of"),
        (
            lambda lines: lines.pop(),
            r"received 1 that are missing in \S*partition.txt, the first 000020.jpg",
        ),
    ],
)
def test_damaged_list_of_partitions(source, edit, message):
    path = source / source_files.PARTITIONS_FILE
    lines = path.read_text().splitlines()
    edit(lines)
    path.write_text("\n".join(lines))
    with pytest.raises(UserError, match=message):
        read(source)


def test_list_that_is_no_text(source):
    (source / source_files.PARTITIONS_FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="A list must be text"):
        read(source)


def test_fingerprint_changes_with_an_attribute(source):
    before = read(source).fingerprint()
    path = source / source_files.ATTRIBUTES_FILE
    path.write_text(path.read_text().replace(" -1", "  1", 1))
    assert read(source).fingerprint() != before


def rewrite(path, edit):
    path.write_bytes(edit(path.read_bytes()))


LISTS = (source_files.ATTRIBUTES_FILE, source_files.PARTITIONS_FILE)


EDITS = {
    "byte order mark": lambda text: codecs.BOM_UTF8 + text,
    "byte order mark and line ends": lambda text: (
        codecs.BOM_UTF8 + text.replace(b"\r", b"").replace(b"\n", b"\r\n")
    ),
    "UTF-16": lambda text: text.decode().encode("utf-16"),
    "UTF-16, big-endian": lambda text: codecs.BOM_UTF16_BE + text.decode().encode("utf-16-be"),
    "blanks": lambda text: text.replace(b"\r", b"").replace(b"\n", b" \t \r\n") + b" \n\n",
    "line ends of old": lambda text: text.replace(b"\r", b"").replace(b"\n", b"\r"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_lists_as_editors_write_them(whole, source, edit):
    for name in LISTS:
        rewrite(source / name, edit)
    assert read(source).fingerprint() == read(whole).fingerprint()


def as_csv(source, quote=""):
    """Replaces the lists by Kaggle's."""
    for name, header in zip(
        LISTS, (("image_id", *OFFICIAL_ATTRIBUTES), ("image_id", "partition")), strict=True
    ):
        rows = [line.split() for line in (source / name).read_text().splitlines()]
        rows = [header, *(rows[2:] if name == source_files.ATTRIBUTES_FILE else rows)]
        lines = [",".join(f"{quote}{word}{quote}" for word in row) for row in rows]
        (source / name).with_suffix(".csv").write_text("\n".join(lines) + "\n")
        (source / name).unlink()


def test_lists_and_folder_of_kaggle(whole, source):
    as_csv(source)
    (source / source_files.FOLDER).rename(source / "images")
    (source / source_files.FOLDER).mkdir()
    (source / "images").rename(source / source_files.FOLDER / source_files.FOLDER)
    assert not source_files.missing(source)
    assert read(source).fingerprint() == read(whole).fingerprint()
    assert source_images.open_images(source).names == set(celeba_source.names(NUMBER))


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_other_forms_of_csv(whole, source, edit):
    as_csv(source, quote='"')
    for name in LISTS:
        rewrite((source / name).with_suffix(".csv"), edit)
    assert read(source).fingerprint() == read(whole).fingerprint()


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("list_attr_celeba.csv", ",Young", ",Old", "the unknown Old in line 1 of"),
        ("list_attr_celeba.csv", "000001.jpg,", "000001.jpg,1,", "received 41 values in line 2 of"),
        ("list_attr_celeba.csv", ",1\n", ",yes\n", "must be -1 or 1; received yes in line"),
        ("list_eval_partition.csv", ",0\n", ",9\n", "received 000001.jpg 9 in line 2 of"),
        ("list_eval_partition.csv", "000002.", "000001.", "received 000001.jpg again in line 3"),
        (
            "list_eval_partition.csv",
            "000002.jpg,0\n",
            "",
            "received 1 that are missing in .*partition.csv",
        ),
    ],
)
def test_damaged_csv(source, name, old, new, message):
    as_csv(source)
    rewrite(source / name, lambda text: text.replace(old.encode(), new.encode(), 1))
    with pytest.raises(UserError, match=message):
        read(source)


def test_list_that_is_endless(source, monkeypatch):
    monkeypatch.setattr(source_lists, "_LONGEST_LIST", 100)
    with pytest.raises(UserError, match=r"must be text.*; received .*: more than the 100"):
        read(source)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (b"\nab" * 2_000_001, "more than the 2000000 lines"),
        ("\u2028".encode() * 2_000_001 + b"x", "more than the 2000000 lines"),
        (b"\nx.jpg" + b" 1" * 5001, "a line of more than 10000 characters"),
    ],
)
def test_list_that_takes_far_more_than_its_size(source, more, message):
    for name in (source_files.ATTRIBUTES_FILE, source_files.PARTITIONS_FILE):
        rewrite(source / name, lambda text: text.rstrip() + more)
        with pytest.raises(UserError, match=f"must be text.*; received .*: {message}"):
            source_lists._lines(source / name)


def test_number_of_files_that_is_none(source):
    rewrite(source / source_files.ATTRIBUTES_FILE, lambda text: b"9" * 5000 + text)
    with pytest.raises(UserError, match="must be the number of its files"):
        read(source)
