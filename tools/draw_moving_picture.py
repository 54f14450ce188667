#!/usr/bin/env python3
"""Draws README's moving picture with the shipped models: tools/draw_moving_picture.py [FILE].

Faces whose attributes change one at a time, and digits that walk to the next label.
"""

import argparse
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "bin" / "lib"))

from checkout import launch

PICTURE = ROOT / "docs" / "images" / "moving.gif"
LARGEST = 3_000_000  # Bytes.

CHANGES = (
    ("Smiling", "Blond_Hair"),
    ("Eyeglasses", "Brown_Hair"),
    ("Wearing_Hat", "Black_Hair"),
    ("Mustache", "Brown_Hair"),
    ("Bangs", "Blond_Hair"),
    ("Gray_Hair", ""),
    ("Wearing_Lipstick", "Black_Hair"),
    ("Goatee", "Black_Hair"),
    ("Bald", ""),
    ("Wearing_Earrings", "Brown_Hair"),
    ("Mouth_Slightly_Open", "Blond_Hair"),
    ("Bushy_Eyebrows", "Black_Hair"),
)
"""What changes in each face, and the colour of its hair; all other attributes stay "no"."""

NO, YES = -1.0, 1.5
FACES_IN_A_ROW, STEPS = 6, 14
FACE, DIGIT = 130, 76  # Pixels.


def main() -> None:
    """Draws the picture, and prints its size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=pathlib.Path, default=PICTURE)
    file = parser.parse_args().file
    launch.ensure_requirements()
    from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow

    load_tensorflow()
    import numpy as np

    from jmvae_tf.clients.loaded_export import LoadedExport
    from jmvae_tf.export_format.shipped_models import DIGITS, FACES, saved_model_folder
    from jmvae_tf.reporting.figures import animations
    from jmvae_tf.reporting.figures.png_files import spaced

    steps = animations.eased(STEPS).astype(np.float32)

    def drawn(model, given, start, end):
        """Images generated on the way from some values to others, each with noise of its own."""
        seeds = np.arange(len(start), dtype=np.int32)
        signature = f"sample_image_from_{given}"
        frames = [
            model(signature, seed=seeds, **{given: (1 - x) * start + x * end})["image"]
            for x in steps
        ]
        return animations.there_and_back(np.stack(frames))

    faces = LoadedExport(saved_model_folder(FACES))
    names = faces.modalities["attributes"].value_names
    start = np.full((len(CHANGES), len(names)), NO, np.float32)
    for row, (_, hair) in zip(start, CHANGES, strict=True):
        if hair:
            row[names.index(hair)] = 1.0
    end = start.copy()
    for row, (changed, _) in zip(end, CHANGES, strict=True):
        if changed.endswith("Hair") or changed == "Bald":
            row[[place for place, name in enumerate(names) if name.endswith("_Hair")]] = NO
        row[names.index(changed)] = YES
    labels = np.eye(10, dtype=np.float32)
    digits = LoadedExport(saved_model_folder(DIGITS))
    parts = [
        animations.tiled(
            drawn(faces, "attributes", start, end),
            FACE,
            FACES_IN_A_ROW,
            [spaced(changed) for changed, _ in CHANGES],
        ),
        animations.tiled(
            1 - drawn(digits, "label", labels, np.roll(labels, -1, axis=0)), DIGIT, 10
        ),
    ]
    animations.save_gif(file, animations.stacked(parts), pauses=(0, STEPS - 1))
    size = file.stat().st_size
    print(f"{file}: {size / 1e6:.2f} MB")
    if size > LARGEST:
        sys.exit(f"error: it is larger than {LARGEST / 1e6:g} MB; take fewer faces or steps")


if __name__ == "__main__":
    main()
