"""The colours of cartoon faces: hair, skin and hues; red first, 0 to 255."""

import colorsys
from collections.abc import Collection, Mapping

Colour = tuple[float, float, float]

# Light and dark end of each hair colour, red first. Red hair has no attribute.
HAIR = {
    "Black_Hair": ((36, 32, 42), (14, 12, 20)),
    "Blond_Hair": ((255, 232, 130), (232, 190, 70)),
    "Brown_Hair": ((150, 98, 58), (112, 66, 36)),
    "Gray_Hair": ((226, 228, 232), (166, 168, 176)),
}
_RED_HAIR = ((246, 112, 30), (214, 60, 14))
PALE_SKIN = ((255, 240, 234), (248, 222, 216))
OTHER_SKIN = ((234, 180, 132), (158, 104, 70))
DARK = (30.0, 22.0, 28.0)
WHITE = (255.0, 255.0, 255.0)


def hair_colour(shown: Collection[str], variation: Mapping[str, float]) -> Colour:
    """Chooses the hair colour by the attributes, and the shade by the variation."""
    ends = next((HAIR[name] for name in HAIR if name in shown), _RED_HAIR)
    return mix(*ends, variation["hair"])


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Mixes two colours; `share` is the second one's share."""
    red, green, blue = (a + share * (b - a) for a, b in zip(first, second, strict=True))
    return red, green, blue


def darker(colour: Colour, factor: float) -> Colour:
    """Multiplies a colour by a factor."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


def from_hue(hue: float, saturation: float, value: float) -> Colour:
    """Converts hue (0 to 1 around the circle), saturation and value to a colour."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return 255 * red, 255 * green, 255 * blue
