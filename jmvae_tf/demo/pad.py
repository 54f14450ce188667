"""A pad to draw on, for models of grey images.

The page's library has one too, but its drawing library compiles code in the browser, which the
page's security policy forbids. `static/page.js` draws on a canvas, makes it as small as the model's
images and writes the pixels into a text box, two hexadecimal digits each.
"""

import re
from collections.abc import Sequence

import gradio as gr
import numpy as np

from jmvae_tf.demo.page_controls import markup
from jmvae_tf.export_format.modalities_json import DescribedModality
from jmvae_tf.export_format.value_ranges import to_values

_LARGEST = 96  # Pixels a side; a call carries no more.


def has_pad(image: DescribedModality) -> bool:
    """Tells whether images of a model can be drawn on the pad: small, square and grey."""
    height, width, channels = image.event_shape
    return channels == 1 and height == width <= _LARGEST


def pad(image: DescribedModality) -> gr.Textbox:
    """Makes the pad where the page is at this moment; returns the text box with its pixels.

    Args:
      image: the modality.
    """
    size = image.event_shape[0]
    markup(
        f"<div class='pad' data-size='{size}'><canvas width='280' height='280' role='img' "
        "aria-label='A black pad: draw on it with a mouse or a finger'></canvas>"
        "<button type='button'>Clear the pad</button></div>",
        "pad",
    )
    return gr.Textbox(label="Pixels of the pad", elem_id="pad-pixels", elem_classes="unseen")


def image_on_pad(pixels: str, image: DescribedModality) -> np.ndarray | None:
    """Reads the pixels of the pad.

    Args:
      pixels: the content of the text box.
      image: the modality.

    Returns:
      The image, [height, width, 1]; None if nothing is drawn, or these are no pixels.
    """
    shape: Sequence[int] = image.event_shape
    if not re.fullmatch(f"[0-9a-f]{{{2 * shape[0] * shape[1]}}}", pixels):
        return None
    levels = np.frombuffer(bytes.fromhex(pixels), np.uint8).reshape(shape)
    return to_values(levels.astype(np.float32) / 255.0, image.support) if levels.any() else None
