"""Reads uploaded images as a model's inputs, and makes images of a model visible."""

import pathlib

import cv2
import numpy as np
from gradio.processing_utils import save_pil_to_cache
from gradio.utils import get_upload_folder
from PIL import Image

from jmvae_tf.data.image_file import read_image
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.export_format.value_ranges import to_pixels, to_values

_SCREEN = 448  # Pixels; the longer side of a displayed image, unless the image itself is larger.
_DESCRIPTION = 0x010E  # The number of the field in EXIF.


def from_file(path: str, image: DescribedModality, crop: str | None) -> np.ndarray:
    """Reads an uploaded file as an input of the model, [height, width, channels].

    Args:
      path: the path of the file.
      image: the modality.
      crop: see `read_image`.

    Raises:
      UserError: see `read_image`.
    """
    return to_values(read_image(pathlib.Path(path), image.event_shape, crop), image.support)


def for_screen(values: np.ndarray, image: DescribedModality) -> np.ndarray:
    """Enlarges an image of the model, [height, width, channels], smoothly.

    Returns:
      uint8, [height, width, 3], or [height, width, 4] if the image has opacity.
    """
    pixels = np.clip(to_pixels(values, image.support), 0.0, 1.0).astype(np.float32)
    height, width, _ = pixels.shape
    factor = max(1.0, _SCREEN / max(height, width))
    size = (round(factor * width), round(factor * height))
    enlarged = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
    enlarged = enlarged.reshape(*enlarged.shape[:2], -1)  # OpenCV drops the channel of a grey one.
    levels = np.round(np.clip(enlarged, 0.0, 1.0) * 255).astype(np.uint8)
    return np.broadcast_to(levels, (*levels.shape[:2], max(3, levels.shape[2])))


def on_white(pixels: np.ndarray) -> np.ndarray:
    """Puts an image that may have opacity, uint8 [height, width, 3 or 4], on white.

    Returns:
      uint8, [height, width, 3].
    """
    picture = Image.fromarray(pixels).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture))[..., :3]


def save_picture(values: np.ndarray, image: DescribedModality, name: str, about: str) -> str:
    """Saves an image of the model, enlarged, where the page's library gives out files.

    JPEG takes a hundredth of PNG's time, but has no opacity.

    Args:
      values: the image, [height, width, channels].
      image: the modality.
      name: the name of the file without its ending.
      about: how the image was made, which becomes the description in the file.

    Returns:
      The path of the file.
    """
    picture = Image.fromarray(for_screen(values, image))
    exif = Image.Exif()
    exif[_DESCRIPTION] = about
    picture.info = {"exif": exif.tobytes(), "Description": about}
    kind = "png" if picture.mode == "RGBA" else "jpeg"
    return save_pil_to_cache(picture, get_upload_folder(), name, kind)
