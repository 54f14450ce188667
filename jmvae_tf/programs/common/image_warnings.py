"""Prints what is odd about images that a user gives."""

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from jmvae_tf.programs.common.images_by_name import images_of

if TYPE_CHECKING:
    from jmvae_tf.clients.image_checks import CheckedImage
    from jmvae_tf.export_format.modalities_json import DescribedModality
    from jmvae_tf.modalities import Modality


def with_checked_images(
    known: Mapping[str, np.ndarray],
    modalities: "Mapping[str, Modality | DescribedModality]",
    check: "Callable[[str, np.ndarray], CheckedImage]",
) -> dict[str, np.ndarray]:
    """Checks the images among known values, and warns about them on standard error.

    Args:
      known: modality name to values, [*event_shape].
      modalities: the model's modalities.
      check: checks an image, see `image_checks.checked_image`.

    Returns:
      The values, with images that were dark on light inverted.
    """
    checked, images = dict(known), images_of(modalities)
    for name in images:
        if name in known:
            checked[name], notes = check(name, known[name])
            which = f"{name}: " if len(images) > 1 else ""
            for note in notes:
                print(f"warning: {which}{note}", file=sys.stderr)
    return checked
