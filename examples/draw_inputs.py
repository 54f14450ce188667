"""Draws digit.png and face.png, which commands of README and docs/ read.

    PYTHONPATH=. .venv/bin/python examples/draw_inputs.py

Both come from pens of this repository: the digit is a line, white on black like MNIST's, the face
is one of toyfaces that no model was trained on.
"""

import argparse
import pathlib

import cv2
import numpy as np

from jmvae_tf.data.toyfaces.loading import redraw
from jmvae_tf.data.toyfaces.variations import ATTRIBUTES

_SHOWN = ("Smiling", "Eyeglasses", "Brown_Hair")
_SEED = 7
_THREE = [(9, 7), (13, 5), (18, 6), (19, 10), (16, 13), (12, 13)]
_LOWER = [(12, 13), (17, 14), (20, 18), (17, 22), (12, 23), (8, 20)]
_FINER = 16


def digit() -> np.ndarray:
    """Draws a three, uint8 [28, 28], white on black."""
    canvas = np.zeros((28 * _FINER, 28 * _FINER), np.uint8)
    for stroke in (_THREE, _LOWER):
        points = np.array(stroke, np.int32) * _FINER
        cv2.polylines(canvas, [points], False, 255, int(2.4 * _FINER), cv2.LINE_AA)
    blurred = cv2.GaussianBlur(canvas, (0, 0), 0.5 * _FINER)
    return cv2.resize(blurred, (28, 28), interpolation=cv2.INTER_AREA)


def face() -> np.ndarray:
    """Draws a smiling face with glasses, uint8 [64, 64, 3], red first."""
    attributes = np.where([name in _SHOWN for name in ATTRIBUTES], 1, -1)
    [image] = redraw(attributes[np.newaxis].astype(np.int8), _SEED)
    return image


def main() -> None:
    """Writes both files beside this one, or into another folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "folder", nargs="?", type=pathlib.Path, default=pathlib.Path(__file__).parent
    )
    folder = parser.parse_args().folder
    cv2.imwrite(str(folder / "digit.png"), digit())
    cv2.imwrite(str(folder / "face.png"), cv2.cvtColor(face(), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
