"""Tests of how CelebA's official files are read."""

import codecs
import os
import shutil
import zipfile

import numpy as np
import pytest

from jmvae_tf.data.celeba import source_files, source_images, source_lists
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.runtime.errors import UserError
from tests.helpers import celeba_source

NUMBER = 20


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A small source, to be read only."""
    return celeba_source.write(tmp_path_factory.mktemp("celeba"), NUMBER)


@pytest.fixture
def source(whole, tmp_path):
    """A copy of it, to be damaged."""
    return shutil.copytree(whole, tmp_path / "source")


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
            r"received 1 that \S*partition.txt lacks, the first 000020.jpg",
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


def test_zip_and_folder_give_the_same_images(source):
    unpacked = source_images.open_images(source)
    content = {name: unpacked.read(name) for name in unpacked.names}
    celeba_source.zip_images(source)
    shutil.rmtree(source / source_files.FOLDER)
    zipped = source_images.open_images(source)
    assert {name: zipped.read(name) for name in zipped.names} == content
    assert set(content) == set(celeba_source.names(NUMBER))
    assert not source_files.missing(source)


@pytest.mark.parametrize("zipped", [False, True])
def test_fingerprint_changes_with_an_image(source, zipped):
    def fingerprint():
        if zipped:
            celeba_source.zip_images(source)
        return source_images.open_images(source).fingerprint()

    before = fingerprint()
    assert fingerprint() == before
    (source / source_files.FOLDER / "000001.jpg").write_bytes(b"other")
    assert fingerprint() != before


def test_fingerprint_changes_with_an_attribute(source):
    before = read(source).fingerprint()
    path = source / source_files.ATTRIBUTES_FILE
    path.write_text(path.read_text().replace(" -1", "  1", 1))
    assert read(source).fingerprint() != before


def test_truncated_zip(source):
    path = celeba_source.zip_images(source)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"A zip must be whole; received \S*celeba.zip, truncated"):
        source_images.open_images(source)


def test_source_without_images(source):
    for image in (source / source_files.FOLDER).iterdir():
        image.unlink()
    with pytest.raises(UserError, match=r"JPEG or PNG files; received \S*img_align_celeba without"):
        source_images.open_images(source)


def test_folder_that_is_not_celeba(tmp_path):
    with pytest.raises(UserError, match=r"without img_align_celeba.zip, list_attr\S*, list_eval"):
        source_files.check_source(tmp_path)


# As others distribute it.


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
        ("list_eval_partition.csv", "000002.jpg,0\n", "", "received 1 that .*partition.csv lacks"),
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


@pytest.mark.parametrize("ending", [".png", ".JPG", ".jpeg", ".PNG"])
@pytest.mark.parametrize("folder", [source_files.FOLDER, source_files.PNG_FOLDER])
def test_images_with_another_ending_than_in_the_lists(source, ending, folder):
    (source / source_files.FOLDER).rename(source / folder)
    for path in (source / folder).iterdir():
        path.rename(path.with_suffix(ending))
    images = source_images.open_images(source)
    names = source_images.match(read(source).names, images.names)
    assert names == [name.replace(".jpg", ending) for name in celeba_source.names(NUMBER)]
    assert all(images.read(name) for name in names)


def test_images_belong_to_the_row_of_their_name_first():
    rows = ("1.jpg", "2.jpg", "2.png", "3.jpg", "4.jpg", "a.b.jpg")
    images = frozenset(["1.jpg", "1.png", "2.png", "3.JPG", "3.png", "5.jpg", "a.b.png"])
    matched = source_images.match(rows, images)
    assert matched == ["1.jpg", "2.jpg", "2.png", "3.JPG", "4.jpg", "a.b.png"]


def test_files_that_macos_puts_beside_others(source):
    (source / source_files.FOLDER / "._000001.jpg").write_bytes(b"none")
    assert source_images.open_images(source).names == set(celeba_source.names(NUMBER))
    path = celeba_source.zip_images(source)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"__MACOSX/{source_files.FOLDER}/._000002.jpg", b"none")
    assert source_images.open_images(source).names == set(celeba_source.names(NUMBER))


def test_name_that_is_no_text(source):
    (source / source_files.FOLDER / os.fsdecode(b"\xff.jpg")).write_bytes(b"none")
    assert source_images.open_images(source).fingerprint()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"PK\x01\x02", b"PK\x01\x03"),  # No entry of the directory.
        (b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\xff"),  # A version yet to come.
        (b"PK\x05\x06" + bytes(4), b"PK\x05\x06" + b"\xff" * 4),  # On another disk.
        (b"img_align_celeba/000001", b"\xff\xfe_align_celeba/000001"),
    ],
)
def test_damaged_directory_of_a_zip(source, old, new):
    path = celeba_source.zip_images(source)
    rewrite(path, lambda content: content.replace(old, new))
    try:
        source_images.open_images(source).fingerprint()
    except UserError as error:
        assert "A zip must be whole" in str(error)  # noqa: PT017
