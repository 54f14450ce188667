"""Parses the files of --image by modality: `FILE`, or `left=FILE`."""

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jmvae_tf.runtime.errors import UserError

if TYPE_CHECKING:
    from jmvae_tf.export_format.modalities_json import DescribedModality
    from jmvae_tf.modalities import Modality

    Known = Modality | DescribedModality


def images_of(modalities: "Mapping[str, Known]") -> list[str]:
    """Returns the names of the modalities that are images."""
    return [name for name, modality in modalities.items() if modality.kind == "image"]


def parse_images(
    items: Sequence[str], modalities: "Mapping[str, Known]", flag: str = "image"
) -> dict[str, pathlib.Path]:
    """Finds the modality of each file.

    Args:
      items: the values of the flag: a path if the model has one image, otherwise NAME=PATH each.
      modalities: the model's modalities.
      flag: its name.

    Returns:
      Modality name to path, in the order of the model.

    Raises:
      UserError: if the model has no image, or a file's modality is not given.
    """
    if not items:
        return {}
    names = images_of(modalities)
    if not names:
        raise UserError(
            f"This is a model of {' and '.join(modalities)}, without any image",
            f"--{flag}={items[0]}",
            "leave it out",
        )
    if len(names) == 1:
        parsed = [(names[0], os.path.expanduser(item)) for item in items]
    else:
        parsed = [_name_and_path(item, names, flag) for item in items]
    found = dict(parsed)
    if not all(found.values()):
        written = " ".join(f"--{flag}={item}" for item in items)
        raise UserError("An image file must be named", written, "name a JPEG or PNG file")
    if len(found) < len(parsed):
        raise UserError(
            "An image is given once", " ".join(f"--{flag}={item}" for item in items), "choose one"
        )
    return {name: pathlib.Path(found[name]) for name in names if name in found}


def _name_and_path(item: str, names: Sequence[str], flag: str) -> tuple[str, str]:
    name, _, path = item.partition("=")
    if name not in names or not path:
        raise UserError(
            f"This is a model of several images, {' and '.join(names)}",
            f"--{flag}={item}",
            f"write {' or '.join(f'--{flag}={x}=FILE' for x in names)}",
        )
    return name, os.path.expanduser(path)


def paths_of(out: pathlib.Path, names: Sequence[str]) -> dict[str, pathlib.Path]:
    """Maps each modality to its output file; several have their names appended to --out."""
    if len(names) == 1:
        return {names[0]: out}
    return {name: out.with_stem(f"{out.stem}_{name}") for name in names}
