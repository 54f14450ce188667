"""CelebA's images are read from a zip or a folder, whatever else lies there."""

import os
import shutil
import zipfile

import pytest

from jmvae_tf.data.celeba import source_files, source_images, source_lists
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.runtime.errors import UserError
from tests.helpers import celeba_source
from tests.helpers.prepared_celeba import NUMBER


def read(folder):
    return source_lists.read_lists(folder, OFFICIAL_ATTRIBUTES)


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


def test_truncated_zip(source):
    path = celeba_source.zip_images(source)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(
        UserError, match=r"A zip must be complete; received \S*celeba.zip, truncated"
    ):
        source_images.open_images(source)


def test_source_without_images(source):
    for image in (source / source_files.FOLDER).iterdir():
        image.unlink()
    with pytest.raises(UserError, match=r"JPEG or PNG files; received \S*img_align_celeba without"):
        source_images.open_images(source)


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
    path.write_bytes(path.read_bytes().replace(old, new))
    try:
        source_images.open_images(source).fingerprint()
    except UserError as error:
        assert "A zip must be complete" in str(error)  # noqa: PT017
