"""Writes images that move to GIF files."""

import io
import pathlib
from collections.abc import Sequence

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from jmvae_tf.reporting.figures.png_files import short_line
from jmvae_tf.runtime.files import written_atomically

_COLOURS = 254  # Two of the 256 are white, and for pixels that stay as they were.
_SAMPLED = 2**20  # Pixels that the colours are chosen from.
_GAP = 6  # Pixels between tiles.
_SMALLEST = 5  # Pixels of letters.
_MILLISECONDS, _PAUSE = 60, 1000  # How long a frame is shown; multiples of 10.
_INK = (31, 41, 51)


def eased(number: int) -> np.ndarray:
    """Returns the steps of a movement from 0 to 1 that starts and stops gently, [number]."""
    return (1 - np.cos(np.pi * np.linspace(0, 1, number))) / 2


def there_and_back(frames: np.ndarray) -> np.ndarray:
    """Appends the frames in reverse, so that a loop has no jump; the ends are not repeated."""
    return np.concatenate([frames, frames[-2:0:-1]])


def tiled(
    frames: np.ndarray, side: int, columns: int, names: Sequence[str] = (), title: str = ""
) -> np.ndarray:
    """Lays out images that move at the same time, in rows, each perhaps with a name above it.

    Args:
      frames: [frames, images, height, width, 1 or 3], values in [0, 1].
      side: the longer side of each image in pixels; small images are enlarged smoothly.
      columns: the number of images in a row.
      names: the names of the images; none for no names.
      title: a line above all; empty for none.

    Returns:
      uint8 [frames, height, width, 3], on white.
    """
    _, number, height, width, _ = frames.shape
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    columns = min(columns, number)
    letters = int(np.clip(side / 8, 11, 16))
    above = round(1.6 * letters) if names else 0
    head = round(1.3 * letters) + 10 if title else 0
    cell = (size[0] + _GAP, size[1] + above + _GAP)
    canvas = Image.new(
        "RGB",
        (columns * cell[0] + _GAP, -(-number // columns) * cell[1] + _GAP + head),
        "white",
    )
    places = [
        (_GAP + column * cell[0], _GAP + head + row * cell[1])
        for row, column in (divmod(place, columns) for place in range(number))
    ]
    pen = ImageDraw.Draw(canvas)
    if title:
        _write(pen, title, (_GAP, _GAP), canvas.width - 2 * _GAP, round(1.15 * letters))
    for name, (x, y) in zip(names, places, strict=False):
        _write(pen, name, (x, y), size[0], letters)
    drawn = []
    for images in _as_bytes(frames):
        frame = canvas.copy()
        for image, (x, y) in zip(images, places, strict=True):
            frame.paste(
                Image.fromarray(image).resize(size, Image.Resampling.BICUBIC), (x, y + above)
            )
        drawn.append(np.asarray(frame))
    return np.stack(drawn)


def stacked(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Puts movements one below the other, each in the middle.

    Args:
      parts: uint8 [frames, height, width, 3] each, of the same number of frames.
    """
    width = max(part.shape[2] for part in parts)
    padded = []
    for part in parts:
        left = (width - part.shape[2]) // 2
        sides = (left, width - part.shape[2] - left)
        padded.append(np.pad(part, ((0, 0), (0, 0), sides, (0, 0)), constant_values=255))
    return np.concatenate(padded, axis=1)


def as_gif(frames: np.ndarray, pauses: Sequence[int] = ()) -> bytes:
    """Encodes frames as a GIF that repeats for ever.

    Args:
      frames: uint8 [frames, height, width, 3].
      pauses: the numbers of the frames that are shown for a second.
    """
    colours = Image.fromarray(_sample(frames)).quantize(_COLOURS, Image.Quantize.MEDIANCUT)
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(colours.getpalette() or [])[: 3 * _COLOURS], 255, 255, 255])
    # Without dithering, what does not move stays the same, and takes no space.
    first, *others = (
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in frames
    )
    file = io.BytesIO()
    first.save(
        file,
        "GIF",
        save_all=True,
        append_images=others,
        loop=0,
        duration=[_PAUSE if place in pauses else _MILLISECONDS for place in range(len(frames))],
    )
    return file.getvalue()


def save_gif(path: pathlib.Path, frames: np.ndarray, pauses: Sequence[int] = ()) -> None:
    """Writes the GIF that `as_gif` encodes.

    Raises:
      OSError: if it cannot be written.
    """
    with written_atomically(path) as temporary:
        temporary.write_bytes(as_gif(frames, pauses))


def _as_bytes(frames: np.ndarray) -> np.ndarray:
    """Returns images in [0, 1] as uint8 of three channels."""
    shown = np.round(255 * np.clip(frames, 0, 1)).astype(np.uint8)
    return np.repeat(shown, 3, axis=-1) if shown.shape[-1] == 1 else shown[..., :3]


def _sample(frames: np.ndarray) -> np.ndarray:
    """Returns some rows of pixels of all frames, as one image."""
    rows = frames.reshape(-1, *frames.shape[2:])
    return np.ascontiguousarray(rows[:: max(1, -(-rows.shape[0] * rows.shape[1] // _SAMPLED))])


def _write(
    pen: ImageDraw.ImageDraw, text: str, place: tuple[int, int], width: int, letters: int
) -> None:
    """Writes a line, in smaller letters or without its middle if it is too long."""
    file = font_manager.findfont("DejaVu Sans")
    line = short_line(text)
    for size in range(letters, _SMALLEST - 1, -1):
        font = ImageFont.truetype(file, size)
        if pen.textlength(line, font) <= width:
            break
    pen.text(place, line, fill=_INK, font=font)
