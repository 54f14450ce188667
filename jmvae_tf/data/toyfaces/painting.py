"""Draws cartoon faces from attributes and from what varies freely between faces.

A face is drawn in units of its own: its centre is (0, 0), x to the right, y down, and an image
is 64 units wide. `_Pen` takes them to the canvas.
"""

import colorsys
import math
from collections.abc import Collection, Mapping

import cv2
import numpy as np

ATTRIBUTES = (
    "Bald",
    "Bangs",
    "Big_Nose",
    "Black_Hair",
    "Blond_Hair",
    "Brown_Hair",
    "Bushy_Eyebrows",
    "Eyeglasses",
    "Goatee",
    "Gray_Hair",
    "Mouth_Slightly_Open",
    "Mustache",
    "Narrow_Eyes",
    "Pale_Skin",
    "Smiling",
    "Wearing_Earrings",
    "Wearing_Hat",
    "Wearing_Lipstick",
)
"""What a face can show, in CelebA's names and order."""

UNITS = 64
"""The width of an image in the units of a face."""

VARIATIONS: Mapping[str, tuple[float, float]] = {
    # The face in the image: units, degrees.
    "left": (-2.0, 2.0),
    "down": (-1.5, 1.5),
    "scale": (0.95, 1.06),
    "tilt": (-4.0, 4.0),
    # Proportions, as factors.
    "head_width": (0.94, 1.06),
    "head_height": (0.95, 1.04),
    "eye_distance": (0.95, 1.05),
    "eye_size": (0.95, 1.08),
    "mouth_width": (0.92, 1.12),
    "hat_height": (0.75, 1.15),
    # From one kind to another.
    "hair_length": (0.0, 1.0),
    "parting": (-1.0, 1.0),
    "frame_shape": (0.0, 1.0),
    "hat_shape": (0.0, 1.0),
    "gaze": (-1.0, 1.0),
    # Colours: from light to dark, around the circle of hues, or from pale to full.
    "skin": (0.0, 1.0),
    "hair": (0.0, 1.0),
    "beard": (0.0, 1.0),
    "background_hue": (0.0, 1.0),
    "background_saturation": (0.1, 0.6),
    "background_value": (0.5, 1.0),
    "background_fade": (-0.25, 0.25),
    "background_direction": (0.0, 2 * math.pi),
    "clothes_hue": (0.0, 1.0),
    "clothes_value": (0.25, 1.0),
    "hat_hue": (0.55, 1.0),
    "hat_value": (0.4, 0.9),
    "iris_hue": (0.05, 0.65),
    "frame_hue": (0.0, 1.0),
    "earring_hue": (0.45, 0.62),
    "lipstick_hue": (-0.08, 0.02),
    # Light, as a factor at the centre and its change to the image's edge.
    "light": (0.86, 1.06),
    "light_fall": (0.0, 0.18),
    "light_direction": (0.0, 2 * math.pi),
}
"""What differs between faces of the same attributes: the lowest and the highest value, all of
them drawn evenly between."""

_SUPERSAMPLING = 2  # Of images of less than two pixels a unit, for smooth edges.
_SUBPIXEL_BITS = 4

_Colour = tuple[float, float, float]

# Light and dark ends of each kind of hair, red first. Red hair has no attribute.
_HAIR = {
    "Black_Hair": ((36, 32, 42), (14, 12, 20)),
    "Blond_Hair": ((255, 232, 130), (232, 190, 70)),
    "Brown_Hair": ((150, 98, 58), (112, 66, 36)),
    "Gray_Hair": ((226, 228, 232), (166, 168, 176)),
}
_RED_HAIR = ((246, 112, 30), (214, 60, 14))
_PALE_SKIN = ((255, 240, 234), (248, 222, 216))
_OTHER_SKIN = ((234, 180, 132), (158, 104, 70))
_DARK = (30.0, 22.0, 28.0)
_WHITE = (255.0, 255.0, 255.0)

_ANGLES = np.linspace(0, 2 * np.pi, 33)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
_UPPER_HALF = _CIRCLE[16:]  # From the left over the top to the right.
_LOWER_HALF = _CIRCLE[:17]  # From the right over the bottom to the left.


def draw(
    shown: Collection[str], variation: Mapping[str, float], size: int = UNITS, margin: int = 0
) -> np.ndarray:
    """Draws one face.

    Args:
      shown: the names of the attributes that it has, of `ATTRIBUTES`. Those that exclude each
        other are drawn all the same: a hat over hair over a bald head.
      variation: a value for each name of `VARIATIONS`.
      size: the width of the image in pixels, and its height without margins.
      margin: rows added above and below the square, in which the picture goes on.

    Returns:
      uint8 [size + 2 * margin, size, 3], red first.
    """
    finer = _SUPERSAMPLING if size < 2 * UNITS else 1
    width, height = size * finer, (size + 2 * margin) * finer
    canvas = _background(variation, width, height)
    pen = _Pen(canvas, variation, width / UNITS)
    _draw_face(pen, shown, variation)
    if finer > 1:
        canvas = cv2.resize(canvas, (size, size + 2 * margin), interpolation=cv2.INTER_AREA)
    return _lit(canvas, variation)


class _Pen:
    """Draws filled shapes and lines, in the units of a face, on a canvas.

    Args:
      canvas: uint8 [height, width, 3], drawn on.
      variation: tells where the face is.
      pixels: of the canvas, in a unit.
    """

    def __init__(self, canvas: np.ndarray, variation: Mapping[str, float], pixels: float) -> None:
        self.canvas = canvas
        self.tilt = variation["tilt"]
        self.pixels = pixels * variation["scale"]
        angle = math.radians(self.tilt)
        self.along = self.pixels * math.cos(angle)
        self.across = self.pixels * math.sin(angle)
        # Half a pixel: OpenCV counts from the centre of the first.
        self.x = canvas.shape[1] / 2 + pixels * variation["left"] - 0.5
        self.y = canvas.shape[0] / 2 + pixels * (3 + variation["down"]) - 0.5
        self.to_canvas = np.array([[self.along, self.across], [-self.across, self.along]])

    def ellipse(
        self,
        x: float,
        y: float,
        radius_x: float,
        radius_y: float,
        colour: _Colour,
        line: float = 0.0,
    ) -> None:
        """An ellipse; filled, or where `line` is its width only the outline."""
        fine = 1 << _SUBPIXEL_BITS
        centre = (
            round(fine * (self.x + self.along * x - self.across * y)),
            round(fine * (self.y + self.across * x + self.along * y)),
        )
        axes = (round(fine * self.pixels * radius_x), round(fine * self.pixels * radius_y))
        width = max(1, round(line * self.pixels)) if line else cv2.FILLED
        cv2.ellipse(
            self.canvas,
            centre,
            axes,
            self.tilt,
            0,
            360,
            colour,
            width,
            cv2.LINE_AA,
            _SUBPIXEL_BITS,
        )

    def polygon(self, points: np.ndarray, colour: _Colour) -> None:
        """A filled polygon of points [number, 2]."""
        cv2.fillPoly(self.canvas, [self._fine(points)], colour, cv2.LINE_AA, _SUBPIXEL_BITS)

    def line(self, points: np.ndarray, colour: _Colour, width: float) -> None:
        """A line through points [number, 2]."""
        pixels = max(1, round(width * self.pixels))
        cv2.polylines(
            self.canvas, [self._fine(points)], False, colour, pixels, cv2.LINE_AA, _SUBPIXEL_BITS
        )

    def _fine(self, points: np.ndarray) -> np.ndarray:
        pixels = np.asarray(points) @ self.to_canvas + (self.x, self.y)
        return np.rint(pixels * (1 << _SUBPIXEL_BITS)).astype(np.int32)


def _draw_face(pen: _Pen, shown: Collection[str], variation: Mapping[str, float]) -> None:
    """Draws from the back to the front."""
    bald = "Bald" in shown
    skin = _mix(*(_PALE_SKIN if "Pale_Skin" in shown else _OTHER_SKIN), variation["skin"])
    hair = _hair_colour(shown, variation)
    # Nobody sees a bald head's colour of hair but in its brows and beard.
    brows = _mix(_HAIR["Black_Hair"][0], _HAIR["Brown_Hair"][1], variation["beard"])
    brows = brows if bald else _darker(hair, 0.45)
    width, height = 15.5 * variation["head_width"], 19.0 * variation["head_height"]

    clothes = _hue(variation["clothes_hue"], 0.65, variation["clothes_value"])
    pen.ellipse(0, 34, 25, 13, clothes)
    if not bald:
        _draw_hair_behind(pen, hair, variation, width, height)
    pen.polygon(np.array([[-6, 14], [6, 14], [7, 23], [0, 26], [-7, 23]]), _darker(skin, 0.8))
    for side in (-1, 1):
        pen.ellipse(side * width, 1, 3.2, 4.6, _darker(skin, 0.86))
    pen.ellipse(0, 0, width + 0.5, height + 0.5, _darker(skin, 0.72))
    pen.ellipse(0, 0, width, height, skin)
    if bald:
        pen.ellipse(-4, -13.5, 4.5, 2.0, _mix(skin, _WHITE, 0.6))

    _draw_eyes(pen, shown, variation, skin)
    _draw_brows(pen, shown, variation, brows)
    _draw_nose(pen, shown, skin)
    _draw_beard(pen, shown, brows)
    _draw_mouth(pen, shown, variation, skin)
    if not bald:
        _draw_hair_above(pen, shown, hair, variation, width, height)
    if "Eyeglasses" in shown:
        _draw_eyeglasses(pen, variation, width)
    if "Wearing_Earrings" in shown:
        colour = _hue(variation["earring_hue"], 0.75, 1.0)
        for side in (-1, 1):
            pen.ellipse(side * (width + 1.8), 9.0, 3.7, 4.3, _DARK)
            pen.ellipse(side * (width + 1.8), 9.0, 2.8, 3.4, colour)
    if "Wearing_Hat" in shown:
        _draw_hat(pen, variation, width)


def _draw_hair_behind(
    pen: _Pen, hair: _Colour, variation: Mapping[str, float], width: float, height: float
) -> None:
    shade = _darker(hair, 0.82)
    length = variation["hair_length"]
    if length > 0.5:  # To the shoulders.
        bottom = 12 + 14 * (length - 0.5)
        side = width + 4.5
        ends = np.array([[side + 1, bottom], [side - 7, bottom + 3], [7 - side, bottom + 3]])
        crown = _UPPER_HALF * (side, height + 3)
        pen.polygon(np.concatenate([crown, ends, [[-side - 1, bottom]]]), shade)
    else:
        pen.ellipse(0, -4, width + 2.5, height - 2.0 + 4 * length, shade)


def _draw_hair_above(
    pen: _Pen,
    shown: Collection[str],
    hair: _Colour,
    variation: Mapping[str, float],
    width: float,
    height: float,
) -> None:
    crown = _UPPER_HALF * (width + 2.2, height + 2.5) + (0, -1.5)
    right, left = [width - 0.5, -1.0], [0.5 - width, -1.0]
    if "Bangs" in shown:
        edge = -10.2
        teeth = np.linspace(width - 1.5, 1.5 - width, 9)
        line = np.stack([teeth, np.where(np.arange(9) % 2, edge + 1.6, edge - 1.0)], axis=1)
        pen.polygon(np.concatenate([crown, [right], line, [left]]), hair)
        for x in teeth[1:-1:2]:
            pen.line(np.array([[x * 0.8, -17.0], [x, edge + 0.6]]), _darker(hair, 0.72), 0.7)
    else:
        middle = 6.5 * variation["parting"]
        line = np.array([[width - 2.5, -9.5], [middle, -17.5], [2.5 - width, -9.5]])
        pen.polygon(np.concatenate([crown, [right], line, [left]]), hair)


def _draw_eyes(
    pen: _Pen, shown: Collection[str], variation: Mapping[str, float], skin: _Colour
) -> None:
    narrow = "Narrow_Eyes" in shown
    size = variation["eye_size"]
    open_by = (1.5 if narrow else 4.5) * size
    iris = _hue(variation["iris_hue"], 0.7, 0.65)
    for side in (-1, 1):
        x, y = side * 6.9 * variation["eye_distance"], -1.5
        pen.ellipse(x, y, 4.7 * size + 0.5, open_by + 0.7, _darker(skin, 0.45))
        pen.ellipse(x, y, 4.7 * size, open_by, _WHITE)
        looks_at = x + 1.1 * variation["gaze"]
        pen.ellipse(looks_at, y, 2.5, min(2.5, open_by), iris)
        pen.ellipse(looks_at, y, 1.4, min(1.4, open_by), _DARK)
        if not narrow:
            pen.ellipse(looks_at - 0.9, y - 1.0, 0.7, 0.7, _WHITE)


def _draw_brows(
    pen: _Pen, shown: Collection[str], variation: Mapping[str, float], colour: _Colour
) -> None:
    bushy = "Bushy_Eyebrows" in shown
    for side in (-1, 1):
        x = 6.9 * variation["eye_distance"]
        points = np.array([[x - 4.4, -8.0], [x, -9.0], [x + 4.4, -7.7]]) * (side, 1)
        pen.line(points, colour, 4.0 if bushy else 0.7)


def _draw_nose(pen: _Pen, shown: Collection[str], skin: _Colour) -> None:
    if "Big_Nose" in shown:
        red = _mix(skin, (235, 90, 80), 0.6)
        pen.ellipse(0, 3.2, 4.8, 4.1, _darker(red, 0.6))
        pen.ellipse(0, 2.9, 4.2, 3.5, red)
        pen.ellipse(-1.2, 1.9, 1.1, 0.9, _mix(red, _WHITE, 0.5))
    else:
        pen.ellipse(0, 4.0, 1.4, 0.9, _darker(skin, 0.7))


def _draw_beard(pen: _Pen, shown: Collection[str], colour: _Colour) -> None:
    if "Goatee" in shown:
        points = np.array([[-6.0, 15.5], [6.0, 15.5], [4.2, 20.0], [0, 23.0], [-4.2, 20.0]])
        pen.polygon(points, colour)
    if "Mustache" in shown:
        for side in (-1, 1):
            points = np.array([[0, 6.6], [5, 6.9], [8.6, 10.2], [4, 10.0], [0, 9.4]])
            pen.polygon(points * (side, 1), colour)


def _draw_mouth(
    pen: _Pen, shown: Collection[str], variation: Mapping[str, float], skin: _Colour
) -> None:
    lipstick = "Wearing_Lipstick" in shown
    lips = _hue(variation["lipstick_hue"], 0.9, 0.85) if lipstick else _darker(skin, 0.5)
    thickness = 2.3 if lipstick else 0.9
    half = 6.4 * variation["mouth_width"]
    smiling = "Smiling" in shown
    if "Mouth_Slightly_Open" in shown:
        if smiling:
            curve = _LOWER_HALF * (half, 5.2) + (0, 10.2)
            pen.polygon(curve, (110.0, 20.0, 30.0))
            pen.polygon(_LOWER_HALF * (half - 0.8, 2.0) + (0, 10.4), _WHITE)
            pen.line(np.concatenate([curve, curve[:1]]), lips, thickness)
        else:
            pen.ellipse(0, 12.0, 0.62 * half, 3.1, (110.0, 20.0, 30.0))
            pen.ellipse(0, 12.0, 0.62 * half, 3.1, lips, thickness)
    elif smiling:
        pen.line(_LOWER_HALF * (half, 3.9) + (0, 9.9), lips, max(1.3, thickness))
    else:
        points = np.array([[-0.8 * half, 12.6], [0, 11.8], [0.8 * half, 12.6]])
        pen.line(points, lips, max(1.1, thickness))


def _draw_eyeglasses(pen: _Pen, variation: Mapping[str, float], width: float) -> None:
    colour = _hue(variation["frame_hue"], 0.8, 0.3)
    distance = 6.9 * variation["eye_distance"]
    for side in (-1, 1):
        x, y = side * distance, -1.2
        if variation["frame_shape"] < 0.5:
            pen.ellipse(x, y, 6.0, 6.0, colour, 1.6)
        else:
            corners = np.array([[-6, -5], [6, -5], [6, 5], [-6, 5], [-6, -5]])
            pen.line(corners + np.array((x, y)), colour, 1.6)
        pen.line(np.array([[x + side * 6.0, y - 1], [side * width, y - 2]]), colour, 1.6)
    pen.line(np.array([[6.0 - distance, -1.6], [distance - 6.0, -1.6]]), colour, 1.6)


def _draw_hat(pen: _Pen, variation: Mapping[str, float], width: float) -> None:
    colour = _hue(variation["hat_hue"], 0.75, variation["hat_value"])
    band = _hue(variation["hat_hue"] + 0.45, 0.5, 1.0)
    side, top = width + 3.0, 14.0 * variation["hat_height"]
    if variation["hat_shape"] < 0.5:  # A cap.
        pen.polygon(_UPPER_HALF * (side, top) + (0, -12.0), colour)
        pen.ellipse(0, -12 - top, 2.8, 2.8, band)
    else:  # A top hat.
        edge = side - 3.5
        corners = [[-edge, -12], [-edge - 1, -12 - top], [edge + 1, -12 - top], [edge, -12]]
        pen.polygon(np.array(corners), colour)
    pen.line(np.array([[1 - side, -15.5], [side - 1, -15.5]]), band, 2.6)
    brim = np.array([[-side - 3, -12.2], [side + 3, -12.2]])
    pen.line(brim, _darker(colour, 0.7), 3.2)


def _hair_colour(shown: Collection[str], variation: Mapping[str, float]) -> _Colour:
    ends = next((_HAIR[name] for name in _HAIR if name in shown), _RED_HAIR)
    return _mix(*ends, variation["hair"])


def _background(variation: Mapping[str, float], width: int, height: int) -> np.ndarray:
    """A colour that fades in one direction."""
    colour = _hue(
        variation["background_hue"],
        variation["background_saturation"],
        variation["background_value"],
    )
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = np.rint(colour)
    return _times(canvas, 1.0, variation["background_fade"], variation["background_direction"])


def _lit(image: np.ndarray, variation: Mapping[str, float]) -> np.ndarray:
    """The image in a light that falls from one side."""
    return _times(image, variation["light"], variation["light_fall"], variation["light_direction"])


def _times(image: np.ndarray, centre: float, change: float, direction: float) -> np.ndarray:
    """The image times a plane: `centre` at its centre, `change` more at half a width from it."""
    height, width = image.shape[:2]
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) * (2 / width)
    y = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) * (2 / width)
    plane = np.add.outer(
        change * math.sin(direction) * y, centre + change * math.cos(direction) * x
    )
    return cv2.multiply(image, cv2.merge([plane] * 3), dtype=cv2.CV_8U)


def _mix(first: _Colour, second: _Colour, share: float) -> _Colour:
    red, green, blue = (a + share * (b - a) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _darker(colour: _Colour, factor: float) -> _Colour:
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


def _hue(hue: float, saturation: float, value: float) -> _Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return 255 * red, 255 * green, 255 * blue
