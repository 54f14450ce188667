"""One set of limits for image files, in the graph and outside; transparency is on black in both."""

import contextlib
import os
import struct
import subprocess
import sys
import textwrap

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from jmvae_tf.data import image_file, image_limits
from jmvae_tf.data.image_file import read_image
from jmvae_tf.export import encoded_images
from jmvae_tf.runtime.errors import UserError
from tests.helpers import image_files
from tests.helpers.paths import ROOT

GREY_LEVEL = 1 / 255


@pytest.fixture(scope="module")
def graph():
    """Decodes a file to [size, size, channels], as a signature does."""
    functions = {}

    def decode(file, size, channels):
        if (size, channels) not in functions:
            functions[size, channels] = tf.function(
                lambda x: encoded_images.decode(x, (size, size, channels), "image_bytes"),
                input_signature=[tf.TensorSpec((None,), tf.string)],
            )
        [image] = functions[size, channels](tf.constant([file])).numpy()
        return image

    return decode


def test_reader_and_graph_refuse_the_same(graph, rng, tmp_path):
    path = tmp_path / "image.png"  # Whatever it holds.
    for kind, (file, reason) in image_files.hostile(rng).items():
        with pytest.raises(ValueError, match=reason) as caught:
            image_limits.check_limits(file)
        path.write_bytes(file)
        with pytest.raises(UserError, match="must be a JPEG or PNG") as said:
            read_image(path, (8, 8, 3))
        assert f"{path}, {caught.value};" in str(said.value), kind
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"image_bytes( |_)must"):
            graph(file, 8, 3)


def test_reader_and_graph_read_the_same(graph, rng, tmp_path):
    for kind, file in image_files.good(rng).items():
        path = tmp_path / "image"
        path.write_bytes(file)
        for channels in (1, 3):
            read = read_image(path, (8, 8, channels))
            drawn = graph(file, 8, channels)
            np.testing.assert_allclose(drawn, read, atol=GREY_LEVEL + 1e-6, rtol=0, err_msg=kind)


def test_what_is_transparent_is_on_black(graph, rng):
    top = (image_files.SIZE[1] - image_files.SIZE[0]) // 2
    for kind, (file, expected) in image_files.transparent(rng).items():
        np.testing.assert_array_equal(image_file.decode_image(file, 3), expected, err_msg=kind)
        square = expected[:, top : top + image_files.SIZE[0]]
        drawn = graph(file, image_files.SIZE[0], 3)
        np.testing.assert_allclose(drawn * 255, square, atol=1e-3, err_msg=kind)
        grey = graph(file, image_files.SIZE[0], 1)[..., 0] * 255
        read = image_file.decode_image(file, 1)
        np.testing.assert_allclose(grey, read[:, top : top + len(grey)], atol=1.001, err_msg=kind)
        assert read[(expected == 0).all(-1)].max(initial=0) == 0


def test_a_file_of_too_many_bytes(graph, rng, tmp_path, monkeypatch):
    monkeypatch.setattr(image_limits, "MOST_BYTES", 2000)
    monkeypatch.setattr(encoded_images, "MOST_BYTES", 2000)
    file = image_files.png(image_files.noise(rng)) + bytes(2000)
    with pytest.raises(ValueError, match="where 2000 is the most"):
        image_limits.check_limits(file)
    (tmp_path / "image").write_bytes(file)
    with pytest.raises(UserError, match="more than the 2000 bytes"):
        read_image(tmp_path / "image", (8, 8, 3))
    with pytest.raises(tf.errors.InvalidArgumentError, match="files of at most 2000 bytes"):
        graph(file, 4, 3)


@pytest.mark.parametrize("place", ["header", "data", "end"])
def test_a_damaged_png(place, rng, tmp_path):
    file = bytearray(image_files.png(image_files.noise(rng)))
    file[{"header": 30, "data": 60, "end": -1}[place]] ^= 1
    with pytest.raises(ValueError, match="a damaged PNG"):
        image_file.decode_image(bytes(file), 3)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("data", "holds far more than its image"),
        ("interlaced data", "holds far more than its image"),
        ("empty parts", "more than 100000 parts"),
        ("unknown parts", "more than 100000 parts"),
        ("keys", "repeats a part"),
        ("headers", "repeats a part"),
    ],
)
def test_a_png_of_more_than_its_image(kind, reason, capfd):
    """Decoders would unpack all of it, for minutes, or write a line for each part."""
    header = struct.pack(">IIBBBBB", 40000, 40000, 8, 2, 0, 0, 0)
    parts = {
        "empty parts": image_files.chunk(b"IDAT", b"") * 150_000,
        "unknown parts": image_files.chunk(b"abCD", b"") * 150_000,
        "keys": image_files.chunk(b"tRNS", bytes(6)) * 1000,
        "headers": image_files.chunk(b"IHDR", header),
    }
    rows = bytes(8 * 25 if kind in parts else 2**24)
    file = image_files.png_of(
        8, 8, 8, 2, rows, parts.get(kind, b""), interlaced=int(kind == "interlaced data")
    )
    with pytest.raises(ValueError, match=reason):
        image_file.decode_image(file, 3)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("interlaced", [0, 1])
@pytest.mark.parametrize(("colours", "depth", "samples"), [(0, 1, 1), (2, 8, 3), (6, 16, 4)])
@pytest.mark.parametrize(("width", "height"), [(701, 333), (1, 2000), (2000, 2)])
def test_all_of_an_image_is_expected(width, height, colours, depth, samples, interlaced):
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4)]
        passes += [(1, 0, 2, 2), (0, 1, 1, 2)]
    lengths = [
        (len(range(top, height, down)), len(range(left, width, right)))
        for left, top, right, down in passes
    ]
    size = sum(
        rows * (1 + -(-columns * depth * samples // 8)) for rows, columns in lengths if columns
    )
    spare = 2**16
    for more, fits in ((0, True), (spare, True), (spare + 1, False)):
        file = image_files.png_of(
            width, height, depth, colours, bytes(size + more), interlaced=interlaced
        )
        with contextlib.nullcontext() if fits else pytest.raises(ValueError, match="far more"):
            assert image_file.decode_image(file, 3).shape == (height, width, 3)


def test_a_header_says_what_a_file_is(rng):
    header = image_limits.check_limits(image_files.png(image_files.noise(rng, 4)))
    assert header == image_limits.Header("png", 30, 20, 4, 8)
    header = image_limits.check_limits(image_files.jpeg(image_files.noise(rng, 1)))
    assert header == image_limits.Header("jpeg", 30, 20, 1, 8)


def test_inks_of_printers(graph, tmp_path):
    """A JPEG of four colours, as printers have them: cyan, magenta, yellow and black."""
    Image.new("CMYK", (16, 16), (200, 30, 60, 20)).save(tmp_path / "ink.jpg", quality=95)
    file = (tmp_path / "ink.jpg").read_bytes()
    assert image_limits.check_limits(file).channels == 4
    read = read_image(tmp_path / "ink.jpg", (8, 8, 3))
    np.testing.assert_allclose(graph(file, 8, 3), read, atol=3 * GREY_LEVEL)


def test_cameras_note_how_they_were_held(rng, tmp_path):
    """The reader turns such a photograph; the graph, as docs/serving.md says, does not."""
    picture = cv2.resize(image_files.noise(rng)[:4, :4], (32, 32), interpolation=cv2.INTER_NEAREST)
    plain = image_files.jpeg(picture)
    note = b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"  # A quarter turn.
    turned = plain[:2] + image_files.segment(0xE1, note) + plain[2:]
    expected = np.rot90(image_file.decode_image(plain, 3), -1)
    np.testing.assert_array_equal(image_file.decode_image(turned, 3), expected)


def test_what_is_not_a_regular_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", tmp_path):
        with pytest.raises(UserError, match="must be readable"):
            read_image(path, (8, 8, 3))


def test_faces_are_cropped_to_squares(rng, tmp_path):
    noise = image_files.noise(rng)
    (tmp_path / "image.png").write_bytes(image_files.png(noise))
    with pytest.raises(UserError, match=r"to square images; received .* 30x20 pixels; crop the"):
        read_image(tmp_path / "image.png", (20, 30, 3), "face")
    read = read_image(tmp_path / "image.png", (20, 30, 3), "center")
    np.testing.assert_array_equal(read, noise[..., ::-1] / np.float32(255))


@pytest.mark.slow
def test_limits_need_neither_tensorflow_nor_opencv():
    code = textwrap.dedent(
        """
        import sys
        sys.modules["tensorflow"] = sys.modules["cv2"] = None
        from jmvae_tf.data import image_limits
        """
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
