"""Turns names of values into the words that the page shows."""

from collections.abc import Sequence

from jmvae_tf.export_format.modalities_json import DescribedModality


def words_of(name: str) -> str:
    """Returns a name as words: "Mouth_Slightly_Open" becomes "Mouth slightly open"."""
    words = name.replace("_", " ").split()
    if not words:
        return name
    first, *rest = words
    rest = [word if word.isupper() and len(word) > 1 else word.lower() for word in rest]
    return " ".join([first[:1].upper() + first[1:], *rest])


def title_of(modality: DescribedModality) -> str:
    """Returns the name of a label or of attributes as words, if it says more than their kind."""
    return "What it shows" if modality.name == modality.kind else words_of(modality.name)


def distinct_words(names: Sequence[str]) -> list[str]:
    """Returns names as words, or as they are if two of them became the same words."""
    words = [words_of(name) for name in names]
    return words if len(set(words)) == len(names) else list(names)
