#!/usr/bin/env python3
"""Draws a folder of shells: photographs and a table with gaps, as a collector would have them.

Usage: python examples/draw_shells.py FOLDER [--number=600] [--seed=0]

It writes FOLDER/metadata.csv and one PNG file for each shell. docs/own_data.md trains a model on
them. All photographs have the same scale, so that lengths can be measured on them; the species
decides on proportions and weight. A third of the species is missing, some other cells are empty,
some shells have no photograph, and the file of one photograph is damaged.
"""

import argparse
import csv
import math
import pathlib

import cv2
import numpy as np

SIZE = 96  # Pixels of a photograph's side.
FINER = 2  # Photographs are drawn larger, and made smaller for smooth edges.
PIXELS_PER_MM = 1.4

# For each species: its outline on the photograph, how wide it is for its length, how much it weighs
# for the cube of its length (g/cm^3), and the width of its pores (m) at a length of 35 mm.
SPECIES = {
    "auger": ("spire", 0.30, 0.06, 2.0e-6),
    "cockle": ("fan", 0.96, 0.42, 5.0e-6),
    "limpet": ("cone", 0.80, 0.21, 3.5e-6),
    "scallop": ("fan", 1.04, 0.13, 6.5e-6),
    "whelk": ("spire", 0.56, 0.17, 8.0e-6),
}
COLOURS = {  # Red, green, blue.
    "red": (196, 84, 70),
    "orange": (224, 150, 84),
    "grey": (150, 152, 164),
    "white": (236, 226, 208),
}
SHORTEST, LONGEST = 16.0, 60.0  # mm
MISSING = {
    "file_name": 0.02,
    "species": 1 / 3,
    "red": 0.03,
    "striped": 0.03,
    "chipped": 0.03,
    "length_mm": 0.06,
    "width_mm": 0.06,
    "weight_g": 0.06,
    "pore_m": 0.06,
    "crystals": 0.06,
    "note": 0.1,
}


def collect(rng):
    """Makes one shell at random: column to value, and its colour and place on the photograph."""
    species = str(rng.choice(list(SPECIES)))
    shape, slimness, density, pore = SPECIES[species]
    colour = str(rng.choice(list(COLOURS)))
    striped, chipped = (bool(rng.random() < share) for share in (0.4, 0.25))
    length = SHORTEST * (LONGEST / SHORTEST) ** rng.random()
    width = length * slimness * (1 + 0.02 * rng.normal())
    weight = density * (length / 10) ** 3 * (1 + 0.04 * rng.normal())
    note = [f"{_size_word(length)} {colour} {shape}"]
    note += ["striped"] * striped + ["chipped"] * chipped
    cells = {
        "species": species,
        "red": "yes" if colour == "red" else "no",
        "striped": "yes" if striped else "no",
        "chipped": "yes" if chipped else "no",
        "length_mm": f"{length:.1f}",
        "width_mm": f"{width:.1f}",
        "weight_g": f"{weight:.3g}",
        "pore_m": f"{pore * (35 / length) ** 0.3 * (1 + 0.02 * rng.normal()):.3g}",
        "crystals": f"{1e6 * weight / width * (1 + 0.04 * rng.normal()):.0f}",
        "note": ", ".join(note),
    }
    picture = {
        "length": float(length * PIXELS_PER_MM),
        "slimness": float(width / length),
        "colour": np.array(COLOURS[colour]) + rng.normal(0, 6, 3),
        "angle": float(rng.normal(0, 0.25)),
        "left": float(rng.normal(0, 2)),
        "down": float(rng.normal(0, 2)),
        "sand": np.array((214, 196, 160)) + rng.normal(0, 8) + rng.normal(0, 3, 3),
        "striped": striped,
        "chip": float(rng.uniform(-0.5, 0.5)) if chipped else None,
    }
    return cells, picture


def _size_word(length):
    return "small" if length < 22 else "medium" if length < 38 else "large"


def photograph(species, picture, rng):
    """Draws a shell on sand.

    Returns:
      uint8 [SIZE, SIZE, 3], blue first as OpenCV writes it.
    """
    side = SIZE * FINER
    down, right = np.mgrid[:side, :side].astype(np.float32)
    right = (right - side / 2 + 0.5) / FINER - picture["left"]
    down = (down - side / 2 + 0.5) / FINER - picture["down"]
    sine, cosine = math.sin(picture["angle"]), math.cos(picture["angle"])
    # The shell's own axes: v from -1 at its tip to 1, u across, in the same unit.
    half = picture["length"] / 2
    v = (cosine * down - sine * right) / half
    u = (cosine * right + sine * down) / half
    slimness = picture["slimness"]
    height, along, around = OUTLINES[species](u, v, slimness)
    if picture["chip"] is not None:  # A bite out of the lower edge.
        place = picture["chip"] * slimness
        height = np.where((u - place) ** 2 + (v - 0.95) ** 2 < 0.07, 0, height)
    mask = cv2.GaussianBlur((height > 0).astype(np.float32), (3, 3), 0)
    light = _light(cv2.GaussianBlur(height, (3, 3), 0) * half * FINER)
    dark = 0.10 * np.cos(9 * along + 2 * np.cos(around))  # Rings of growth.
    if picture["striped"]:
        dark = dark + 0.75 * (np.sin(17 * along) > 0.2)
    colour = picture["colour"] * (1 - 0.55 * np.clip(dark, 0, 1))[..., np.newaxis]
    shell = colour * light[..., np.newaxis]
    sand = picture["sand"] + 5 * rng.normal(size=(side // 2, side // 2, 1)).repeat(2, 0).repeat(
        2, 1
    )
    shadow = np.roll(cv2.GaussianBlur(mask, (0, 0), 4), (6, 5), (0, 1))
    sand = sand * (1 - 0.45 * shadow)[..., np.newaxis]
    image = sand + (shell - sand) * mask[..., np.newaxis]
    image = cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return np.clip(np.rint(image[..., ::-1]), 0, 255).astype(np.uint8)


def _light(height):
    """Lights a surface from the upper left: the factor of its colour at each point."""
    slope_u = cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=1 / 8)
    slope_v = cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=1 / 8)
    facing = (0.8 + 0.45 * slope_u + 0.55 * slope_v) / np.sqrt(1 + slope_u**2 + slope_v**2)
    return np.clip(0.25 + facing, 0.35, 1.3)


def _fan(u, v, slimness, ribs, depth, ears):
    """A shell of ribs that spread from its hinge, such as a scallop."""
    hinge = v + 1
    angle = np.arctan2(u / slimness, hinge)
    # A circle through the hinge, as far as the outline goes; its edge is wavy where ribs end.
    radius = 2 * np.cos(angle) * (1 - depth * np.cos(ribs * angle) ** 2)
    away = np.hypot(u / slimness, hinge) / np.maximum(radius, 1e-3)
    inside = (away < 1) & (np.abs(angle) < 1.35)
    dome = np.sqrt(np.clip(1 - away**2.5, 0, None)) * np.clip(away, 0, 0.5)
    height = np.where(inside, 0.02 + dome * (0.75 + 0.12 * np.cos(2 * ribs * angle)), 0)
    if ears:
        ear = (np.abs(u) < 0.55 * slimness - 0.3 * hinge) & (hinge > 0) & (hinge < 0.5)
        height = np.maximum(height, np.where(ear, 0.08 + 0.03 * np.cos(25 * u), 0))
    return height.astype(np.float32), away, ribs * angle


def _cone(u, v, slimness):
    """A cone seen from above, such as a limpet."""
    apex = v + 0.25
    angle = np.arctan2(u / slimness, apex)
    # The distance from the apex to an ellipse around (0, 0), with a wavy edge.
    cosine = np.cos(angle)
    edge = 0.25 * cosine + np.sqrt(np.maximum(1 - (0.25 * np.sin(angle)) ** 2, 0))
    away = np.hypot(u / slimness, apex) / (edge * (0.97 + 0.03 * np.cos(14 * angle)))
    height = np.clip(1 - away, 0, None) ** 0.8 * 0.6 * (1 + 0.1 * np.cos(14 * angle))
    return np.where(away < 1, height + 0.02, 0).astype(np.float32), away, angle


def _spire(u, v, slimness, whorls, growth, mouth):
    """A shell wound around its axis, such as a whelk: whorls that grow from its tip."""
    height = np.zeros_like(u)
    along = np.zeros_like(u)
    # Each whorl is `growth` times as long as the one before; together they fill the length.
    lengths = growth ** np.arange(whorls)
    ends = (np.cumsum(lengths) / lengths.sum() * 2 - 1).tolist()
    for number, end in enumerate(ends):
        start = -1 if number == 0 else ends[number - 1]
        long = (end - start) * (0.5 if number == whorls - 1 else 0.95)
        middle = end - long if number == whorls - 1 else (start + end) / 2
        wide = slimness * ((end + 1) / 2) ** 0.9
        tilted = v - middle + 0.18 * u
        inside = 1 - (u / wide) ** 2 - (tilted / long) ** 2
        whorl = np.sqrt(np.clip(inside, 0, None)) * wide * 0.9
        along = np.where(whorl > height, tilted / long * 0.6 + number, along)
        height = np.maximum(height, whorl)
    lip = ((u - 0.3 * slimness) / (0.42 * slimness)) ** 2 + ((v - 0.9 + mouth) / mouth) ** 2
    height = np.where(lip < 1, np.minimum(height, 0.04 + 0.06 * lip), height)
    return height, along, u


OUTLINES = {
    "auger": lambda u, v, slimness: _spire(u, v, slimness, 8, 1.25, 0.14),
    "cockle": lambda u, v, slimness: _fan(u, v, slimness, 14, 0.01, False),
    "limpet": _cone,
    "scallop": lambda u, v, slimness: _fan(u, v, slimness, 8, 0.05, True),
    "whelk": lambda u, v, slimness: _spire(u, v, slimness, 4, 1.7, 0.36),
}


def draw_shells(folder, number=600, seed=0):
    """Writes the photographs and the table.

    Args:
      folder: where to; it is made.
      number: how many shells.
      seed: the same seed draws the same shells.

    Returns:
      The table without gaps: for each shell, column to text.
    """
    folder = pathlib.Path(folder)
    (folder / "photos").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    rows, whole = [], []
    for shell in range(1, number + 1):
        cells, picture = collect(rng)
        name = f"photos/shell_{shell:03}.png"
        cells = {"id": str(shell), "file_name": name, **cells}
        row = {x: "" if rng.random() < MISSING.get(x, 0) else text for x, text in cells.items()}
        image = photograph(cells["species"], picture, rng)
        if row["file_name"]:
            cv2.imwrite(str(folder / name), image)
        rows.append(row)
        whole.append(cells)
    _damage(folder / next(row["file_name"] for row in rows[number // 2 :] if row["file_name"]))
    with open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return whole


def _damage(path):
    """Cuts a file off, as a copy that was interrupted does."""
    path.write_bytes(path.read_bytes()[:200])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="the folder to write")
    parser.add_argument("--number", type=int, default=600, help="how many shells to draw")
    parser.add_argument("--seed", type=int, default=0, help="the same seed draws the same shells")
    arguments = parser.parse_args()
    draw_shells(arguments.folder, arguments.number, arguments.seed)
    print(f"{arguments.number} shells in {arguments.folder}")
