#!/usr/bin/env python3
"""Draws a picture of the documentation with the shipped MNIST model: tools/draw_digits.py."""

import argparse
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bin" / "lib"))

from checkout import launch

ROWS = 3
ENLARGEMENT = 4


def main() -> None:
    """Draws samples of p(image|label), one column per label, with seeds 0, 1, 2 and so on."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    launch.ensure_requirements()
    import cv2
    import numpy as np

    from jmvae_tf.clients.loaded_export import LoadedExport
    from jmvae_tf.export_format.shipped_models import DIGITS, saved_model_folder

    model = LoadedExport(saved_model_folder(DIGITS))
    labels = np.tile(np.eye(10, dtype=np.float32), (ROWS, 1))
    seeds = np.arange(len(labels), dtype=np.int32)
    images = model("sample_image_from_label", label=labels, seed=seeds)["image"]
    rows = images[..., 0].reshape(ROWS, 10, 28, 28).transpose(0, 2, 1, 3).reshape(ROWS * 28, -1)
    ink = np.round(255 * (1 - rows)).astype(np.uint8)
    size = (ink.shape[1] * ENLARGEMENT, ink.shape[0] * ENLARGEMENT)
    enlarged = cv2.resize(ink, size, interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(ROOT / "docs" / "images" / "drawn_digits.png"), enlarged)


if __name__ == "__main__":
    main()
