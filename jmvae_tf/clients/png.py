"""Checks to the last byte that a file is a PNG as the models write it.

The models write 8 bits per channel, grey, colour or colour with opacity, row by row, without text
or similar chunks. Any other PNG is refused. So a server cannot hide data in a file that is kept,
and a file needs no more memory than its image.
"""

import zlib
from collections.abc import Sequence

from jmvae_tf.data.image_limits import LONGEST_SIDE
from jmvae_tf.data.png_format import PNG_START, png_chunks, read_png_header

_WRITTEN = ((8, 0), (8, 2), (8, 6))  # Bits and colour type: grey, RGB and RGB with opacity.
_MOST_VALUES = 4 * LONGEST_SIDE**2
_FILTERS = 5


def check_png(content: bytes, event_shape: Sequence[int] | None) -> None:
    """Raises ValueError if a file is not such a PNG.

    Args:
      content: the content of the file.
      event_shape: the required height, width and channels; None for any.
    """
    if not content.startswith(PNG_START):
        raise ValueError("a file that is not a PNG")
    header = read_png_header(content)
    chunks = list(png_chunks(content))
    for chunk in chunks:
        chunk.check()
    middle = len(chunks) - 2
    kinds = [chunk.kind for chunk in chunks]
    if middle < 1 or kinds != [b"IHDR", *[b"IDAT"] * middle, b"IEND"] or chunks[-1].data:
        raise ValueError("a PNG with other parts than a header, an image and an end")
    if (header.bits, header.colours) not in _WRITTEN or any(header[4:]):
        raise ValueError("a PNG of another kind than models write")
    shape = (header.height, header.width, header.channels)
    if not (header.width and header.height):
        raise ValueError("a PNG without any pixels")
    if event_shape is not None and shape != tuple(event_shape):
        raise ValueError(
            f"a PNG of {'x'.join(map(str, shape))}, not {'x'.join(map(str, event_shape))}"
        )
    size = header.num_bytes()
    if size > _MOST_VALUES + header.height:
        raise ValueError(
            f"a PNG of {header.height}x{header.width} pixels, which is more than is read"
        )
    unpacker = zlib.decompressobj()
    try:
        rows = unpacker.decompress(b"".join(x.data for x in chunks[1:-1]), size + 1)
    except zlib.error as error:
        raise ValueError("a damaged PNG") from error
    whole = unpacker.eof and not unpacker.unused_data and len(rows) == size
    if not whole or max(rows[:: size // header.height]) >= _FILTERS:
        raise ValueError("a PNG with fewer or more rows than it announces, or damaged ones")
