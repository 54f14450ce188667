"""Limits of image files: JPEG or PNG, of limited size. All decoders use these limits.

This module needs neither TensorFlow nor OpenCV: it checks a file's headers before anything is
decoded. `data/image_file.py` reads images within these limits. Decode files of users, servers or
archives with it, or at least call `check_limits`. `export/encoded_images.py` applies the same
limits in a graph.
"""

import dataclasses
import re
import struct
from typing import Literal

from jmvae_tf.data.png_format import PNG_START, read_png_header

MOST_BYTES = 2**25
"""Largest size of a file."""

LONGEST_SIDE = 4096
"""In pixels; larger images are refused by their headers, before memory is allocated."""

MOST_SCANS = 100
"""Most scans of a progressive JPEG; 33 bytes of a scan can cover the whole image."""

MOST_TEXTS = 8
"""Compressed texts of a PNG; each of them may unpack to a thousand times its size."""

JPEG_START = b"\xff\xd8\xff"
JPEG_SCAN = b"\xff\xda"
PNG_TEXTS = (b"zTXt", b"iTXt")

LUMINANCE = (9798, 19235, 3735)
"""Weights of red, green and blue in 1/32768: 0.299, 0.587 and 0.114, rounded like libpng."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = 0x01
_SCAN, _START, _END = 0xDA, 0xD8, 0xD9
# Markers other than scan data and restart markers.
_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
_MOST_SEGMENTS = 10_000  # Of a JPEG. The largest colour profile takes 255.


@dataclasses.dataclass(frozen=True)
class Header:
    """The header of an image file.

    Attributes:
      format: "jpeg" or "png".
      width: in pixels.
      height: in pixels.
      channels: 1 for grey, 2 for grey and transparency, 3 for colour, 4 for colour and
        transparency (PNG) or for the four inks of printers (JPEG). A palette is colour.
      bits: bits of each channel, or of an index into the palette.
    """

    format: Literal["jpeg", "png"]
    width: int
    height: int
    channels: int
    bits: int


def check_limits(content: bytes) -> Header:
    """Checks an image file by its headers.

    The file may still be damaged; the decoder detects that.

    Args:
      content: the whole file.

    Raises:
      ValueError: with a short reason, for example "a PNG of 40000x40000 pixels, where the longest
        side may have 4096", if it is not a JPEG or PNG or exceeds the limits.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"a file of {len(content)} bytes, where {MOST_BYTES} is the most")
    if content.startswith(PNG_START):
        header = _header_of_png(content)
    elif content.startswith(JPEG_START):
        header = _header_of_jpeg(content)
    else:
        raise ValueError("neither a JPEG nor a PNG" if content else "an empty file")
    name = header.format.upper()
    size = f"a {name} of {header.width}x{header.height} pixels"
    if min(header.width, header.height) < 1:
        raise ValueError(f"{size}, without any")
    if max(header.width, header.height) > LONGEST_SIDE:
        raise ValueError(f"{size}, where the longest side may have {LONGEST_SIDE}")
    return header


def _header_of_png(content: bytes) -> Header:
    header = read_png_header(content)
    if sum(content.count(kind) for kind in PNG_TEXTS) > MOST_TEXTS:
        raise ValueError(f"a PNG of more than {MOST_TEXTS} compressed texts")
    return Header("png", header.width, header.height, header.channels, header.bits)


def _header_of_jpeg(content: bytes) -> Header:
    scans = content.count(JPEG_SCAN)
    if scans > MOST_SCANS:
        raise ValueError(f"a JPEG of {scans} scans, where {MOST_SCANS} is the most")
    frames = []
    place = len(JPEG_START) - 1
    has_scan = has_end = False
    for _ in range(_MOST_SEGMENTS):
        marker = _MARKER.search(content, place)
        if marker is None:
            break
        [code] = marker[1]
        place = marker.end()
        if code == _END:
            has_end = True
            break
        if code == _START:
            raise ValueError("a JPEG that starts twice")
        if code == _WITHOUT_LENGTH:
            continue
        segment = _segment(content, place)
        if code in _FRAMES:
            frames.append(segment)
        has_scan |= code == _SCAN
        place += 2 + len(segment)
    else:
        raise ValueError(f"a JPEG of more than {_MOST_SEGMENTS} segments")
    if not frames or not has_scan:
        raise ValueError("a JPEG cut off in its headers, or without an image")
    if not has_end:
        raise ValueError("a JPEG cut off before its end")
    if len(frames) > 1:
        raise ValueError(f"a JPEG of {len(frames)} frames, each with a size")
    if len(frames[0]) < struct.calcsize(">BHHB"):
        raise ValueError("a JPEG with a damaged header")
    bits, height, width, channels = struct.unpack_from(">BHHB", frames[0])
    return Header("jpeg", width, height, channels, bits)


def _segment(content: bytes, place: int) -> bytes:
    """Returns the content of a segment, which follows its length at `place`."""
    length = int.from_bytes(content[place : place + 2])
    segment = content[place + 2 : place + length]
    if len(segment) != length - 2:
        raise ValueError("a JPEG cut off in its headers, or with a damaged one")
    return segment
