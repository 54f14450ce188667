"""Reads image files outside of a graph: users' files, uploads, archives and replies.

All untrusted JPEG and PNG files are decoded here, so that one set of limits applies
(`data/image_limits.py`). `data/celeba/prepared_faces.py` decodes faces of known size that this
package prepared. `export/encoded_images.py` is the counterpart in a graph.
"""

import pathlib
import struct
import zlib
from collections.abc import Sequence

import cv2
import numpy as np

from jmvae_tf.data import face_crop, image_crop, image_limits
from jmvae_tf.data.png_format import PNG_START, PngChunk, png_chunks, read_png_header
from jmvae_tf.runtime import files
from jmvae_tf.runtime.errors import UserError

_RIVAL_SHARE = 0.5
"""Faces below this share of the largest face's width count as background or false finds."""

_NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")

_SPARE = 2**16  # Bytes that a PNG may hold besides its image; decoders warn about them.
_SLICE, _PIECE = 2**14, 2**20  # Packed bytes read at once, and most unpacked bytes.


def read_image(
    path: pathlib.Path, event_shape: Sequence[int], crop: str | None = None, pipe: bool = False
) -> np.ndarray:
    """Reads a JPEG or PNG file, and gives it the size of the model's images.

    Args:
      path: path of the file.
      event_shape: height, width and channels: 1 for grey, 3 for RGB, 4 for RGB and opacity.
      crop: "face" for the square around the face of a colour image, "pad" for black margins,
        "stretch" for other proportions; otherwise the centre is cropped.
      pipe: read a pipe too; only for a path that the user named, see `files.read_limited`.

    Returns:
      float32, [height, width, channels], values in [0, 1].

    Raises:
      UserError: if the file is missing or not an image within the limits. With crop="face" also if
        the model's images are not square, or if there is no face, several of about the same size,
        or a face too close to the edge.
    """
    height, width, channels = event_shape
    if crop == "face" and height != width:
        raise UserError(
            "Faces are cropped to square images",
            f"{path} for images of {width}x{height} pixels",
            "crop the centre instead",
        )
    decoded = _decoded(path, channels, pipe)
    if crop == "face":
        face = _face(path, decoded[..., :3]).cut(decoded)
        cropped = image_crop.resize(face, height, width)
    else:
        fit = image_crop.FITTED.get(crop or "", image_crop.center_crop)
        cropped = fit(decoded, height, width)
    return cropped.reshape(event_shape).astype(np.float32) / 255.0


def decode_image(content: bytes, channels: int) -> np.ndarray:
    """Decodes a JPEG or PNG file, rotated as its camera noted.

    Args:
      content: the content of the file.
      channels: 1 for grey, 3 for RGB, 4 for RGB and opacity. With 1 or 3, transparent parts become
        black.

    Returns:
      uint8, [height, width] for a grey image, or [height, width, channels], red first, for colour.

    Raises:
      ValueError: with a short reason, if it is not a JPEG or PNG, exceeds the limits or is damaged.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # Reported below.
    header = image_limits.check_limits(content)
    flag = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR_RGB
    if header.format == "png":
        content, transparency = _needed(content)
        if header.channels in (2, 4) or transparency is not None:
            unchanged = _by_opencv(content, cv2.IMREAD_UNCHANGED)
            return _in_channels(_with_opacity(unchanged, header, transparency), channels)
    decoded = _by_opencv(content, flag)
    return cv2.cvtColor(decoded, cv2.COLOR_RGB2RGBA) if channels == 4 else decoded


def encode_png(levels: np.ndarray) -> bytes:
    """Encodes uint8 [height, width, 1, 3 or 4], red first and opacity last, without loss."""
    if levels.shape[-1] == 3:
        levels = cv2.cvtColor(levels, cv2.COLOR_RGB2BGR)
    if levels.shape[-1] == 4:
        levels = cv2.cvtColor(levels, cv2.COLOR_RGBA2BGRA)
    return cv2.imencode(".png", levels)[1].tobytes()


def _decoded(path: pathlib.Path, channels: int, pipe: bool) -> np.ndarray:
    try:
        return decode_image(files.read_limited(path, image_limits.MOST_BYTES, pipe), channels)
    except OSError as error:
        raise UserError(
            "An image file must be readable", f"{path}: {error.strerror}", "name a JPEG or PNG file"
        ) from error
    except ValueError as error:
        raise UserError(
            "An image file must be a JPEG or PNG",
            f"{path}, {error}",
            "choose another, or save it again, with at most "
            f"{image_limits.LONGEST_SIDE} pixels a side",
        ) from error


def _by_opencv(content: bytes, flag: int) -> np.ndarray:
    try:
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), flag)
    except cv2.error:  # OpenCV's own limits refuse the size.
        decoded = None
    if decoded is None:
        raise ValueError("an image that is damaged, or of a kind that cannot be decoded")
    return decoded


def _with_opacity(
    decoded: np.ndarray, header: image_limits.Header, transparency: bytes | None
) -> np.ndarray:
    """Separates the opacity of an image that OpenCV decoded unchanged.

    Args:
      decoded: uint8 or uint16, [height, width] or [height, width, 3 or 4], blue first.
      header: the header of the file.
      transparency: the content of its tRNS chunk, if there is one.

    Returns:
      uint8 [height, width, 2 or 4], grey or blue first, opacity last.
    """
    opacity = np.full((*decoded.shape[:2], 1), np.iinfo(decoded.dtype).max, decoded.dtype)
    # OpenCV only uses the tRNS of colour images. Decoders ignore one of another length.
    if decoded.ndim == 2 and transparency is not None and len(transparency) == 2:
        brightest = 2**header.bits - 1
        [level] = struct.unpack(">H", transparency)
        level = (level & brightest) * (np.iinfo(decoded.dtype).max // brightest)
        opacity[decoded == level] = 0
    if decoded.ndim == 2:
        decoded = decoded[..., np.newaxis]
    if decoded.shape[-1] in (1, 3):
        decoded = np.concatenate([decoded, opacity], axis=-1)
    if decoded.dtype == np.uint16:
        decoded = (decoded >> 8).astype(np.uint8)
    return decoded


def _in_channels(image: np.ndarray, channels: int) -> np.ndarray:
    """Converts an image of `_with_opacity` to 1, 3 or 4 channels, red first.

    Without opacity in the result, it is composed on black.
    """
    grey = image.shape[-1] == 2
    if channels == 4:
        return cv2.cvtColor(image[..., [0, 0, 0, 1]] if grey else image, cv2.COLOR_BGRA2RGBA)
    weighted = image[..., :-1].astype(np.uint16) * image[..., -1:]
    composed = ((weighted + 127) // 255).astype(np.uint8)
    if grey:
        return composed[..., 0] if channels == 1 else composed[..., [0, 0, 0]]
    coloured = cv2.cvtColor(composed, cv2.COLOR_BGR2RGB)
    return coloured if channels == 3 else _luminance(coloured)


def _luminance(coloured: np.ndarray) -> np.ndarray:
    """Converts uint8 [height, width, 3], red first, to grey, rounded like libpng."""
    weighted = coloured.astype(np.uint32) @ np.array(image_limits.LUMINANCE, np.uint32)
    return (weighted >> 15).astype(np.uint8)


def _needed(content: bytes) -> tuple[bytes, bytes | None]:
    """Reduces a PNG to the chunks that its image needs; returns the content of tRNS too.

    Texts, colour profiles and animations take time, and decoders print warnings about them.

    Raises:
      ValueError: if it is damaged or holds far more than its image.
    """
    parts: list[PngChunk] = []
    for chunk in png_chunks(content):
        if chunk.kind in _NEEDED:
            chunk.check()
            parts.append(chunk)
        if chunk.kind == b"IEND":
            break
    else:
        raise ValueError("a PNG cut off before its end")
    once = [chunk.kind for chunk in parts if chunk.kind != b"IDAT"]
    if len(set(once)) < len(once):
        raise ValueError("a PNG that repeats a part allowed only once")
    _check_rows(content, b"".join(chunk.data for chunk in parts if chunk.kind == b"IDAT"))
    transparency = next((chunk.data for chunk in parts if chunk.kind == b"tRNS"), None)
    return b"".join([PNG_START, *(chunk.whole for chunk in parts)]), transparency


def _check_rows(content: bytes, packed: bytes) -> None:
    """Refuses a PNG that holds far more than its image, since decoders would unpack all of it.

    Args:
      content: the content of the file, whose header has been checked.
      packed: the packed data of its image; the decoder detects damage.

    Raises:
      ValueError: if it holds far more.
    """
    left = _SPARE + read_png_header(content).num_bytes()
    unpacker = zlib.decompressobj()
    for start in range(0, len(packed), _SLICE):
        waiting = packed[start : start + _SLICE]
        while waiting:
            try:
                left -= len(unpacker.decompress(waiting, _PIECE))
            except zlib.error:
                return
            if left < 0:
                raise ValueError("a PNG that holds far more than its image")
            waiting = unpacker.unconsumed_tail
        if unpacker.eof:
            return


def _face(path: pathlib.Path, image: np.ndarray) -> face_crop.Box:
    """Finds the square around the only face of a photograph, enlarged as in training."""
    faces = face_crop.find_faces(image)
    height, width = image.shape[:2]
    if not faces:
        raise UserError(
            "A photograph must show a face from the front",
            f"{path}, {width}x{height} pixels, in which none was found",
            "choose another, or crop it so that the face is upright and fills at least a tenth",
        )
    rivals = [face for face in faces if face.side >= _RIVAL_SHARE * faces[0].side]
    if len(rivals) > 1:
        places = ", ".join(f"{x.side}x{x.side} at ({x.left}, {x.top})" for x in rivals)
        raise UserError(
            "A photograph must show one face",
            f"{path}, in which {len(rivals)} were found, in pixels from the upper left: {places}",
            "crop it to one of them",
        )
    box = faces[0].enlarged()
    if not box.is_inside(image):
        raise UserError(
            f"A photograph must have a margin around the face, {face_crop.ENLARGEMENT} times its "
            "width in total",
            f"{path}, {width}x{height} pixels, with a face of {faces[0].side}x{faces[0].side} at "
            f"({faces[0].left}, {faces[0].top})",
            "choose one with more around the face",
        )
    return box
