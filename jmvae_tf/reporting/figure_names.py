"""Names figures after their modalities: file names, and words in titles."""

import re
from collections.abc import Sequence

from jmvae_tf.models.base import Direction

_LONGEST_NAME = 200  # Of a file; file systems limit names to 255 bytes.


def stems_of_images(what: str, images: Sequence[str]) -> list[str]:
    """Returns the stems of one file per image, for example "prior_samples_of_photo"."""
    return [what] if len(images) == 1 else [f"{what}_of_{image}" for image in images]


def stem_of_direction(direction: Direction) -> str:
    """Returns the stem of a direction's file name, for example "images_by_label"."""
    return f"{_plural(direction.target)}_by_{'_and_'.join(direction.given)}"


def file_names(*groups: Sequence[str], suffix: str = ".png") -> list[list[str]]:
    """Makes file names that are distinct even on file systems that ignore letter case.

    Names of modalities are identifiers, so they are safe in file names.

    Args:
      groups: stems of the names. The names in a group do not depend on later groups.
      suffix: the end of all names.

    Returns:
      The names, group by group.
    """
    taken: set[str] = set()

    def file_name(stem: str) -> str:
        stem = stem[:_LONGEST_NAME]
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(name.casefold())
        return f"{name}{suffix}"

    return [[file_name(stem) for stem in group] for group in groups]


def _plural(name: str) -> str:
    """Returns the plural of a modality's name, for example "labels", if it is one word."""
    if not name.isalpha() or name.endswith("s"):
        return name
    if re.search("([cs]h|x|z)$", name):
        return f"{name}es"
    return f"{name[:-1]}ies" if re.search("[^aeiou]y$", name) else f"{name}s"


def listed(names: Sequence[str]) -> str:
    """Joins names for a title, for example "image, label and attributes"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def capital(text: str) -> str:
    """Makes the first letter of a title a capital, and keeps the others."""
    return text[0].upper() + text[1:]
