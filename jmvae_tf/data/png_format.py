"""PNG files as bytes: their chunks, their header and the size of their rows.

This module needs neither TensorFlow nor OpenCV. Source: Portable Network Graphics (PNG)
Specification, W3C.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_HEADER_START = PNG_START + b"\0\0\0\rIHDR"
"""Start of the file. Some decoders accept chunks before the header. Its size follows."""

_HEADER_FIELDS = ">IIBBBBB"
_MOST_CHUNKS = 100_000  # Each takes time, even an empty one.

# For each colour type of the header: samples per pixel in the rows (an index for a palette),
# channels of the image, and the bit depths that the format allows.
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_BITS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}

# The passes of an interlaced file: where each begins and its steps.
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


class PngHeader(NamedTuple):
    """The fields of the chunk IHDR.

    Attributes:
      width: in pixels.
      height: in pixels.
      bits: bits of each sample.
      colours: colour type: 0 grey, 2 RGB, 3 palette, 4 grey with transparency, 6 RGB with
        transparency.
      compression: 0 is the only one.
      filtering: 0 is the only one.
      interlacing: 0 for none, 1 for Adam7.
    """

    width: int
    height: int
    bits: int
    colours: int
    compression: int
    filtering: int
    interlacing: int

    @property
    def channels(self) -> int:
        """1 for grey, 3 for colour, and one more with transparency."""
        return _CHANNELS[self.colours]

    def num_bytes(self) -> int:
        """Counts the unpacked bytes of all rows, including one byte per row for its filter."""
        bits_of_pixel = self.bits * _SAMPLES[self.colours]
        total = 0
        for x, y, across, down in _PASSES if self.interlacing == 1 else ((0, 0, 1, 1),):
            columns, rows = -((x - self.width) // across), -((y - self.height) // down)
            if columns > 0:
                total += max(rows, 0) * (1 + (columns * bits_of_pixel + 7) // 8)
        return total


def read_png_header(content: bytes) -> PngHeader:
    """Reads the header, which must come first.

    Raises:
      ValueError: if the header is cut off or does not come first, or has a colour type or bit depth
        that PNG does not have.
    """
    end = len(PNG_HEADER_START) + struct.calcsize(_HEADER_FIELDS) + 4  # A checksum follows.
    if len(content) < end:
        raise ValueError("a PNG cut off in its header")
    if not content.startswith(PNG_HEADER_START):
        raise ValueError("a PNG whose header does not come first")
    header = PngHeader(*struct.unpack_from(_HEADER_FIELDS, content, len(PNG_HEADER_START)))
    if header.bits not in _BITS.get(header.colours, ()):
        raise ValueError(
            f"a PNG of colour type {header.colours} with {header.bits} bits, unknown to PNG"
        )
    return header


class PngChunk(NamedTuple):
    """A chunk of a PNG file.

    Attributes:
      kind: its type, for example IDAT.
      data: its content.
      whole: all its bytes in the file.
    """

    kind: bytes
    data: bytes
    whole: bytes

    def check(self) -> None:
        """Raises ValueError if the checksum does not match kind and data."""
        if zlib.crc32(self.whole[4:-4]) != int.from_bytes(self.whole[-4:]):
            raise ValueError("a damaged PNG")


def png_chunks(content: bytes) -> Iterator[PngChunk]:
    """Iterates over the chunks of a PNG file, to its last byte.

    Raises:
      ValueError: if the file ends inside a chunk or has too many chunks.
    """
    place = len(PNG_START)
    for _ in range(_MOST_CHUNKS):
        if place == len(content):
            return
        length = int.from_bytes(content[place : place + 4])
        whole = content[place : place + 12 + length]
        if len(whole) != 12 + length:
            raise ValueError("a PNG cut off before its end")
        yield PngChunk(whole[4:8], whole[8:-4], whole)
        place += len(whole)
    raise ValueError(f"a PNG of more than {_MOST_CHUNKS} parts")
