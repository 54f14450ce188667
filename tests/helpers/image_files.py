"""Makes unusual image files, valid and hostile."""

import struct
import zlib

import cv2
import numpy as np

SIZE = (20, 30)


def png(image):
    return cv2.imencode(".png", image)[1].tobytes()


def jpeg(image, *options):
    return cv2.imencode(".jpg", image, options)[1].tobytes()


def chunk(kind, content):
    """Makes a chunk of a PNG."""
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def png_of(width, height, depth, colours, rows, *before, interlaced=0):
    """Makes a PNG file from its parts.

    Args:
      width: width in its header.
      height: height in its header.
      depth: bits per channel.
      colours: the colour type.
      rows: bytes of the rows, each after its filter byte.
      *before: chunks before the image's data.
      interlaced: 1 for Adam7; the rows are then those of its passes.
    """
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, interlaced)
    parts = [chunk(b"IHDR", header), *before, chunk(b"IDAT", zlib.compress(rows))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def rows_of(values, depth=8):
    """Makes filtered rows of a PNG from uint8 or uint16 [height, width * channels]."""
    if depth < 8:
        bits = np.unpackbits(values[..., np.newaxis].astype(np.uint8), axis=-1)[..., 8 - depth :]
        values = np.packbits(bits.reshape(len(values), -1), axis=-1)
    return b"".join(b"\0" + row.astype(f">u{max(1, depth // 8)}").tobytes() for row in values)


def segment(code, content):
    """Makes a segment of a JPEG."""
    return b"\xff" + bytes([code]) + struct.pack(">H", len(content) + 2) + content


def jpeg_of_scans(number):
    """Makes a progressive JPEG that repeats its last scan."""
    whole = jpeg(np.full((64, 64), 99, np.uint8), cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    last = whole.rindex(b"\xff\xda")
    scans = whole.count(b"\xff\xda")
    return whole[:last] + whole[last:-2] * (number - scans + 1) + whole[-2:]


def frame(width, height):
    """Makes a JPEG's header."""
    return segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")


def noise(rng, channels=3):
    return rng.integers(0, 256, (*SIZE, channels), np.uint8)


def good(rng):
    """Makes unusual but valid images within the limits, by kind."""
    coloured = noise(rng)
    whole = png(coloured)
    smooth = cv2.resize(coloured, (61, 47))
    lossless = jpeg(smooth)
    wide = rng.integers(0, 2**16, (*SIZE, 3), np.uint16)
    animation = chunk(b"acTL", struct.pack(">II", 2, 0))
    seven = rng.integers(0, 256, (7, 8 * 3), np.uint8)
    passes = [(0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2)]
    square = rng.integers(0, 256, (8, 8), np.uint8)
    interlaced = b"".join(
        rows_of(square[top::down, left::right])
        for top, down, left, right in [*passes, (1, 2, 0, 1)]
    )
    return {
        "interlaced png": png_of(8, 8, 8, 0, interlaced, interlaced=1),
        "palette": png_of(8, 7, 8, 3, rows_of(seven[:, :8]), chunk(b"PLTE", rng.bytes(768))),
        "animated png": whole[:33] + animation + whole[33:],
        "png of 16 bits": png(wide),
        "palette of 2 bits": png_of(
            8, 7, 2, 3, rows_of(seven[:, :8] & 3, 2), chunk(b"PLTE", rng.bytes(12))
        ),
        "grey png with a damaged key": png_of(
            8, 7, 8, 0, rows_of(seven[:, :8]), chunk(b"tRNS", b"\1")
        ),
        "grey png with an empty key": png_of(
            8, 7, 8, 0, rows_of(seven[:, :8]), chunk(b"tRNS", b"")
        ),
        "png of one bit": png_of(8, 7, 1, 0, rows_of(seven[:, :8] & 1, 1)),
        "png with a profile that grows": (
            whole[:33] + chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(10**7))) + whole[33:]
        ),
        "png with a text that grows": (
            whole[:33] + chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**6))) + whole[33:]
        ),
        "png and what follows": whole + b"more",
        "jpeg behind other segments": (
            lossless[:2] + segment(0xFE, frame(60000, 60000)) * 3 + lossless[2:]
        ),
        "jpeg with a preview": lossless[:2] + segment(0xE1, b"Exif\0\0" + lossless) + lossless[2:],
        "jpeg of many scans": jpeg_of_scans(100),
        "jpeg and what follows": lossless + b"more",
    }


def hostile(rng):
    """Makes files that must be refused by their headers, each with a part of the reason."""
    whole, lossless = png(noise(rng)), jpeg(noise(rng))
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**6)))
    place = lossless.index(b"\xff\xc0")
    end = place + 2 + struct.unpack_from(">H", lossless, place + 2)[0]

    def other(ending):
        return cv2.imencode(ending, noise(rng))[1].tobytes()

    def sized(width, height):
        return lossless[: place + 5] + struct.pack(">HH", height, width) + lossless[place + 9 :]

    return {
        "nothing": (b"", "an empty file"),
        "text": (b"no image", "neither a JPEG nor a PNG"),
        "gif": (b"GIF89a" + bytes(50), "neither a JPEG nor a PNG"),
        "bmp": (other(".bmp"), "neither a JPEG nor a PNG"),
        "webp": (other(".webp"), "neither a JPEG nor a PNG"),
        "tiff": (other(".tiff"), "neither a JPEG nor a PNG"),
        "large png": (png_of(40000, 40000, 8, 2, b""), "40000x40000 pixels, where the longest"),
        "long png": (png_of(4097, 1, 8, 0, bytes(4098)), "4097x1 pixels, where the longest"),
        "endless png": (png_of(2**32 - 1, 5, 8, 2, b""), "4294967295x5 pixels"),
        "png of no width": (png_of(0, 5, 8, 2, b""), "0x5 pixels, without any"),
        "large jpeg": (sized(40000, 40000), "40000x40000 pixels, where the longest"),
        "jpeg of no height": (sized(5, 0), "5x0 pixels, without any"),
        "jpeg of many scans": (jpeg_of_scans(101), "101 scans, where 100 is the most"),
        "jpeg of hundreds of scans": (jpeg_of_scans(700), "700 scans"),
        "jpeg of two frames": (lossless[:end] + lossless[place:], "2 frames, each with a size"),
        "two jpegs in one": (lossless[:2] + lossless, "starts twice"),
        "jpeg that ends at once": (b"\xff\xd8\xff\xd9", "cut off in its headers"),
        "jpeg cut in its header": (lossless[: place + 6], "cut off in its headers"),
        "jpeg cut in its scan": (lossless[:-40], "cut off before its end"),
        "jpeg of a segment too long": (b"\xff\xd8\xff\xe1\xff\xff" + bytes(9), "cut off"),
        "jpeg of filling": (b"\xff\xd8" + b"\xff" * 10**6, "cut off in its headers"),
        "png of another first chunk": (
            whole[:8] + chunk(b"prVt", bytes(13)) + whole[8:],
            "whose header does not come first",
        ),
        "signature of a png": (whole[:8], "cut off in its header"),
        "png cut in its header": (whole[:30], "cut off in its header"),
        "png of no such colours": (png_of(5, 5, 8, 5, b""), "colour type 5 with 8 bits"),
        "png of no such depth": (png_of(5, 5, 7, 2, b""), "colour type 2 with 7 bits"),
        "png of many texts": (whole[:33] + text * 9 + whole[33:], "more than 8 compressed texts"),
    }


def transparent(rng):
    """Makes PNGs with transparency: kind to the file and its image on black, uint8 RGB."""
    height, width = SIZE
    alpha = rng.integers(0, 256, (*SIZE, 1))
    alpha[:4], alpha[4:8] = 0, 255
    colours, grey = noise(rng), noise(rng, 1)
    wide = rng.integers(0, 2**16, (*SIZE, 4), np.uint16)
    few = rng.integers(0, 4, (*SIZE, 1), np.uint8)
    palette, opacity = rng.integers(0, 256, (4, 3), np.uint8), np.array([0, 255, 100, 7])

    def on_black(levels, opacity):
        levels = np.broadcast_to(levels, (*SIZE, 3)).astype(int)
        return ((levels * opacity + 127) // 255).astype(np.uint8)

    def file(values, depth, kind, *before):
        return png_of(
            width, height, depth, kind, rows_of(values.reshape(height, -1), depth), *before
        )

    key = chunk(b"tRNS", struct.pack(">H", 2))
    seven = np.where(few > 1, colours, np.uint8(7))
    wide_grey = np.where(few > 1, wide[..., :1], np.uint16(2))
    return {
        "rgb with alpha": (
            file(np.concatenate([colours, alpha], -1), 8, 6),
            on_black(colours, alpha),
        ),
        "grey with alpha": (file(np.concatenate([grey, alpha], -1), 8, 4), on_black(grey, alpha)),
        "rgb with alpha, 16 bits": (
            file(wide, 16, 6),
            on_black(wide[..., :3] >> 8, wide[..., 3:] >> 8),
        ),
        "grey with alpha, 16 bits": (
            file(wide[..., 2:], 16, 4),
            on_black(wide[..., 2:3] >> 8, wide[..., 3:] >> 8),
        ),
        "palette": (
            file(
                few,
                2,
                3,
                chunk(b"PLTE", palette.tobytes()),
                chunk(b"tRNS", bytes([0, 255, 100, 7])),
            ),
            on_black(palette[few[..., 0]], opacity[few]),
        ),
        "rgb with a key": (
            file(seven, 8, 2, chunk(b"tRNS", struct.pack(">HHH", 7, 7, 7))),
            on_black(seven, 255 * (few > 1)),
        ),
        "grey of 2 bits with a key": (file(few, 2, 0, key), on_black(few * 85, 255 * (few != 2))),
        "grey of 16 bits with a key": (
            file(wide_grey, 16, 0, key),
            on_black(wide_grey >> 8, 255 * (wide_grey != 2)),
        ),
    }
