"""A small folder of shells with gaps in its table, and the manifest of it."""

import csv
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from jmvae_tf.data.own.manifest import Manifest

SPECIES = ("cockle", "limpet", "whelk")

SHELLS: dict[str, Any] = {
    "photo": {
        "kind": "image",
        "column": "file_name",
        "size": [8, 16],
        "channels": 3,
        "likelihood": "Gaussian",
    },
    "species": {
        "kind": "label",
        "column": "species",
        "classes": list(SPECIES),
        "likelihood": "Categorical",
    },
    "measures": {
        "kind": "numbers",
        "columns": ["length_mm", "weight_g"],
        "likelihood": "Gaussian",
        "partly_observed": True,
    },
}
"""The manifest of what `write_shells` writes."""


def shells_manifest(**changed: Any) -> Manifest:
    """Returns the resolved manifest of the shells, with other modalities or without some (None)."""
    modalities = {name: x for name, x in (SHELLS | changed).items() if x is not None}
    return Manifest.from_json(modalities, "columns.json", "shells", whole=True)


def write_shells(folder: pathlib.Path, number: int = 40, gaps: bool = True) -> pathlib.Path:
    """Writes images of 8 x 16 pixels, a table whose values follow from the species, and a manifest.

    Args:
      folder: where to make `shells/`.
      number: the number of rows.
      gaps: whether a third of the species and a few measures are missing.

    Returns:
      The folder.
    """
    rng = np.random.default_rng(0)
    shells = folder / "shells"
    (shells / "images").mkdir(parents=True)
    rows = []
    for row in range(number):
        kind = row % len(SPECIES)
        image = rng.integers(0, 60, (8, 16, 3), np.uint8)
        image[..., kind] += 150
        cv2.imwrite(str(shells / "images" / f"{row}.png"), image)
        rows.append(
            {
                "file_name": f"images/{row}.png",
                "species": "" if gaps and row % 9 in (1, 3, 8) else SPECIES[kind],
                "length_mm": 10 * kind + rng.normal(),
                "weight_g": "" if gaps and row % 10 == 4 else 1e-3 * (kind + rng.normal()),
                "split": ("train", "train", "train", "validation", "test")[row % 5],
            }
        )
    _write_table(shells / "metadata.csv", rows)
    (shells / "columns.json").write_text(json.dumps({**SHELLS, "": {"split": "split"}}))
    return shells


def _write_table(path: pathlib.Path, rows: list[Mapping[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
