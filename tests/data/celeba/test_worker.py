"""A worker makes some images into faces and a part, whatever the images are."""

import os
import socket
import stat
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib

import cv2
import numpy as np
import pytest

from jmvae_tf.data import face_crop, image_limits
from jmvae_tf.data.celeba import (
    source_files,
    source_images,
    worker,
)
from jmvae_tf.data.celeba.parts import Outcome, Part
from jmvae_tf.data.face_crop import Refusal
from jmvae_tf.runtime.errors import UserError
from tests.helpers import celeba_source


@pytest.mark.parametrize("refusal", Refusal)
def test_refusals_become_outcomes(whole, monkeypatch, refusal):
    monkeypatch.setattr(face_crop, "crop_face", lambda image, size: refusal)
    part = worker.make_part(source_images.open_images(whole), ["000001.jpg"], 32, "face")
    assert [outcome.value for outcome in part.outcomes] == [refusal.value]
    assert not part.faces


def test_faces_are_cut_and_kept_without_loss(whole, monkeypatch, rng):
    face = rng.integers(0, 256, (32, 32, 3), np.uint8)
    monkeypatch.setattr(face_crop, "crop_face", lambda image, size: face)
    part = worker.make_part(source_images.open_images(whole), ["000001.jpg"], 32, "face")
    assert part.outcomes == (Outcome.KEPT,)
    decoded = cv2.imdecode(np.frombuffer(part.faces[0], np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(decoded, face)


def test_centre_square_is_resized(whole):
    part = worker.make_part(source_images.open_images(whole), ["000003.jpg"], 64, "center")
    decoded = cv2.imdecode(np.frombuffer(part.faces[0], np.uint8), cv2.IMREAD_COLOR_RGB)
    expected = cv2.resize(
        celeba_source.draw(2)[20:198], (64, 64), interpolation=cv2.INTER_AREA
    ).astype(int)
    assert np.abs(decoded - expected).mean() < 4, "but for the JPEG file's losses"


def test_broken_images_are_told_from_missing_ones(source):
    images = source / source_files.FOLDER
    whole = (images / "000001.jpg").read_bytes()
    (images / "000001.jpg").write_bytes(whole[: len(whole) // 2])
    (images / "000002.jpg").write_bytes(b"")
    (images / "000003.jpg").write_bytes(b"no image" + b"\xff\xd9")
    (images / "000004.jpg").unlink()
    names = celeba_source.names(5)
    part = worker.make_part(source_images.open_images(source), names, 32, "center")
    assert part.outcomes == (*[Outcome.UNREADABLE] * 3, Outcome.NO_IMAGE, Outcome.KEPT)


def test_damaged_entry_of_a_zip_is_unreadable(source):
    path = celeba_source.zip_images(source)
    content = path.read_bytes()
    image = (source / source_files.FOLDER / "000002.jpg").read_bytes()
    path.write_bytes(content.replace(image, image[:-9] + bytes(7) + image[-2:]))
    part = worker.make_part(source_images.open_images(source), celeba_source.names(2), 32, "center")
    assert part.outcomes == (Outcome.KEPT, Outcome.UNREADABLE)


def png_header(width, height):
    size = struct.pack(">II", width, height)
    header = b"IHDR" + size + b"\x08\x02\0\0\0"
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + struct.pack(">I", zlib.crc32(header))


def jpeg_of_size(image, width, height):
    place = image.index(b"\xff\xc0") + 5
    return image[:place] + struct.pack(">HH", height, width) + image[place + 4 :]


HOSTILE = {
    "large PNG": lambda image: png_header(40_000, 40_000),
    "large JPEG": lambda image: jpeg_of_size(image, 40_000, 40_000),
    "high JPEG": lambda image: jpeg_of_size(image, 10, 65_500),
    "cut PNG": lambda image: png_header(8, 8),
    "GIF": lambda image: b"GIF89a" + bytes(20),
    "too long": lambda image: image + bytes(image_limits.MOST_BYTES),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_image_is_unreadable(source, make):
    path = source / source_files.FOLDER / "000001.jpg"
    path.write_bytes(make(path.read_bytes()))
    assert outcomes(source, 2) == (Outcome.UNREADABLE, Outcome.KEPT)


def outcomes(source, number):
    images = source_images.open_images(source)
    images.fingerprint()
    return worker.make_part(images, celeba_source.names(number), 32, "center").outcomes


IRREGULAR = {
    "pipe": lambda path: os.mkfifo(path),
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "dangling": lambda path: path.symlink_to("nowhere"),
    "loop": lambda path: path.symlink_to(path.name),
    "folder": lambda path: path.mkdir(),
    "socket": lambda path: socket.socket(socket.AF_UNIX).bind(os.path.relpath(path)),
}


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("make", IRREGULAR.values(), ids=IRREGULAR)
def test_what_is_no_file_is_unreadable(source, monkeypatch, make):
    monkeypatch.chdir(source)
    path = source / source_files.FOLDER / "000001.jpg"
    path.unlink()
    make(path)
    assert outcomes(source, 2) == (Outcome.UNREADABLE, Outcome.KEPT)


def test_bad_entries_of_a_zip_are_unreadable(source):
    """Encrypted, compressed in unusual and unknown ways, bombs, and links."""
    path = celeba_source.zip_images(source)
    one = (source / source_files.FOLDER / "000001.jpg").read_bytes()
    link = zipfile.ZipInfo("000006.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        for name, kind in zip(
            celeba_source.names(4),
            (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2),
            strict=True,
        ):
            archive.writestr(name, one, kind)
        archive.writestr("000005.jpg", one + bytes(2**25), zipfile.ZIP_DEFLATED)
        archive.writestr(link, "/dev/zero")
        archive.writestr("000007.jpg", one)
        archive.writestr("000008.jpg", one)
        archive.writestr("000009.jpg", one)
        archive.writestr("000010.jpg", one + bytes(2**26), zipfile.ZIP_DEFLATED)
        archive.infolist()[6].flag_bits |= 1  # Encrypted.
        archive.infolist()[7].compress_type = 99
        archive.infolist()[8].header_offset = 2**40
        archive.infolist()[9].file_size = 10
    kept, unreadable = Outcome.KEPT, Outcome.UNREADABLE
    tracemalloc.start()
    assert outcomes(source, 10) == (kept, kept, *[unreadable] * 8)
    assert tracemalloc.get_traced_memory()[1] < 2**27
    tracemalloc.stop()


def test_part_is_read_back(tmp_path):
    part = Part((Outcome.KEPT, Outcome.NO_FACE, Outcome.KEPT), (b"one", b"three"))
    part.write(tmp_path / "part.npz")
    assert Part.read(tmp_path / "part.npz") == part


@pytest.mark.parametrize("cut", [0, 30, -5])
def test_damaged_part_is_named(tmp_path, cut):
    path = tmp_path / "part.npz"
    Part((Outcome.KEPT,), (b"one",)).write(path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UserError, match=r"must be complete; received \S*part.npz: .*; remove it"):
        Part.read(path)


def test_workers_import_no_tensorflow():
    done = subprocess.run(
        [sys.executable, "-c", "import sys, jmvae_tf.data.celeba.worker; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cv2" in done.stdout.split()
    assert "tensorflow" not in done.stdout.split()
