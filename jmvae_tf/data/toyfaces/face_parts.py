"""The parts of a cartoon face, drawn from the back to the front."""

from collections.abc import Collection, Mapping

import numpy as np

from jmvae_tf.data.toyfaces.colours import (
    DARK,
    HAIR,
    OTHER_SKIN,
    PALE_SKIN,
    WHITE,
    Colour,
    darker,
    from_hue,
    hair_colour,
    mix,
)
from jmvae_tf.data.toyfaces.pen import LOWER_HALF, UPPER_HALF, Pen


def draw_face(pen: Pen, shown: Collection[str], variation: Mapping[str, float]) -> None:
    """Draws a face.

    Args:
      pen: the pen to draw with.
      shown: the names of the face's attributes.
      variation: a value for each name of `variations.VARIATIONS`.
    """
    bald = "Bald" in shown
    skin = mix(*(PALE_SKIN if "Pale_Skin" in shown else OTHER_SKIN), variation["skin"])
    hair = hair_colour(shown, variation)
    # A bald head's hair colour shows only in its brows and beard.
    brows = mix(HAIR["Black_Hair"][0], HAIR["Brown_Hair"][1], variation["beard"])
    brows = brows if bald else darker(hair, 0.45)
    width, height = 15.5 * variation["head_width"], 19.0 * variation["head_height"]

    clothes = from_hue(variation["clothes_hue"], 0.65, variation["clothes_value"])
    pen.ellipse(0, 34, 25, 13, clothes)
    if not bald:
        _draw_hair_behind(pen, hair, variation, width, height)
    pen.polygon(np.array([[-6, 14], [6, 14], [7, 23], [0, 26], [-7, 23]]), darker(skin, 0.8))
    for side in (-1, 1):
        pen.ellipse(side * width, 1, 3.2, 4.6, darker(skin, 0.86))
    pen.ellipse(0, 0, width + 0.5, height + 0.5, darker(skin, 0.72))
    pen.ellipse(0, 0, width, height, skin)
    if bald:
        pen.ellipse(-4, -13.5, 4.5, 2.0, mix(skin, WHITE, 0.6))

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
        colour = from_hue(variation["earring_hue"], 0.75, 1.0)
        for side in (-1, 1):
            pen.ellipse(side * (width + 1.8), 9.0, 3.7, 4.3, DARK)
            pen.ellipse(side * (width + 1.8), 9.0, 2.8, 3.4, colour)
    if "Wearing_Hat" in shown:
        _draw_hat(pen, variation, width)


def _draw_hair_behind(
    pen: Pen, hair: Colour, variation: Mapping[str, float], width: float, height: float
) -> None:
    shade = darker(hair, 0.82)
    length = variation["hair_length"]
    if length > 0.5:  # To the shoulders.
        bottom = 12 + 14 * (length - 0.5)
        side = width + 4.5
        ends = np.array([[side + 1, bottom], [side - 7, bottom + 3], [7 - side, bottom + 3]])
        crown = UPPER_HALF * (side, height + 3)
        pen.polygon(np.concatenate([crown, ends, [[-side - 1, bottom]]]), shade)
    else:
        pen.ellipse(0, -4, width + 2.5, height - 2.0 + 4 * length, shade)


def _draw_hair_above(
    pen: Pen,
    shown: Collection[str],
    hair: Colour,
    variation: Mapping[str, float],
    width: float,
    height: float,
) -> None:
    crown = UPPER_HALF * (width + 2.2, height + 2.5) + (0, -1.5)
    right, left = [width - 0.5, -1.0], [0.5 - width, -1.0]
    if "Bangs" in shown:
        edge = -10.2
        teeth = np.linspace(width - 1.5, 1.5 - width, 9)
        line = np.stack([teeth, np.where(np.arange(9) % 2, edge + 1.6, edge - 1.0)], axis=1)
        pen.polygon(np.concatenate([crown, [right], line, [left]]), hair)
        for x in teeth[1:-1:2]:
            pen.line(np.array([[x * 0.8, -17.0], [x, edge + 0.6]]), darker(hair, 0.72), 0.7)
    else:
        middle = 6.5 * variation["parting"]
        line = np.array([[width - 2.5, -9.5], [middle, -17.5], [2.5 - width, -9.5]])
        pen.polygon(np.concatenate([crown, [right], line, [left]]), hair)


def _draw_eyes(
    pen: Pen, shown: Collection[str], variation: Mapping[str, float], skin: Colour
) -> None:
    narrow = "Narrow_Eyes" in shown
    size = variation["eye_size"]
    open_by = (1.5 if narrow else 4.5) * size
    iris = from_hue(variation["iris_hue"], 0.7, 0.65)
    for side in (-1, 1):
        x, y = side * 6.9 * variation["eye_distance"], -1.5
        pen.ellipse(x, y, 4.7 * size + 0.5, open_by + 0.7, darker(skin, 0.45))
        pen.ellipse(x, y, 4.7 * size, open_by, WHITE)
        looks_at = x + 1.1 * variation["gaze"]
        pen.ellipse(looks_at, y, 2.5, min(2.5, open_by), iris)
        pen.ellipse(looks_at, y, 1.4, min(1.4, open_by), DARK)
        if not narrow:
            pen.ellipse(looks_at - 0.9, y - 1.0, 0.7, 0.7, WHITE)


def _draw_brows(
    pen: Pen, shown: Collection[str], variation: Mapping[str, float], colour: Colour
) -> None:
    bushy = "Bushy_Eyebrows" in shown
    for side in (-1, 1):
        x = 6.9 * variation["eye_distance"]
        points = np.array([[x - 4.4, -8.0], [x, -9.0], [x + 4.4, -7.7]]) * (side, 1)
        pen.line(points, colour, 4.0 if bushy else 0.7)


def _draw_nose(pen: Pen, shown: Collection[str], skin: Colour) -> None:
    if "Big_Nose" in shown:
        red = mix(skin, (235, 90, 80), 0.6)
        pen.ellipse(0, 3.2, 4.8, 4.1, darker(red, 0.6))
        pen.ellipse(0, 2.9, 4.2, 3.5, red)
        pen.ellipse(-1.2, 1.9, 1.1, 0.9, mix(red, WHITE, 0.5))
    else:
        pen.ellipse(0, 4.0, 1.4, 0.9, darker(skin, 0.7))


def _draw_beard(pen: Pen, shown: Collection[str], colour: Colour) -> None:
    if "Goatee" in shown:
        points = np.array([[-6.0, 15.5], [6.0, 15.5], [4.2, 20.0], [0, 23.0], [-4.2, 20.0]])
        pen.polygon(points, colour)
    if "Mustache" in shown:
        for side in (-1, 1):
            points = np.array([[0, 6.6], [5, 6.9], [8.6, 10.2], [4, 10.0], [0, 9.4]])
            pen.polygon(points * (side, 1), colour)


def _draw_mouth(
    pen: Pen, shown: Collection[str], variation: Mapping[str, float], skin: Colour
) -> None:
    lipstick = "Wearing_Lipstick" in shown
    lips = from_hue(variation["lipstick_hue"], 0.9, 0.85) if lipstick else darker(skin, 0.5)
    thickness = 2.3 if lipstick else 0.9
    half = 6.4 * variation["mouth_width"]
    smiling = "Smiling" in shown
    if "Mouth_Slightly_Open" in shown:
        if smiling:
            curve = LOWER_HALF * (half, 5.2) + (0, 10.2)
            pen.polygon(curve, (110.0, 20.0, 30.0))
            pen.polygon(LOWER_HALF * (half - 0.8, 2.0) + (0, 10.4), WHITE)
            pen.line(np.concatenate([curve, curve[:1]]), lips, thickness)
        else:
            pen.ellipse(0, 12.0, 0.62 * half, 3.1, (110.0, 20.0, 30.0))
            pen.ellipse(0, 12.0, 0.62 * half, 3.1, lips, thickness)
    elif smiling:
        pen.line(LOWER_HALF * (half, 3.9) + (0, 9.9), lips, max(1.3, thickness))
    else:
        points = np.array([[-0.8 * half, 12.6], [0, 11.8], [0.8 * half, 12.6]])
        pen.line(points, lips, max(1.1, thickness))


def _draw_eyeglasses(pen: Pen, variation: Mapping[str, float], width: float) -> None:
    colour = from_hue(variation["frame_hue"], 0.8, 0.3)
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


def _draw_hat(pen: Pen, variation: Mapping[str, float], width: float) -> None:
    colour = from_hue(variation["hat_hue"], 0.75, variation["hat_value"])
    band = from_hue(variation["hat_hue"] + 0.45, 0.5, 1.0)
    side, top = width + 3.0, 14.0 * variation["hat_height"]
    if variation["hat_shape"] < 0.5:  # A cap.
        pen.polygon(UPPER_HALF * (side, top) + (0, -12.0), colour)
        pen.ellipse(0, -12 - top, 2.8, 2.8, band)
    else:  # A top hat.
        edge = side - 3.5
        corners = [[-edge, -12], [-edge - 1, -12 - top], [edge + 1, -12 - top], [edge, -12]]
        pen.polygon(np.array(corners), colour)
    pen.line(np.array([[1 - side, -15.5], [side - 1, -15.5]]), band, 2.6)
    brim = np.array([[-side - 3, -12.2], [side + 3, -12.2]])
    pen.line(brim, darker(colour, 0.7), 3.2)
