"""Reads the images that a table names: how large they shall be, and each in that size.

This module does not import TensorFlow, since processes that prepare images import it.
"""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

from jmvae_tf.data import image_crop, image_file, image_limits
from jmvae_tf.data.own.manifest import ModalityColumns
from jmvae_tf.data.own.manifest_values import LONGEST_SIDE
from jmvae_tf.runtime.files import read_limited

_SHORTER_SIDE, _MULTIPLE = 64, 16
_SAMPLED = 200  # Images that decide on size, channels and likelihood.
_DARK, _BRIGHT, _NEARLY_ALL = 32, 223, 0.85  # The last is the share of pixels; MNIST's is 0.92.
_GREY = 8  # Levels between the colours of a pixel; JPEG's colours round.


def read_file(root: pathlib.Path, name: str) -> bytes:
    """Reads an image file.

    Raises:
      OSError: if it cannot be read.
      ValueError: if it is larger than images may be.
    """
    return read_limited(root / name, image_limits.MOST_BYTES)


def fitted(content: bytes, one: ModalityColumns) -> np.ndarray:
    """Decodes an image file into the size and the channels of its modality.

    Args:
      content: the content of the file.
      one: a resolved modality.

    Returns:
      uint8 [height, width, channels].

    Raises:
      ValueError: with a short reason, if it is no image within the limits.
    """
    return fitted_image(image_file.decode_image(content, one.event_shape[-1]), one)


def fitted_image(decoded: np.ndarray, one: ModalityColumns) -> np.ndarray:
    """Gives an image the size of its modality.

    Args:
      decoded: uint8 [height, width, channels], with the channels of the modality.
      one: a resolved modality.

    Returns:
      uint8, of the modality's shape.
    """
    height, width, _ = one.event_shape
    if decoded.shape == one.event_shape:
        return decoded
    return image_crop.FITTED[one.fit](decoded, height, width).reshape(one.event_shape)


@dataclasses.dataclass(frozen=True)
class ResolvedImages:
    """How images shall be read, and why.

    Attributes:
      columns: the resolved modality.
      said: what was found in a sample of the files.
    """

    columns: ModalityColumns
    said: str


def resolve_images(
    one: ModalityColumns, root: pathlib.Path, names: Sequence[str | None]
) -> ResolvedImages:
    """Decides on the size, the channels and the likelihood that a manifest leaves open.

    Args:
      one: the modality.
      root: the folder of the files.
      names: the names of the files; None where there is none.

    Returns:
      The resolved modality; a size of 64 x 64 if no image can be read.
    """
    if not one.lacks:
        return ResolvedImages(one, "")
    there = [name for name in names if name is not None]
    chosen = np.unique(np.linspace(0, len(there) - 1, min(_SAMPLED, len(there))).astype(int))
    shapes: list[tuple[int, ...]] = []
    are_grey, has_opacity, extreme = True, False, []
    for place in chosen:
        try:
            content = read_file(root, there[place])
            decoded = image_file.decode_image(content, channels=3)
            has_opacity |= _has_opacity(content)
        except (OSError, ValueError):
            continue
        shapes.append(decoded.shape[:2])
        are_grey &= is_grey(decoded)
        extreme.append(share_of_extremes(decoded))
    size = one.size or usual_size(shapes)
    channels = one.channels or (1 if are_grey and shapes else 3)
    is_binary = channels == 1 and are_black_and_white(extreme)
    likelihood = one.likelihood or ("Bernoulli" if is_binary else "Gaussian")
    columns = dataclasses.replace(one, size=size, channels=channels, likelihood=likelihood)
    if not shapes:
        return ResolvedImages(columns, "no image can be read")
    heights, widths = zip(*shapes, strict=True)
    found = " to ".join(
        dict.fromkeys(f"{x(widths)}x{y(heights)}" for x, y in ((min, min), (max, max)))
    )
    grey = "grey" if are_grey else "colour"
    if has_opacity and channels != 4:
        grey += ', transparent parts black ("channels": 4 keeps them)'
    return ResolvedImages(columns, f"files of {found}, {grey}")


def is_grey(image: np.ndarray) -> bool:
    """Tells whether the colours of uint8 [height, width, 1, 3 or 4] are equal, but for rounding."""
    return bool(np.ptp(image[..., :3], axis=-1).max() <= _GREY)


def share_of_extremes(image: np.ndarray) -> float:
    """Returns the share of values of uint8 [height, width, channels] that are about 0 or 255."""
    return float(np.mean((image <= _DARK) | (image >= _BRIGHT)))


def are_black_and_white(shares: Sequence[float]) -> bool:
    """Tells whether images are black and white, by `share_of_extremes` of some."""
    return bool(shares) and float(np.mean(shares)) >= _NEARLY_ALL


def _has_opacity(content: bytes) -> bool:
    """Tells whether some of a PNG file is transparent."""
    header = image_limits.check_limits(content)
    if header.format != "png" or header.channels not in (2, 4):
        return False
    return bool((image_file.decode_image(content, channels=4)[..., 3] < 255).any())


def usual_size(shapes: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    """Chooses height and width: the median's proportions, 64 on the shorter side, multiples of 16.

    Small images of one size keep it.
    """
    if not shapes:
        return _SHORTER_SIDE, _SHORTER_SIDE
    height, width = (float(x) for x in np.median(shapes, axis=0))
    if len(set(shapes)) == 1 and min(height, width) <= _SHORTER_SIDE:
        return min(int(height), LONGEST_SIDE), min(int(width), LONGEST_SIDE)
    aspect = float(np.median([wide / high for high, wide in shapes]))
    shorter = min(_SHORTER_SIDE, _rounded(min(height, width)))
    longer = min(_rounded(shorter * max(aspect, 1 / aspect)), 4 * shorter)
    return (shorter, longer) if aspect >= 1 else (longer, shorter)


def _rounded(side: float) -> int:
    return max(_MULTIPLE, round(side / _MULTIPLE) * _MULTIPLE)
