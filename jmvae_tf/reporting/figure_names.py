"""Name figures after the modalities that they show: their files, and words in their titles."""

import re
from collections.abc import Sequence

from jmvae_tf.models.base import Direction

_LONGEST_NAME = 200  # Of a file, whose name file systems limit to 255 bytes.


def stems_of_images(what: str, images: Sequence[str]) -> list[str]:
    """Begins the file names of one figure for each image, such as "prior_samples_of_photo"."""
    return [what] if len(images) == 1 else [f"{what}_of_{image}" for image in images]


def stem_of_direction(direction: Direction) -> str:
    """Begins the file name of what is generated in a direction, such as "images_by_label"."""
    return f"{plural(direction.target)}_by_{'_and_'.join(direction.given)}"


def file_names(*groups: Sequence[str]) -> list[list[str]]:
    """Makes file names, none of which overwrites another even where letter case does not count.

    Names of modalities are identifiers, so they are safe in file names.

    Args:
      groups: stems of the names. The names of a group do not depend on later groups.

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
        return f"{name}.png"

    return [[file_name(stem) for stem in group] for group in groups]


def plural(name: str) -> str:
    """Gives several examples of a modality a name, such as "labels", if its name is one word."""
    if not name.isalpha() or name.endswith("s"):
        return name
    if re.search("([cs]h|x|z)$", name):
        return f"{name}es"
    return f"{name[:-1]}ies" if re.search("[^aeiou]y$", name) else f"{name}s"


def plurals(names: Sequence[str]) -> str:
    """Joins the plurals of names, such as "images, labels and attributes"."""
    *first, last = map(plural, names)
    return f"{', '.join(first)} and {last}" if first else last


def capital(text: str) -> str:
    """Begins a title with a capital letter, and keeps the others as they are."""
    return text[0].upper() + text[1:]
