"""Hides modalities of examples at random, to compare models on incomplete data."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.modalities import observed_key


def with_hidden(data: DataSet, share: float, seed: int = 0) -> DataSet:
    """Hides each modality of each training and validation example with a probability.

    An example that would lose all that it has keeps one of its modalities, each with the same
    probability. So a smaller share is hidden, the more so the fewer modalities there are: of two
    with probability 1/2, three eighths. Test examples keep all that they have.

    Args:
      data: the data set; what its examples lack stays missing.
      share: the probability, in [0, 1).
      seed: the same seed hides the same.

    Returns:
      The data set with masks. Stored values stay, and masks say that they do not count.

    Raises:
      ValueError: if the share is out of range.
    """
    if not 0 <= share < 1:
        raise ValueError(f"A share to hide must be in [0, 1). Received: {share}")
    parts = {}
    for number, part in enumerate(("train", "validation", "test")):
        there = np.stack([*data.observed(part).values()], axis=1)
        kept = (
            there if part == "test" else _kept(there, share, np.random.default_rng([seed, number]))
        )
        masks = _masks(data, part, dict(zip(data.modalities, kept.T, strict=True)))
        parts[part] = {**getattr(data, part), **(masks if len(kept) else {})}
    hidden: DataSet = dataclasses.replace(
        data, train=parts["train"], validation=parts["validation"], test=parts["test"]
    )
    return hidden


def _kept(there: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    """Draws which modalities examples keep of those that are there, bool [examples, modalities]."""
    places = generator.random(there.shape)  # A modality with the largest value is the last to go.
    kept = there & (places >= share)
    last = np.argmax(np.where(there, places, -1), axis=1)
    kept[np.arange(len(kept)), last] = True
    return kept


def _masks(data: DataSet, part: str, kept: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the masks of a part, with those of single values if it has them."""
    masks = data.masks(part)
    found = {}
    for name, rows in kept.items():
        before = masks.get(observed_key(name), np.ones(len(rows), bool))
        found[observed_key(name)] = before & rows.reshape(-1, *[1] * (before.ndim - 1))
    return found
