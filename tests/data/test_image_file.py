"""Image files of users: the centre square, or the face of a photograph as in training."""

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
        "pixels from the upper left: 40x40 at (10, 20), 20x20 at (70, 25); crop it to one of them"
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
        UserError, match=r"must have a margin around the face, 1\.3 times"
    ) as caught:
        read_image(photograph[0], (16, 16, 3), "face")
    assert f"120x100 pixels, with a face of 50x50 at ({left}, {top})" in str(caught.value)


def test_no_face(photograph):
    with pytest.raises(UserError) as caught:
        read_image(photograph[0], (16, 16, 3), "face")
    assert str(caught.value) == (
        "A photograph must show a face from the front; "
        f"received {photograph[0]}, 120x100 pixels, in which none was found; "
        "choose another, or crop it so that the face is upright and fills at least a tenth"
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


# Centre squares.


def write(path, image: np.ndarray):
    """Writes grey or RGB bytes to a PNG or JPEG file."""
    cv2.imwrite(str(path), image[..., ::-1] if image.ndim == 3 else image)
    return path


def test_grey_image_of_the_right_size_is_exact(tmp_path, rng):
    image = rng.integers(0, 256, (8, 8), np.uint8)
    read = read_image(write(tmp_path / "image.png", image), (8, 8, 1))
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, image[..., np.newaxis] / np.float32(255))


def test_rgb_image_of_the_right_size_is_exact(tmp_path, rng):
    image = rng.integers(0, 256, (6, 6, 3), np.uint8)
    read = read_image(write(tmp_path / "image.png", image), (6, 6, 3))
    np.testing.assert_array_equal(read, image / np.float32(255))


@pytest.mark.parametrize(
    ("size", "rows", "columns"),
    [
        ((8, 14), slice(0, 8), slice(3, 11)),
        ((14, 8), slice(3, 11), slice(0, 8)),
        ((8, 13), slice(0, 8), slice(2, 10)),  # The middle of an odd margin is rounded down.
    ],
)
def test_the_centre_square_is_taken(tmp_path, rng, size, rows, columns):
    image = rng.integers(0, 256, size, np.uint8)
    read = read_image(write(tmp_path / "image.png", image), (8, 8, 1))
    np.testing.assert_array_equal(read[..., 0], image[rows, columns] / np.float32(255))


def test_smaller_images_hold_averages(tmp_path):
    blocks = np.array([[0, 40], [200, 120]], np.uint8)
    image = np.kron(blocks, np.full((3, 3), 1, np.uint8))
    image[0, 0] = 9  # One of the nine pixels that average to 1.
    read = read_image(write(tmp_path / "image.png", image), (2, 2, 1))
    np.testing.assert_array_equal(read[..., 0] * 255, [[1, 40], [200, 120]])


def test_larger_images_stay_in_range(tmp_path):
    # Cubic interpolation overshoots at an edge as hard as this one.
    image = np.zeros((4, 4), np.uint8)
    image[:, 2:] = 255
    read = read_image(write(tmp_path / "image.png", image), (16, 16, 1))
    assert read.shape == (16, 16, 1)
    assert read.min() == 0
    assert read.max() == 1


def test_colours_become_grey_and_grey_becomes_colours(tmp_path):
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    grey = read_image(write(tmp_path / "red.png", red), (4, 4, 1))
    # ITU-R BT.601: red makes 0.299 of the brightness; a byte rounds by at most 1/510.
    np.testing.assert_allclose(grey, 0.299, atol=1 / 510)
    colours = read_image(write(tmp_path / "grey.png", red[..., 0]), (4, 4, 3))
    np.testing.assert_array_equal(colours, np.ones((4, 4, 3)))


def test_jpeg(tmp_path):
    read = read_image(write(tmp_path / "image.jpg", np.full((9, 9, 3), 128, np.uint8)), (3, 3, 3))
    np.testing.assert_allclose(read, 128 / 255, atol=2 / 255)  # JPEG is not exact.


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "must be readable; received .*image.png: No such file", id="missing"),
        pytest.param(b"", "must be a JPEG or PNG; received .*image.png", id="empty"),
        pytest.param(b"a text\n", "must be a JPEG or PNG; received .*image.png", id="text"),
        pytest.param("half", "must be a JPEG or PNG; received .*image.png", id="truncated"),
    ],
)
def test_file_that_is_no_image(tmp_path, capfd, rng, content, message):
    path = tmp_path / "image.png"
    if content == "half":
        write(path, rng.integers(0, 256, (30, 30), np.uint8))
        content = path.read_bytes()[: path.stat().st_size // 2]
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_image(path, (8, 8, 1))
    assert capfd.readouterr().err == "", "a mistake is one line, which the program writes"


def test_folder_is_no_image(tmp_path):
    with pytest.raises(UserError, match=r"must be readable; received .*: Is a directory"):
        read_image(tmp_path, (8, 8, 1))
