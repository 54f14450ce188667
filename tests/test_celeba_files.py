"""Tests of how CelebA's official files are read."""

import shutil

import numpy as np
import pytest

from jmvae_tf.data import celeba_files
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.errors import UserError
from tests import celeba_source

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
    return celeba_files.read_lists(folder, OFFICIAL_ATTRIBUTES)


def test_there_are_forty_official_attributes():
    assert len(OFFICIAL_ATTRIBUTES) == len(set(OFFICIAL_ATTRIBUTES)) == 40
    assert (OFFICIAL_ATTRIBUTES[0], OFFICIAL_ATTRIBUTES[-1]) == ("5_o_Clock_Shadow", "Young")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_lists_are_read_back_exactly(source, line_end):
    path = source / celeba_files.ATTRIBUTES
    path.write_bytes(line_end.join(path.read_text().splitlines()).encode())
    lists = read(source)
    assert lists.names == tuple(celeba_source.names(NUMBER))
    np.testing.assert_array_equal(lists.attributes, celeba_source.attributes(NUMBER))
    np.testing.assert_array_equal(lists.partitions, celeba_source.partitions(NUMBER))
    assert lists.attributes.dtype == np.int8


def test_rows_are_in_the_order_of_names_whatever_the_order_of_the_list(source):
    path = source / celeba_files.ATTRIBUTES
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
    path = source / celeba_files.ATTRIBUTES
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
    path = source / celeba_files.PARTITIONS
    lines = path.read_text().splitlines()
    edit(lines)
    path.write_text("\n".join(lines))
    with pytest.raises(UserError, match=message):
        read(source)


def test_list_that_is_no_text(source):
    (source / celeba_files.PARTITIONS).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="A list must be text"):
        read(source)


def test_zip_and_folder_give_the_same_images(source):
    unpacked = celeba_files.open_images(source)
    content = {name: unpacked.read(name) for name in unpacked.names}
    celeba_source.zip_images(source)
    shutil.rmtree(source / celeba_files.FOLDER)
    zipped = celeba_files.open_images(source)
    assert {name: zipped.read(name) for name in zipped.names} == content
    assert set(content) == set(celeba_source.names(NUMBER))
    assert not celeba_files.missing(source)


@pytest.mark.parametrize("zipped", [False, True])
def test_fingerprint_changes_with_an_image(source, zipped):
    def fingerprint():
        if zipped:
            celeba_source.zip_images(source)
        return celeba_files.open_images(source).fingerprint()

    before = fingerprint()
    assert fingerprint() == before
    (source / celeba_files.FOLDER / "000001.jpg").write_bytes(b"other")
    assert fingerprint() != before


def test_fingerprint_changes_with_an_attribute(source):
    before = read(source).fingerprint()
    path = source / celeba_files.ATTRIBUTES
    path.write_text(path.read_text().replace(" -1", "  1", 1))
    assert read(source).fingerprint() != before


def test_truncated_zip(source):
    path = celeba_source.zip_images(source)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"A zip must be whole; received \S*celeba.zip, truncated"):
        celeba_files.open_images(source)


def test_source_without_images(source):
    for image in (source / celeba_files.FOLDER).iterdir():
        image.unlink()
    with pytest.raises(UserError, match=r"JPEG or PNG files; received \S*img_align_celeba without"):
        celeba_files.open_images(source)


def test_folder_that_is_not_celeba(tmp_path):
    with pytest.raises(UserError, match=r"without img_align_celeba.zip, list_attr\S*, list_eval"):
        celeba_files.check(tmp_path)
