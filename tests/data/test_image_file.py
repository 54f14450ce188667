"""The face of a photograph is cut out as in training; `test_data` has centre squares."""

import struct
import zipfile
import zlib

import cv2
import numpy as np
import pytest

from jmvae_tf.data import face_crop
from jmvae_tf.data.image_file import read_image
from jmvae_tf.runtime.errors import UserError
from tests.helpers.paths import ROOT


@pytest.fixture
def photograph(tmp_path):
    """A file of noise in colour, 120 pixels wide and 100 high, and what it holds, red first."""
    image = np.random.default_rng(0).integers(0, 256, (100, 120, 3), np.uint8)
    path = tmp_path / "photograph.png"
    cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return path, image


@pytest.fixture
def finds(monkeypatch):
    """Lets the faces of any photograph be some boxes."""
    return lambda *boxes: monkeypatch.setattr(face_crop, "find_faces", lambda image: list(boxes))


def test_square_around_the_face(photograph, finds):
    path, image = photograph
    finds(face_crop.Box(30, 20, 50))
    read = read_image(path, (65, 65, 3), "face")
    # 1.3 times as large around the same centre; 65 pixels need no resizing.
    np.testing.assert_allclose(read, image[13:78, 23:88] / np.float32(255), atol=1e-6)
    assert read.dtype == np.float32


def test_somebody_in_the_background_is_no_rival(photograph, finds):
    path, _ = photograph
    finds(face_crop.Box(30, 20, 50))
    alone = read_image(path, (16, 16, 3), "face")
    finds(face_crop.Box(30, 20, 50), face_crop.Box(90, 10, 24))
    np.testing.assert_array_equal(read_image(path, (16, 16, 3), "face"), alone)


@pytest.mark.parametrize("crop", [None, "center"])
def test_centre_square_without_looking_for_a_face(photograph, finds, crop):
    path, image = photograph
    finds()
    read = read_image(path, (100, 100, 3), crop)
    np.testing.assert_allclose(read, image[:, 10:110] / np.float32(255), atol=1e-6)


def test_several_faces(photograph, finds):
    finds(face_crop.Box(10, 20, 40), face_crop.Box(70, 25, 20), face_crop.Box(1, 2, 19))
    with pytest.raises(UserError) as caught:
        read_image(photograph[0], (16, 16, 3), "face")
    assert str(caught.value) == (
        f"A photograph must show one face; received {photograph[0]}, in which 2 were found, in "
        "pixels from the upper left: 40x40 at (10, 20), 20x20 at (70, 25); cut it to one of them"
    )


def test_an_image_of_more_pixels_than_are_read(tmp_path):
    path = tmp_path / "huge.png"
    whole = cv2.imencode(".png", np.zeros((4, 4), np.uint8))[1].tobytes()
    header = b"IHDR" + struct.pack(">II", 40_000, 40_000) + whole[24:29]
    path.write_bytes(whole[:12] + header + struct.pack(">I", zlib.crc32(header)) + whole[33:])
    with pytest.raises(
        UserError,
        match=r"huge\.png, a PNG of 40000x40000 pixels, where",
    ):
        read_image(path, (16, 16, 3))


@pytest.mark.parametrize("box", [(5, 20, 50), (30, 5, 50), (65, 20, 50), (30, 45, 50)])
def test_face_too_near_to_the_edge(photograph, finds, box):
    left, top, _ = box
    finds(face_crop.Box(*box))
    with pytest.raises(
        UserError, match=r"must show a margin around the face, 1\.3 times"
    ) as caught:
        read_image(photograph[0], (16, 16, 3), "face")
    assert f"120x100 pixels, with a face of 50x50 at ({left}, {top})" in str(caught.value)


def test_no_face(photograph):
    with pytest.raises(UserError) as caught:
        read_image(photograph[0], (16, 16, 3), "face")
    assert str(caught.value) == (
        "A photograph must show a face from the front; "
        f"received {photograph[0]}, 120x100 pixels, in which none was found; "
        "choose another, or cut it so that the face is upright and fills at least a tenth"
    )


def test_faces_of_celeba_are_cut_out_as_for_training(tmp_path):
    path = ROOT.parent / "shared" / "data" / "celeba" / "img_align_celeba.zip"
    if not path.is_file():
        pytest.skip(f"CelebA's images are not in {path}")
    accepted = 0
    with zipfile.ZipFile(path) as archive:
        for name in sorted(x for x in archive.namelist() if x.endswith(".jpg"))[:12]:
            content = archive.read(name)
            file = tmp_path / "face.jpg"
            file.write_bytes(content)
            image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
            expected = face_crop.crop_face(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), 64)
            if isinstance(expected, np.ndarray):
                read = read_image(file, (64, 64, 3), "face")
                np.testing.assert_allclose(read, expected / np.float32(255), atol=1e-6)
                accepted += 1
    assert accepted >= 10
