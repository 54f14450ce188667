"""Whether bytes are a PNG file as the models write it, to the last byte.

The models write 8 bits a channel, grey or in colour, row by row, and no chunks of text or the
like. Whatever else a PNG may be is refused, so that nothing of a server's choice can be hidden in
a file that is kept, and that it takes as little memory as its image.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence

from jmvae_tf.data.image_limits import LONGEST_SIDE, PNG_START

_CHANNELS = {0: 1, 2: 3}  # By the header's type of colour: grey, and RGB.
_MOST_VALUES = 3 * LONGEST_SIDE**2
_FILTERS = 5


def check_png(content: bytes, event_shape: Sequence[int] | None) -> None:
    """Raises ValueError if bytes are not such a PNG file.

    Args:
      content: the file.
      event_shape: height, width and channels that it must have; None for any.
    """
    if not content.startswith(PNG_START):
        raise ValueError("a file that is no PNG")
    chunks = list(_chunks(content))
    kinds = [kind for kind, _ in chunks]
    middle = len(chunks) - 2
    if middle < 1 or kinds != [b"IHDR", *[b"IDAT"] * middle, b"IEND"] or chunks[-1][1]:
        raise ValueError("a PNG of other parts than a header, an image and an end")
    height, width, channels = _shape(chunks[0][1])
    if event_shape is not None and (height, width, channels) != tuple(event_shape):
        raise ValueError(
            f"a PNG of {height}x{width}x{channels}, not {'x'.join(map(str, event_shape))}"
        )
    row = 1 + width * channels
    if height * row > _MOST_VALUES + height:
        raise ValueError(f"a PNG of {height}x{width} pixels, which is more than is read")
    unpacker = zlib.decompressobj()
    try:
        rows = unpacker.decompress(b"".join(x for _, x in chunks[1:-1]), height * row + 1)
    except zlib.error as error:
        raise ValueError("a damaged PNG") from error
    whole = unpacker.eof and not unpacker.unused_data and len(rows) == height * row
    if not whole or max(rows[::row]) >= _FILTERS:
        raise ValueError("a PNG with fewer or more rows than it announces, or damaged ones")


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each part of the file, which must be whole."""
    place = len(PNG_START)
    while place < len(content):
        [size] = struct.unpack(">I", content[place : place + 4].ljust(4, b"\xff"))
        end = place + 12 + size
        if end > len(content):
            raise ValueError("a PNG that is cut off")
        body, checksum = content[place + 4 : end - 4], content[end - 4 : end]
        if zlib.crc32(body) != int.from_bytes(checksum):
            raise ValueError("a damaged PNG")
        yield body[:4], body[4:]
        place = end


def _shape(header: bytes) -> tuple[int, int, int]:
    """Height, width and channels that a header announces."""
    if len(header) != 13:
        raise ValueError("a PNG without a header")
    width, height, depth, colours, *methods = struct.unpack(">IIBBBBB", header)
    if depth != 8 or colours not in _CHANNELS or any(methods) or not (width and height):
        raise ValueError("a PNG of another kind than models write")
    return height, width, _CHANNELS[colours]
