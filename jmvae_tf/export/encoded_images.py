"""JPEG and PNG files to images and back, in the graph, as the training data was made.

The counterpart of `data/image_file.py` in TensorFlow's ops: both cut the centre square out and
resize it, and agree within a grey level. Unlike there, what a camera noted of its orientation is
not looked at, and faces are not searched for: they should be cut out before, roughly as in the
training data.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

LONGEST_SIDE = 4096
"""In pixels; larger images are refused by their headers, before any memory is taken for them."""

_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"  # Its size follows; decoders take other chunks before it.
_JPEG = b"\xff\xd8\xff"
_JPEG_SCAN = b"\xff\xda"
_MOST_SCANS = 100  # Of a progressive JPEG; each passes over the whole image, and may be 33 bytes.
_HEADER = 24  # Bytes of a PNG until the end of its size.
# 32768ths of red, green and blue: JPEG's 0.299, 0.587 and 0.114, as libpng rounds them.
_LUMINANCE = (9798.0, 19235.0, 3735.0)
_AT_ONCE = 2  # Images decoded side by side: each may take 50 MB.

Require = Callable[..., tf.Operation]


def decode(
    encoded: tf.Tensor, event_shape: Sequence[int], name: str, require: Require
) -> tf.Tensor:
    """Decodes files, cuts the centre square out of each image and resizes it.

    Args:
      encoded: string, [batch].
      event_shape: height and width, which are the same, and channels, 1 for grey or 3 for RGB.
      name: of the input, for messages.
      require: as `inputs.require`.

    Returns:
      float32, [batch, *event_shape], values in [0, 1].
    """
    return tf.map_fn(
        lambda one: _decode_one(one, event_shape, name, require),
        encoded,
        fn_output_signature=tf.TensorSpec(event_shape, tf.float32),
        parallel_iterations=_AT_ONCE,
    )


def encode(images: tf.Tensor) -> tf.Tensor:
    """float32 [batch, height, width, 1 or 3], 0 black and 1 white, to PNG files, string [batch]."""
    levels = tf.cast(tf.round(tf.clip_by_value(images, 0.0, 1.0) * 255.0), tf.uint8)
    return tf.map_fn(tf.io.encode_png, levels, fn_output_signature=tf.TensorSpec((), tf.string))


def _decode_one(
    encoded: tf.Tensor, event_shape: Sequence[int], name: str, require: Require
) -> tf.Tensor:
    size, _, channels = event_shape
    with tf.control_dependencies([_is_acceptable(encoded, name, require)]):
        encoded = tf.identity(encoded)

    def square(channels: int) -> tf.Tensor:
        # Reads PNG too. The name of the op is part of the message if the file is damaged.
        image = tf.io.decode_jpeg(
            encoded,
            channels=channels,
            dct_method="INTEGER_ACCURATE",
            name=f"{name}_must_hold_undamaged_JPEG_or_PNG_files",
        )
        height, width = tf.unstack(tf.shape(image)[:2])
        side = tf.minimum(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        return image[top : top + side, left : left + side]

    def luminance() -> tf.Tensor:
        coloured = tf.cast(square(3), tf.float32)
        weighted = tf.tensordot(coloured, tf.constant(_LUMINANCE)[:, tf.newaxis], 1)
        # Exact, for all of it fits into 24 bits.
        return tf.cast(tf.floor(weighted / 32768.0), tf.uint8)

    if channels == 1:  # A JPEG has its luminance, a PNG in colour has not.
        levels = tf.cond(_is_png(encoded), luminance, lambda: square(1))
    else:
        levels = square(channels)
    side = tf.shape(levels)[0]
    resized = tf.cond(side >= size, lambda: _shrunk(levels, size), lambda: _grown(levels, size))
    resized = tf.clip_by_value(tf.round(resized), 0.0, 255.0)
    return tf.ensure_shape(resized / 255.0, event_shape)


def _is_acceptable(encoded: tf.Tensor, name: str, require: Require) -> tf.Operation:
    """Refuses what is neither JPEG nor PNG, and what its header announces as too large."""
    header = tf.strings.substr(tf.strings.join([encoded, b"\0" * _HEADER]), 0, _HEADER)
    is_png = _is_png(encoded)
    is_jpeg = tf.strings.substr(header, 0, len(_JPEG)) == _JPEG
    known = require(
        is_png | is_jpeg,
        f"{name} must hold JPEG or PNG files. Received what is neither, of this many bytes:",
        tf.strings.length(encoded),
    )
    with tf.control_dependencies([known]):
        shape = tf.cond(
            is_png,
            lambda: _size_of_png(header),
            lambda: tf.image.extract_jpeg_shape(
                encoded, name=f"{name}_must_hold_undamaged_JPEG_files"
            )[:2],
        )
        scans = tf.cond(is_png, lambda: 0, lambda: _number_of_scans(encoded))
    is_quick = require(
        scans <= _MOST_SCANS,
        f"{name} must hold JPEG files of at most {_MOST_SCANS} scans. Received one of",
        scans,
    )
    is_small = require(
        tf.reduce_all((shape >= 1) & (shape <= LONGEST_SIDE)),
        f"{name} must hold images from 1x1 to {LONGEST_SIDE}x{LONGEST_SIDE} pixels. Received a "
        "header of height and width",
        shape,
    )
    return tf.group(is_quick, is_small)


def _is_png(encoded: tf.Tensor) -> tf.Tensor:
    """Whether a file, however short, says that it is a PNG; bool []."""
    return tf.strings.substr(tf.strings.join([encoded, b"\0" * len(_PNG)]), 0, len(_PNG)) == _PNG


def _size_of_png(header: tf.Tensor) -> tf.Tensor:
    """int32 [2]: height and width by a PNG's header; negative from 2^31 on."""
    width_and_height = tf.io.decode_raw(
        tf.strings.substr(header, 16, 8), tf.int32, little_endian=False
    )
    return width_and_height[::-1]


def _number_of_scans(encoded: tf.Tensor) -> tf.Tensor:
    """int32 []: the scans of a JPEG file and of previews within it, counted to one too many.

    What marks their beginnings cannot occur in their data.
    """
    parts = tf.raw_ops.StringSplitV2(input=[encoded], sep=_JPEG_SCAN, maxsplit=_MOST_SCANS + 1)
    return tf.size(parts.values) - 1


def _shrunk(levels: tf.Tensor, size: int) -> tf.Tensor:
    """uint8 [side, side, channels] to float32 [size, size, channels], means over a pixel's part."""
    return tf.image.resize(levels, (size, size), method="area")


def _grown(levels: tf.Tensor, size: int) -> tf.Tensor:
    """uint8 [side, side, channels] to float32 [size, size, channels], bicubic.

    The kernel's parameter is OpenCV's -0.75; TensorFlow's own resizing has -0.5.
    """
    side = tf.shape(levels)[0]
    levels = tf.cast(levels, tf.float32)
    step = tf.cast(side, tf.float32) / size
    place = (tf.range(size, dtype=tf.float32) + 0.5) * step - 0.5
    first = tf.floor(place)
    for axis in (0, 1):
        total = 0.0
        for offset in (-1, 0, 1, 2):
            index = tf.clip_by_value(tf.cast(first, tf.int32) + offset, 0, side - 1)
            weight = _cubic(tf.abs(place - first - offset))
            along = [1, 1, 1]
            along[axis] = size
            total += tf.gather(levels, index, axis=axis) * tf.reshape(weight, along)
        levels = total
    return levels


def _cubic(distance: tf.Tensor) -> tf.Tensor:
    """The kernel of bicubic interpolation at distances in [0, 2]."""
    a = -0.75
    near = ((a + 2.0) * distance - (a + 3.0)) * distance**2 + 1.0
    far = ((a * distance - 5.0 * a) * distance + 8.0 * a) * distance - 4.0 * a
    return tf.where(distance <= 1.0, near, far)
