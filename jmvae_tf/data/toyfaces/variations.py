"""The attributes of cartoon faces, and the properties that vary freely."""

import math
from collections.abc import Mapping

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
"""The attributes that a face can have, with CelebA's names and order."""

UNITS = 64
"""The width of an image in the units of a face."""

VARIATIONS: Mapping[str, tuple[float, float]] = {
    # Position of the face in the image: units, degrees.
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
"""The free properties of a face, each with the range from which it is drawn uniformly."""
