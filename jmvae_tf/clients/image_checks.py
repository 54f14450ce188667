"""Compares images of users with those that a model was trained on.

An image without contrast is blank. A grey image that is dark on light is inverted if the training
images are light on dark. An image that the model reconstructs worse than nearly all training
images, or embeds further from them, is unlike them: what the model says about it may mean nothing.
"""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import numpy as np

from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.training_summary import (
    TrainingSummary,
    UsualImages,
    borders_of,
    errors_of,
)
from jmvae_tf.export_format.value_ranges import Ranged, to_pixels, to_values
from jmvae_tf.runtime.errors import UserError

_BRIGHT = 0.5  # The brightness of a border from which it is light.

_LEAST_CONTRAST = 1 / 255  # Of the brightest and the darkest value of a colour, in [0, 1].

BLANK = "the image is blank, so the answer means nothing"
"""The line about an image without contrast."""

INVERTED = "the image is dark on light, unlike those in training, so it was inverted"
"""The line about an image that was inverted."""

UNLIKE = "the image is unlike any in training, so the answer may mean nothing"
"""The line about an image beyond what 99.9 % of the training images are within."""

Autoencode = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Maps images, [images, *event_shape], to means of q(z|image) and to reconstructions at them."""

Ask = Callable[[str, Mapping[str, np.ndarray], str], np.ndarray]
"""Calls a signature of a model with inputs by name, and returns one of its outputs."""


class CheckedImage(NamedTuple):
    """An image to give to a model, and what to say about it.

    Attributes:
      values: the image, inverted if need be, float32 [*event_shape], in the data's units.
      notes: at most two lines for the user, without a full stop.
    """

    values: np.ndarray
    notes: list[str]


def checked_image(
    values: np.ndarray,
    modality: Ranged,
    usual: UsualImages | None,
    autoencode: Autoencode | None,
) -> CheckedImage:
    """Tells whether an image is blank, and compares it with what is usual of training images.

    Args:
      values: the image, [height, width, channels], in the data's units.
      modality: its modality.
      usual: what `TrainingSummary.images` holds for it; None to notice blank images alone.
      autoencode: embeds and reconstructs images; None if the model cannot.

    Raises:
      UserError: if what is embedded is not of the model that `usual` is about.
    """
    pixels = to_pixels(values, modality.support)
    if np.ptp(pixels, axis=(0, 1)).max() < _LEAST_CONTRAST:
        return CheckedImage(values, [BLANK])
    if usual is None:
        return CheckedImage(values, [])
    notes, pixels = [], np.clip(pixels, 0.0, 1.0)
    is_grey = pixels.shape[-1] == 1
    if is_grey and usual.border < _BRIGHT < borders_of(pixels[np.newaxis])[0]:
        pixels = 1.0 - pixels
        values = to_values(pixels, modality.support).astype(np.float32)
        notes.append(INVERTED)
    if autoencode and usual.encoded:
        z, reconstructed = autoencode(values[np.newaxis])
        if z.shape[1:] != usual.encoded.z.shape[1:]:
            raise UserError(
                "A model must be the one that its training summary is about",
                f"{z.shape[-1]} latent values instead of {usual.encoded.z.shape[-1]}",
                "use a copy of the served export, or export the model again",
            )
        drawn = np.clip(to_pixels(reconstructed, modality.support), 0.0, 1.0)
        if not usual.encoded.are_near(z, errors_of(pixels[np.newaxis], drawn))[0]:
            notes.append(UNLIKE)
    return CheckedImage(values, notes)


def image_checker(
    modalities: Mapping[str, Ranged],
    summary: TrainingSummary | None,
    signatures: Collection[str],
    ask: Ask,
) -> Callable[[str, np.ndarray], CheckedImage]:
    """Makes the function that checks images for an exported model.

    Args:
      modalities: name to modality.
      summary: what the export says about its training data; None if it says nothing.
      signatures: the names of its signatures.
      ask: calls a signature.

    Returns:
      A function of the name of an image and its values; see `checked_image`.
    """

    def check(name: str, values: np.ndarray) -> CheckedImage:
        usual = summary.images.get(name) if summary else None
        embed = signature_names.to_embed(name)
        embed = embed if embed in signatures else signature_names.to_embed()
        decode = signature_names.to_decode(name)

        def autoencode(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            z = ask(embed, {name: images}, signature_names.MEAN)
            return z, ask(decode, {signature_names.LATENT: z}, name)

        can = {embed, decode} <= set(signatures)
        return checked_image(values, modalities[name], usual, autoencode if can else None)

    return check
