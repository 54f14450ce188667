"""Leaves out rows of a data set that lack something, for comparison with keeping them."""

import dataclasses
from typing import Any

import numpy as np

from jmvae_tf.data.data_set import PARTS, DataSet, Rows
from jmvae_tf.modalities import observed_key
from jmvae_tf.runtime.errors import UserError


@dataclasses.dataclass(frozen=True)
class _Chosen:
    """Some of the rows that stay on disk, see `Rows`."""

    rows: Rows
    indices: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.indices), *self.rows.shape[1:])

    @property
    def dtype(self) -> np.dtype:
        return self.rows.dtype

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        return self.rows[self.indices[indices]]


def without_incomplete(data: DataSet) -> tuple[DataSet, dict[str, int]]:
    """Leaves out all examples that lack a modality, or a value of one.

    Returns:
      The data set of the others, without masks, and how many each part lost.

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
        parts[part] = {
            name: array[indices] if isinstance(array, np.ndarray) else _Chosen(array, indices)
            for name, array in stored.items()
        }
    for part, fewest in (("train", 1), ("test", 2)):
        left = data.num_examples(part) - lost[part]
        if left < fewest:
            gaps = {name: int((~x).sum()) for name, x in data.observed(part).items()}
            raise UserError(
                f"The {part} part must keep at least {fewest} complete rows",
                f"--incomplete=drop, which leaves {left} of {data.num_examples(part)}; there are "
                f"no values of {', '.join(f'{name} in {number}' for name, number in gaps.items())}",
                "leave --incomplete out, or fill the gaps",
            )
    manifest = data.manifest
    if manifest is not None:
        modalities = {
            name: dataclasses.replace(one, partly_observed=False)
            for name, one in manifest.modalities.items()
        }
        manifest = dataclasses.replace(manifest, modalities=modalities)
    modalities = {
        name: dataclasses.replace(x, partly_observed=False) for name, x in data.modalities.items()
    }
    whole: DataSet = dataclasses.replace(
        data, modalities=modalities, manifest=manifest, **{part: parts[part] for part in PARTS}
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
