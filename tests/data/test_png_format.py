"""PNG files are walked chunk by chunk, and their headers say how many bytes their rows take."""

import zlib

import numpy as np
import pytest

from jmvae_tf.data.png_format import PNG_START, png_chunks, read_png_header
from tests.helpers.image_files import chunk, good, noise, png, png_of, rows_of


def test_chunks_are_given_in_their_order_and_as_they_are(rng):
    text = chunk(b"tEXt", b"Comment\0of a test")
    whole = png(noise(rng))
    chunks = list(png_chunks(whole[:33] + text + whole[33:]))
    assert [x.kind for x in chunks[:2]] == [b"IHDR", b"tEXt"]
    assert chunks[1].data == b"Comment\0of a test"
    assert chunks[1].whole == text
    assert b"".join([PNG_START, *(x.whole for x in chunks if x.kind != b"tEXt")]) == whole
    for one in chunks:
        one.check()


@pytest.mark.parametrize("length", [9, 30, -1])
def test_a_file_that_ends_within_a_chunk(rng, length):
    with pytest.raises(ValueError, match="cut off before its end"):
        list(png_chunks(png(noise(rng))[:length]))


def test_a_chunk_whose_content_changed(rng):
    whole = bytearray(png(noise(rng)))
    whole[50] ^= 1
    header, data, *_ = png_chunks(bytes(whole))
    header.check()
    with pytest.raises(ValueError, match="a damaged PNG"):
        data.check()


def test_a_file_of_too_many_chunks():
    header = png_of(1, 1, 8, 0, bytes(2))[:33]
    with pytest.raises(ValueError, match="more than 100000 parts"):
        list(png_chunks(header + chunk(b"IDAT", b"") * 100_001))


@pytest.mark.parametrize(
    "kind",
    ["interlaced png", "palette", "png of 16 bits", "palette of 2 bits", "png of one bit"],
)
def test_the_bytes_of_all_rows_are_known_from_the_header(rng, kind):
    file = good(rng)[kind]
    packed = b"".join(x.data for x in png_chunks(file) if x.kind == b"IDAT")
    assert read_png_header(file).num_bytes() == len(zlib.decompress(packed))


def test_a_header_is_read():
    values = np.zeros((5, 4 * 2), np.uint8)
    header = read_png_header(png_of(4, 5, 8, 4, rows_of(values)))
    assert (header.width, header.height, header.bits, header.channels) == (4, 5, 8, 2)
    assert not header.interlacing


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (png_of(1, 1, 8, 0, bytes(2))[:32], "cut off in its header"),
        (PNG_START + chunk(b"tEXt", bytes(30)), "header does not come first"),
        (png_of(1, 1, 3, 0, bytes(2)), "colour type 0 with 3 bits, unknown to PNG"),
        (png_of(1, 1, 8, 5, bytes(2)), "colour type 5"),
    ],
)
def test_what_is_no_header(file, message):
    with pytest.raises(ValueError, match=message):
        read_png_header(file)
