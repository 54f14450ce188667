"""The textures behind the digits of each view, drawn by formulas.

All of a texture is dark, or all of it light. So a digit, whose colours complement those behind it,
can be seen everywhere.
"""

import math

import cv2
import numpy as np

from jmvae_tf.data.polydigits import VIEWS

TEXTURE_SIDE = 128
"""Height and width of a texture in pixels."""

_DOT_SPACING = 12


def _stripes() -> np.ndarray:
    """Diagonal waves from blue to green."""
    x, y = _grid()
    return _mixed(np.sin((x + y) * (2 * math.pi / 11)) / 2 + 0.5, (20, 30, 110), (30, 100, 20))


def _checks() -> np.ndarray:
    """Squares of yellow and cyan."""
    x, y = _grid()
    return _mixed((x // 7 + y // 7) % 2, (255, 235, 150), (160, 235, 255))


def _grain() -> np.ndarray:
    """Noise of every dark colour, smooth over about two pixels."""
    noise = np.random.default_rng(0).standard_normal((TEXTURE_SIDE, TEXTURE_SIDE, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.0)
    return np.clip(55 + 25 * smooth / smooth.std(), 0, 95)


def _plasma() -> np.ndarray:
    """A sum of long waves in each colour, light."""
    x, y = _grid()
    turns = np.random.default_rng(1).uniform(0, 2 * math.pi, (3, 3))
    waves = [
        np.sin(x / 7 + a) + np.sin(y / 9 + b) + np.sin(np.hypot(x - 64, y - 64) / 6 + c)
        for a, b, c in turns
    ]
    return 200 + 18 * np.stack(waves, axis=-1)


def _dots() -> np.ndarray:
    """Discs of red on violet, every second row shifted by half."""
    x, y = _grid()
    row = y // _DOT_SPACING
    shifted = (x + row % 2 * _DOT_SPACING / 2) % _DOT_SPACING
    far = np.hypot(shifted - _DOT_SPACING / 2, y % _DOT_SPACING - _DOT_SPACING / 2)
    return _mixed(np.clip(4.5 - far, 0, 1), (60, 20, 90), (130, 40, 30))


_TEXTURES = dict(zip(VIEWS, (_stripes, _checks, _grain, _plasma, _dots), strict=True))


def draw_texture(name: str) -> np.ndarray:
    """Draws a texture, the same each time; uint8 [TEXTURE_SIDE, TEXTURE_SIDE, 3], red first.

    Args:
      name: one of `VIEWS`.
    """
    return np.rint(np.clip(_TEXTURES[name](), 0, 255)).astype(np.uint8)


def _grid() -> tuple[np.ndarray, np.ndarray]:
    """Returns the column and the row of each pixel, [TEXTURE_SIDE, TEXTURE_SIDE] each."""
    y, x = np.mgrid[:TEXTURE_SIDE, :TEXTURE_SIDE]
    return x, y


def _mixed(
    share: np.ndarray, first: tuple[int, int, int], second: tuple[int, int, int]
) -> np.ndarray:
    """Mixes two colours; `share` is that of the second, [TEXTURE_SIDE, TEXTURE_SIDE]."""
    return first + share[..., np.newaxis] * np.subtract(second, first)
