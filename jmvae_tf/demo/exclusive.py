"""Finds attributes that exclude each other, from examples."""

from collections.abc import Sequence

import numpy as np

from jmvae_tf.demo.plain_words import words_of

NONE = -1
"""Stands for none of the attributes of a group."""

_EXPECTED = 6.0  # Examples with both, if attributes were independent; fewer prove nothing.
_SHARE = 0.05  # Of those; readings of a model err now and then.
_SMALLEST_GROUP = 3  # Attributes that become one choice.


def exclusive_pairs(has: np.ndarray) -> np.ndarray:
    """Finds pairs of attributes that are never together although each of them is common.

    Args:
      has: whether an example has an attribute, bool [examples, attributes].

    Returns:
      Whether two attributes exclude each other, bool [attributes, attributes], symmetric.
    """
    counted = has.astype(np.float64)
    together = counted.T @ counted
    single = counted.sum(axis=0)
    expected = np.outer(single, single) / max(1, len(has))
    return (expected >= _EXPECTED) & (together <= _SHARE * expected)


def exclusive_groups(pairs: np.ndarray) -> list[list[int]]:
    """Finds groups of attributes of which at most one can be there, such as colours of hair.

    Args:
      pairs: what `exclusive_pairs` returns.

    Returns:
      Disjoint groups of three or more, the largest first; the attributes of each in their order.
    """
    groups = []
    left = set(range(len(pairs)))
    while group := max((_grown(pairs, start, left) for start in left), key=len, default=[]):
        if len(group) < _SMALLEST_GROUP:
            break
        groups.append(sorted(group))
        left -= set(group)
    return groups


def _grown(pairs: np.ndarray, start: int, among: set[int]) -> list[int]:
    """Adds attributes that exclude all of a group, those that exclude the most others first."""
    group = [start]
    for place in sorted(among, key=lambda x: (-pairs[x].sum(), x)):
        if pairs[place, group].all():
            group.append(place)
    return group


def title_and_choices(names: Sequence[str]) -> tuple[str, list[str]]:
    """Names a group of attributes and its members in plain words.

    A word that most members share becomes the title and is left out of them: "Black_Hair",
    "Gray_Hair" and "Bald" become "Hair" with "Black", "Gray" and "Bald".
    """
    words = [words_of(name).split() for name in names]
    counts = {word: sum(word.lower() in _lower(x) for x in words) for x in words for word in x}
    shared = max(counts, key=lambda word: counts[word])
    if 2 * counts[shared] <= len(names):
        return "One of these", [words_of(name) for name in names]
    rests = [" ".join(x for x in some if x.lower() != shared.lower()) or shared for some in words]
    return shared.capitalize(), [rest[:1].upper() + rest[1:] for rest in rests]


def _lower(words: Sequence[str]) -> list[str]:
    return [word.lower() for word in words]
