"""The flags that give modalities to a model.

This module does not need NumPy, so that `--help` is quick.
"""

import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from jmvae_tf.programs.common import modality_flags
from jmvae_tf.programs.common.images_by_name import parse_images

if TYPE_CHECKING:
    from jmvae_tf.export_format.modalities_json import DescribedModality
    from jmvae_tf.modalities import Modality

    Known = Modality | DescribedModality


class GivenFlags(NamedTuple):
    """The flags that give modalities.

    Attributes:
      images: the values of --image.
      items: the values of --given.
    """

    images: Sequence[str]
    items: Sequence[str]

    def title(self, modalities: "Mapping[str, Known]") -> str:
        """Returns all of them as one line; "" if nothing is given."""
        others = [f"{x.modality}={x.value}" for x in modality_flags.given(modalities)]
        return ", ".join([*self.items, *others]) or ", ".join(self.images)

    def paths(self, modalities: "Mapping[str, Known]") -> dict[str, pathlib.Path]:
        """Returns the files of the given images by modality; see `parse_images`."""
        kinds = {name: x.kind for name, x in modalities.items()}
        named = [x for x in modality_flags.given(modalities) if kinds[x.modality] == "image"]
        several = list(kinds.values()).count("image") > 1
        written = [f"{x.modality}={x.value}" if several else x.value for x in named]
        return parse_images([*self.images, *written], modalities)
