#!/usr/bin/env python3
"""Draws the graphical models of docs/models.md as SVG files.

Circles are variables, shaded ones are data. Solid arrows generate, dashed ones infer. Where dashed
lines meet in a dot, one encoder sees both ends.
"""

import argparse
import math
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "images" / "models"
_RADIUS = 24

_X, _W, _Z, _Z1, _Z2 = (70, 190), (210, 190), (140, 50), (140, 50), (260, 50)
_DOT = (140, 132)

# A model's variables; its arrows of generation; those of inference, each with the bend of its line.
DRAWINGS: dict[str, tuple[dict, list, list]] = {
    "vae": ({"x": (140, 190), "z": _Z}, [("z", "x", 26)], [("x", "z", 26)]),
    "jmvae": (
        {"x": _X, "w": _W, "z": _Z},
        [("z", "x", -20), ("z", "w", 20)],
        [("x", _DOT, 0), ("w", _DOT, 0), (_DOT, "z", 0)],
    ),
    "jmvae_kl": (
        {"x": _X, "w": _W, "z": _Z},
        [("z", "x", -10), ("z", "w", 10)],
        [("x", _DOT, 0), ("w", _DOT, 0), (_DOT, "z", 0), ("x", "z", 46), ("w", "z", -46)],
    ),
    "jmvae_h": (
        {"x": _X, "w": _W, "z₁": _Z1, "z₂": _Z2},
        [("z₂", "z₁", 14), ("z₁", "x", -20), ("z₁", "w", 20)],
        [("x", _DOT, 0), ("w", _DOT, 0), (_DOT, "z₁", 0), ("z₁", "z₂", 14)],
    ),
    "cvae": (
        {"x": _X, "w": _W, "z": _Z},
        [("z", "x", -20), ("w", "x", 16)],
        [("x", _DOT, 0), ("w", _DOT, 0), (_DOT, "z", 0)],
    ),
    "cmma": (
        {"x": _X, "w": _W, "z": _Z},
        [("z", "x", -20), ("w", "z", -20)],
        [("x", _DOT, 0), ("w", _DOT, 0), (_DOT, "z", 0)],
    ),
}


def drawing(name: str) -> str:
    """The SVG of a model.

    Args:
        name: one of `DRAWINGS`.

    Returns:
        The file's text.
    """
    nodes, generated, inferred = DRAWINGS[name]
    parts = [_line(nodes, *arrow, "q") for arrow in inferred]
    parts += [_line(nodes, *arrow, "p") for arrow in generated]
    if any(_DOT in arrow for arrow in inferred):
        parts.append(f'<circle class="q" cx="{_DOT[0]}" cy="{_DOT[1]}" r="3.5"/>')
    for label, (x, y) in nodes.items():
        kind = "latent" if label.startswith("z") else "data"
        parts.append(f'<circle class="{kind}" cx="{x}" cy="{y}" r="{_RADIUS}"/>')
        parts.append(f'<text x="{x}" y="{y + 7}">{label}</text>')
    width = 320 if name == "jmvae_h" else 280
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 240" width="{width}" '
        f'height="240" role="img">\n{_STYLE}\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _line(nodes: dict, start: object, end: object, bend: float, kind: str) -> str:
    """A line from circle to circle, bent to its left by `bend`; with a head unless at the dot."""
    (x1, y1), (x2, y2) = (nodes.get(place, place) for place in (start, end))
    length = math.hypot(x2 - x1, y2 - y1)
    normal = (y2 - y1) / length, (x1 - x2) / length
    middle = [(x1 + x2) / 2 + 2 * bend * normal[0], (y1 + y2) / 2 + 2 * bend * normal[1]]

    def border(place: tuple, at: tuple, gap: float) -> tuple:
        away = math.hypot(middle[0] - at[0], middle[1] - at[1])
        gap = 0 if place == _DOT else gap
        return tuple(at[i] + (middle[i] - at[i]) * gap / away for i in (0, 1))

    (a, b), (c, d) = border(start, (x1, y1), _RADIUS), border(end, (x2, y2), _RADIUS + 9)
    head = "" if end == _DOT else f' marker-end="url(#{kind}-head)"'
    curve = f"M{a:.1f} {b:.1f}Q{middle[0]:.1f} {middle[1]:.1f} {c:.1f} {d:.1f}"
    return f'<path class="{kind}-line" d="{curve}"{head}/>'


_STYLE = """<style>
  .p-line { fill: none; stroke: #00796b; stroke-width: 2.2; }
  .q-line { fill: none; stroke: #c2570c; stroke-width: 2; stroke-dasharray: 6 4; }
  .q { fill: #c2570c; }
  .data { fill: #dfe7ea; stroke: #37474f; stroke-width: 2; }
  .latent { fill: #fff; stroke: #37474f; stroke-width: 2; }
  text { font: italic 22px Georgia, "DejaVu Serif", serif; text-anchor: middle; fill: #1c262b; }
</style>
<defs>
  <marker id="p-head" viewBox="0 0 10 10" refX="1" refY="5" markerUnits="userSpaceOnUse"
    markerWidth="11" markerHeight="11" orient="auto">
    <path d="M0 0L10 5L0 10z" fill="#00796b"/>
  </marker>
  <marker id="q-head" viewBox="0 0 10 10" refX="1" refY="5" markerUnits="userSpaceOnUse"
    markerWidth="11" markerHeight="11" orient="auto">
    <path d="M0 0L10 5L0 10z" fill="#c2570c"/>
  </marker>
</defs>
<rect width="100%" height="100%" rx="8" fill="#fff"/>"""


def main() -> None:
    """Writes all drawings."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in DRAWINGS:
        (FOLDER / f"{name}.svg").write_text(drawing(name), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
