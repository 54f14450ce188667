"""Turns names of values into the words that the page shows."""

from collections.abc import Sequence

from jmvae_tf.export_format.modalities_json import DescribedModality

_DIGITS = tuple("0123456789")


def words_of(name: str) -> str:
    """Returns a name as words: "Mouth_Slightly_Open" becomes "Mouth slightly open"."""
    words = name.replace("_", " ").split()
    if not words:
        return name
    first, *rest = words
    rest = [word if word.isupper() and len(word) > 1 else word.lower() for word in rest]
    return " ".join([first[:1].upper() + first[1:], *rest])


def title_of(modality: DescribedModality) -> str:
    """Returns the name of a label or of attributes as words, or better ones if it is their kind."""
    if modality.name != modality.kind:
        return words_of(modality.name)
    return "Digit" if tuple(modality.value_names) == _DIGITS else "What it shows"


def distinct_words(names: Sequence[str]) -> list[str]:
    """Returns names as words, or as they are if two of them became the same words."""
    words = [words_of(name) for name in names]
    return words if len(set(words)) == len(names) else list(names)
