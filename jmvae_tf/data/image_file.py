"""Reads image files outside of a graph: users' files, uploads, archives and replies.

All untrusted JPEG and PNG files are decoded here, so that one set of limits applies
(`data/image_limits.py`). `data/celeba/prepared_faces.py` decodes faces of known size that this
package prepared. `export/encoded_images.py` is the counterpart in a graph. Transparent parts of a
PNG become black.
"""

import pathlib
import struct
import zlib
from collections.abc import Sequence

import cv2
import numpy as np

from jmvae_tf.data import face_crop, image_limits
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
    """Reads a JPEG or PNG file, crops a square and resizes it.

    Args:
      path: path of the file.
      event_shape: height and width, which must be equal, and channels, 1 for grey or 3 for RGB.
      crop: "face" for the square around the face of a colour image; otherwise the centre square is
        cropped.
      pipe: read a pipe too; only for a path that the user named, see `files.read_limited`.

    Returns:
      float32, [height, width, channels], values in [0, 1].

    Raises:
      UserError: if the file is missing or not an image within the limits, or the model's images are
        not square. With crop="face" also if there is no face, several of about the same size, or a
        face too close to the edge.
    """
    height, width, channels = event_shape
    if height != width:
        raise UserError(
            "Image files are read as square images",
            f"{path} for images of {width}x{height} pixels",
            "use such a model as a library, with arrays",
        )
    decoded = _decoded(path, channels, pipe)
    if crop == "face":
        square = face_crop.resize(_face(path, decoded).cut(decoded), height)
    else:
        square = face_crop.center_square(decoded, height)
    return square.reshape(event_shape).astype(np.float32) / 255.0


def decode_image(content: bytes, channels: int) -> np.ndarray:
    """Decodes a JPEG or PNG file, rotated as its camera noted; transparent parts become black.

    Args:
      content: the content of the file.
      channels: 1 for grey or 3 for RGB.

    Returns:
      uint8, [height, width] for a grey image, or [height, width, 3], red first, for colour.

    Raises:
      ValueError: with a short reason, if it is not a JPEG or PNG, exceeds the limits or is damaged.
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # Reported below.
    header = image_limits.check_limits(content)
    flag = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR_RGB
    if header.format == "jpeg":
        return _by_opencv(content, flag)
    content, transparency = _needed(content)
    if header.channels in (2, 4) or transparency is not None:
        composed = _composed(_by_opencv(content, cv2.IMREAD_UNCHANGED), header, transparency)
        if composed.ndim == 2:
            return composed if channels == 1 else cv2.cvtColor(composed, cv2.COLOR_GRAY2RGB)
        coloured = cv2.cvtColor(composed, cv2.COLOR_BGR2RGB)
        return coloured if channels == 3 else _luminance(coloured)
    return _by_opencv(content, flag)


def encode_png(levels: np.ndarray) -> bytes:
    """Encodes uint8 [height, width, 1] or [height, width, 3], red first, without loss."""
    if levels.shape[-1] == 3:
        levels = cv2.cvtColor(levels, cv2.COLOR_RGB2BGR)
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
            "convert it or make it smaller",
        ) from error


def _by_opencv(content: bytes, flag: int) -> np.ndarray:
    try:
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), flag)
    except cv2.error:  # OpenCV's own limits refuse the size.
        decoded = None
    if decoded is None:
        raise ValueError("an image that is damaged, or of a kind that cannot be decoded")
    return decoded


def _composed(
    decoded: np.ndarray, header: image_limits.Header, transparency: bytes | None
) -> np.ndarray:
    """Composes an image that OpenCV decoded unchanged on black.

    Args:
      decoded: uint8 or uint16, [height, width] or [height, width, 3 or 4], blue first.
      header: the header of the file.
      transparency: the content of its tRNS chunk, if there is one.

    Returns:
      uint8, without transparency.
    """
    # OpenCV only uses the tRNS of colour images. Decoders ignore one of another length.
    if decoded.ndim == 2 and transparency is not None and len(transparency) == 2:
        brightest = 2**header.bits - 1
        [level] = struct.unpack(">H", transparency)
        level = (level & brightest) * (np.iinfo(decoded.dtype).max // brightest)
        decoded = np.where(decoded == level, np.zeros_like(decoded), decoded)
    if decoded.dtype == np.uint16:
        decoded = (decoded >> 8).astype(np.uint8)
    if decoded.ndim == 3 and decoded.shape[-1] == 4:
        weighted = decoded[..., :3].astype(np.uint16) * decoded[..., 3:]
        decoded = ((weighted + 127) // 255).astype(np.uint8)
    return decoded


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
