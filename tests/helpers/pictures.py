"""Reads images that tests have drawn."""

import pathlib
from collections.abc import Sequence

import cv2
import numpy as np

BLUE, ORANGE = (63, 144, 218), (255, 169, 14)
"""The first two colours of figures, as red, green, blue."""


def read_picture(path: pathlib.Path) -> np.ndarray:
    """Reads a PNG file: uint8 [height, width, 3], blue first."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def near_colour(picture: np.ndarray, colour: Sequence[int]) -> np.ndarray:
    """Marks the pixels near a colour, given as red, green, blue: bool [height, width]."""
    return np.abs(picture[..., ::-1].astype(int) - colour).max(axis=2) < 40


def share(picture: np.ndarray, colour: Sequence[int]) -> float:
    """Returns the share of pixels near a colour."""
    return near_colour(picture, colour).mean()
