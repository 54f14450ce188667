"""Converts JPEG and PNG files to images and back, in the graph, like the training data.

This is the counterpart of `data/image_file.py` in TensorFlow ops. Both give an image the model's
size in the way of `data/image_crop.FITTED`, and agree within a grey level. Images without
opacity have transparent parts made black. Both apply the limits of `data/image_limits.py`. This one
ignores the orientation that a camera noted and does not search for faces: crop them first, roughly
as in the training data.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from jmvae_tf.data.image_crop import FITTED
from jmvae_tf.data.image_limits import (
    JPEG_SCAN,
    JPEG_START,
    LONGEST_SIDE,
    LUMINANCE,
    MOST_BYTES,
    MOST_SCANS,
    MOST_TEXTS,
    PNG_TEXTS,
)
from jmvae_tf.data.png_format import PNG_HEADER_START
from jmvae_tf.export.checks import refuse_unless

_HEADER = 24  # Bytes of a PNG up to the end of its size.
_AT_ONCE = 2  # Images decoded in parallel; each may take 50 MB.
_OPAQUE = np.uint8(255)


def decode(
    encoded: tf.Tensor, event_shape: Sequence[int], name: str, fit: str = "crop"
) -> tf.Tensor:
    """Decodes files, and gives each image the size of the model's.

    Args:
      encoded: string, [batch].
      event_shape: height, width and channels: 1 for grey, 3 for RGB, 4 for RGB and opacity.
      name: name of the input, for messages.
      fit: a key of `data/image_crop.FITTED`: "crop" for the centre, "pad" for black margins,
        "stretch" for other proportions.

    Returns:
      float32, [batch, *event_shape], values in [0, 1].

    Raises:
      ValueError: if there is no such way to fit an image.
    """
    if fit not in FITTED:
        raise ValueError(f"An image is fitted by {', '.join(FITTED)}. Received: {fit!r}")
    return tf.map_fn(
        lambda one: _decode_one(one, event_shape, name, fit),
        encoded,
        fn_output_signature=tf.TensorSpec(event_shape, tf.float32),
        parallel_iterations=_AT_ONCE,
    )


def encode(images: tf.Tensor) -> tf.Tensor:
    """Encodes float32 [batch, height, width, 1, 3 or 4] in [0, 1] as PNGs, string [batch]."""
    levels = tf.cast(tf.round(tf.clip_by_value(images, 0.0, 1.0) * 255.0), tf.uint8)
    return tf.map_fn(tf.io.encode_png, levels, fn_output_signature=tf.TensorSpec((), tf.string))


def _decode_one(encoded: tf.Tensor, event_shape: Sequence[int], name: str, fit: str) -> tf.Tensor:
    high, wide, channels = event_shape
    with tf.control_dependencies([_is_acceptable(encoded, name)]):
        encoded = tf.identity(encoded)

    def used_part(channels: int) -> tf.Tensor:
        # Reads PNG too. The op's name is part of the message if the file is damaged.
        image = tf.io.decode_jpeg(
            encoded,
            channels=channels,
            dct_method="INTEGER_ACCURATE",
            name=f"{name}_must_hold_undamaged_JPEG_or_PNG_files",
        )
        return _center(image, high, wide) if fit == "crop" else image

    def of_png() -> tf.Tensor:
        image = _with_opacity(used_part(4), _bits_of_png(encoded))
        if channels == 4:
            return image
        coloured = _composed(image)
        return coloured if channels == 3 else _luminance(coloured)

    def of_jpeg() -> tf.Tensor:
        if channels < 4:  # Uses the luminance, which a JPEG contains and a colour PNG does not.
            return used_part(channels)
        coloured = used_part(3)
        return tf.concat([coloured, tf.fill(tf.shape(coloured[..., :1]), _OPAQUE)], axis=-1)

    levels = tf.cond(_is_png(encoded), of_png, of_jpeg)
    if fit == "pad":
        resized = _padded(levels, high, wide)
    else:
        resized = _resized(levels, (high, wide))
    return tf.ensure_shape(tf.round(resized) / 255.0, event_shape)


def _center(image: tf.Tensor, high: int, wide: int) -> tf.Tensor:
    """Cuts out `image_crop.center_part`."""
    height, width = tf.unstack(tf.shape(image)[:2])
    rows = tf.minimum(height, tf.maximum(1, width * high // wide))
    columns = tf.minimum(width, tf.maximum(1, height * wide // high))
    top, left = (height - rows) // 2, (width - columns) // 2
    return image[top : top + rows, left : left + columns]


def _padded(levels: tf.Tensor, high: int, wide: int) -> tf.Tensor:
    """Resizes an image and adds black margins, as `image_crop.padded`."""
    shape = tf.shape(levels)[:2]
    sides = tf.cast(shape, tf.float64)
    scale = tf.reduce_min(tf.constant([high, wide], tf.float64) / sides)
    size = tf.maximum(1, tf.cast(tf.round(scale * sides), tf.int32))
    before = (tf.constant([high, wide]) - size) // 2
    margins = tf.stack([before, tf.constant([high, wide]) - size - before], axis=1)
    return tf.pad(_resized(levels, size), tf.concat([margins, [[0, 0]]], axis=0))


def _resized(levels: tf.Tensor, size: tf.Tensor | tuple[int, int]) -> tf.Tensor:
    """Resizes an image as `image_crop.resize` does; float32."""
    # Averages over a pixel's area, which for enlarging would only repeat pixels.
    return tf.cond(
        tf.reduce_all(tf.shape(levels)[:2] >= size),
        lambda: tf.image.resize(levels, size, method="area"),
        lambda: tf.image.resize(levels, size, method="bilinear"),
    )


def _with_opacity(image: tf.Tensor, bits: tf.Tensor) -> tf.Tensor:
    """Corrects the opacity of a decoded PNG that has none.

    Args:
      image: uint8 [height, width, 4], the last of them opacity.
      bits: bits of each channel in the file, int32 [].

    Returns:
      uint8 [height, width, 4].
    """
    colours, opacity = tf.split(image, [3, 1], axis=-1)
    # TensorFlow's decoder returns this if a file has no opacity, whatever the number of bits.
    opaque = tf.cast(tf.minimum(tf.bitwise.left_shift(1, bits) - 1, 255), tf.uint8)
    is_opaque = tf.reduce_all(opacity == opaque)
    return tf.concat([colours, tf.where(is_opaque, _OPAQUE, opacity)], axis=-1)


def _composed(image: tf.Tensor) -> tf.Tensor:
    """Composes uint8 [height, width, 4] on black, [height, width, 3]."""
    colours, opacity = tf.split(tf.cast(image, tf.uint16), [3, 1], axis=-1)
    return tf.cast((colours * opacity + 127) // 255, tf.uint8)


def _bits_of_png(encoded: tf.Tensor) -> tf.Tensor:
    """Reads the bits of each channel, or of an index into the palette; int32 []."""
    return tf.cast(tf.io.decode_raw(tf.strings.substr(encoded, _HEADER, 1), tf.uint8)[0], tf.int32)


def _luminance(coloured: tf.Tensor) -> tf.Tensor:
    """Converts uint8 [height, width, 3] to grey, [height, width, 1]."""
    weights = tf.constant(LUMINANCE, tf.float32)[:, tf.newaxis]
    weighted = tf.tensordot(tf.cast(coloured, tf.float32), weights, 1)
    return tf.cast(tf.floor(weighted / 32768.0), tf.uint8)  # Exact: it fits into 24 bits.


def _is_acceptable(encoded: tf.Tensor, name: str) -> tf.Operation:
    """Refuses files that are neither JPEG nor PNG, or whose headers exceed the limits."""
    header = tf.strings.substr(tf.strings.join([encoded, b"\0" * _HEADER]), 0, _HEADER)
    length = tf.strings.length(encoded)
    is_png = _is_png(encoded)
    is_jpeg = tf.strings.substr(header, 0, len(JPEG_START)) == JPEG_START
    is_short = refuse_unless(
        length <= MOST_BYTES,
        f"{name} must hold files of at most {MOST_BYTES} bytes. Received one of",
        length,
    )
    is_known = refuse_unless(
        is_png | is_jpeg,
        f"{name} must hold JPEG or PNG files. Received neither, with this many bytes:",
        length,
    )
    with tf.control_dependencies([is_short, is_known]):
        shape = tf.cond(
            is_png,
            lambda: _size_of_png(header),
            lambda: tf.image.extract_jpeg_shape(
                encoded, name=f"{name}_must_hold_undamaged_JPEG_files"
            )[:2],
        )
        scans, texts = tf.cond(
            is_png,
            lambda: (0, sum(_number_of(kind, encoded, MOST_TEXTS) for kind in PNG_TEXTS)),
            lambda: (_number_of(JPEG_SCAN, encoded, MOST_SCANS), 0),
        )
    is_quick = refuse_unless(
        (scans <= MOST_SCANS) & (texts <= MOST_TEXTS),
        f"{name} must hold JPEG files of at most {MOST_SCANS} scans and PNG files of at most "
        f"{MOST_TEXTS} compressed texts. Received one with this many scans and texts:",
        scans,
        texts,
    )
    is_small = refuse_unless(
        tf.reduce_all((shape >= 1) & (shape <= LONGEST_SIDE)),
        f"{name} must hold images from 1x1 to {LONGEST_SIDE}x{LONGEST_SIDE} pixels. Received a "
        "header of height and width",
        shape,
    )
    return tf.group(is_quick, is_small)


def _is_png(encoded: tf.Tensor) -> tf.Tensor:
    """Tells whether a file, however short, starts like a PNG; bool []."""
    padded = tf.strings.join([encoded, b"\0" * len(PNG_HEADER_START)])
    return tf.strings.substr(padded, 0, len(PNG_HEADER_START)) == PNG_HEADER_START


def _size_of_png(header: tf.Tensor) -> tf.Tensor:
    """Reads height and width from a PNG's header, int32 [2]; negative from 2^31 on."""
    width_and_height = tf.io.decode_raw(
        tf.strings.substr(header, 16, 8), tf.int32, little_endian=False
    )
    return width_and_height[::-1]


def _number_of(mark: bytes, encoded: tf.Tensor, most: int) -> tf.Tensor:
    """Counts a mark in a file, up to one above the limit; int32 []."""
    parts = tf.raw_ops.StringSplitV2(input=[encoded], sep=mark, maxsplit=most + 1)
    return tf.size(parts.values) - 1
