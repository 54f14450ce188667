"""Leaves out rows of a data set that lack something, for comparison with keeping them."""

import dataclasses
from typing import Any

import numpy as np

from jmvae_tf.data.chosen_rows import choose
from jmvae_tf.data.data_set import PARTS, DataSet
from jmvae_tf.modalities import observed_key
from jmvae_tf.runtime.errors import UserError


def without_incomplete(data: DataSet) -> tuple[DataSet, dict[str, int]]:
    """Leaves out all examples that lack a modality, or a value of one.

    Returns:
      The data set of the others, without masks, and how many each part lost. None of its modalities
      is partly observed, so encoders take no masks. Its manifest still says what the files hold.

    Raises:
      UserError: if no training example is left, or fewer than two test examples.
    """
    parts: dict[str, Any] = {}
    lost = {}
    for part in PARTS:
        complete = np.ones(data.num_examples(part), bool)
        for mask in data.masks(part).values():
            complete &= mask.all(axis=tuple(range(1, mask.ndim)))
        indices = np.flatnonzero(complete)
        lost[part] = len(complete) - len(indices)
        stored = {**data.values(part), **data.weights(part)}
        parts[part] = {name: choose(array, indices) for name, array in stored.items()}
    for part, fewest in (("train", 1), ("test", 2)):
        left = data.num_examples(part) - lost[part]
        if left < fewest:
            gaps = ", ".join(f"{name} in {x}" for name, x in missing_of(data, part).items())
            raise UserError(
                f"The {part} part must keep at least {fewest} complete rows",
                f"--incomplete=drop, which leaves {left} of {data.num_examples(part)}, with gaps "
                f"of {gaps}",
                "leave --incomplete out, or fill the gaps",
            )
    modalities = {
        name: dataclasses.replace(x, partly_observed=False) for name, x in data.modalities.items()
    }
    whole: DataSet = dataclasses.replace(
        data, modalities=modalities, **{part: parts[part] for part in PARTS}
    )
    return whole, lost


def missing_of(data: DataSet, part: str) -> dict[str, int]:
    """Counts the examples of a part that lack a modality, or a value of it, by name."""
    masks = data.masks(part)
    counts = {}
    for name in data.modalities:
        mask = masks.get(observed_key(name))
        if mask is not None:
            counts[name] = int((~mask.all(axis=tuple(range(1, mask.ndim)))).sum())
    return counts
