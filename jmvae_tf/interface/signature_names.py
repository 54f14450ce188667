"""Names of exported signatures, which are made of modalities' names and must stay distinct."""

import collections
from collections.abc import Collection, Sequence


def plain(given: Sequence[str], target: str) -> str:
    """Of what generates a modality from others, such as "label_to_image"."""
    return f"{'_'.join(given)}_to_{target}"


def from_files(given: str, target: str) -> str:
    """Of the same from files of images."""
    return f"encoded_{plain([given], target)}"


def to_files(given: Sequence[str], target: str) -> str:
    """Of the same to files of images."""
    return plain(given, f"encoded_{target}")


def sampling(given: Sequence[str], target: str) -> str:
    """Of samples, drawn by seeds."""
    return f"sample_{target}_from_{'_'.join(given)}"


def edit(target: str, condition: str | None = None) -> str:
    """Of edits; the condition is named where there are several."""
    return f"edit_{target}" + (f"_by_{condition}" if condition else "")


def embedding(name: str | None = None) -> str:
    """Of moments of q(z|modality); the modality is named where there are several of a kind."""
    return f"embed_{name}" if name else "embed"


def reconstruction(name: str) -> str:
    """Of a model of one modality."""
    return f"reconstruct_{name}"


def check(
    directions: Collection[tuple[Sequence[str], str]],
    images: Collection[str],
    others: Sequence[str],
) -> None:
    """Refuses modalities of which two signatures would have the same name.

    Args:
      directions: the names given and the name generated from them, of each.
      images: the names of modalities that are images.
      others: the names of the others.

    Raises:
      ValueError: if two signatures that a model of them may have would be called the same.
    """
    names = [embedding(name) for name in (*images, *others)]
    for image in images:
        names += [edit(image), *(edit(image, other) for other in others)]
    for given, target in directions:
        names.append(plain(given, target))
        if len(given) == 1 and given[0] in images:
            names.append(from_files(given[0], target))
        if target in images:
            names += [to_files(given, target), sampling(given, target)]
    twice = [name for name, number in collections.Counter(names).items() if number > 1]
    if twice:
        raise ValueError(
            "Names of modalities must give each exported signature a name of its own, so rename "
            f"one of them. Received: {[*images, *others]}, of which two signatures would be called "
            f"{twice[0]!r}"
        )
