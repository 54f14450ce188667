"""A data set: its modalities and its stored examples."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from jmvae_tf.modalities import SAMPLE_WEIGHT, Modality, observed_key
from jmvae_tf.runtime.errors import UserError


class Rows(Protocol):
    """Examples that stay on disk until they are read."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def __len__(self) -> int:
        """Returns the number of examples."""

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Reads the examples at the given indices, [indices, *shape[1:]]."""


Arrays = Mapping[str, np.ndarray | Rows]

PARTS = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True)
class DataSet:
    """Examples of several modalities, split into training, validation and test sets.

    The mapping of a part holds the stored values of each modality under its name. Besides, it may
    hold, for all parts that have examples or for none:

    - under `observed_key(name)`, which values of a modality are there: bool, [examples] for whole
      examples, or [examples, *event_shape] if the modality is `partly_observed`. Stored values that
      are not there may be anything, even NaN.
    - under `SAMPLE_WEIGHT`, the weight of each example in the objective, [examples].

    Attributes:
      name: the value of `--data`.
      modalities: name to `Modality`, in the papers' order: image first.
      train: modality name to its stored values, one row per example, in a compact type; in memory,
        or as `Rows` that are read when needed. Masks and weights are in memory.
      validation: the same; empty if all examples are used for training.
      test: the same.
      prepare: converts a batch of stored tensors to float32 [batch, *event_shape] with TensorFlow
        ops. Images become values in [0, 1], labels one-hot vectors, attributes -1 or 1. It gets
        neither masks nor weights.
      redraw: for generated data, draws new images with given attributes: maps -1 or 1, [images, K],
        and a seed to float32 [images, *event_shape], values in [0, 1]. Otherwise None.
      manifest: for a user's own data, what they were taken for. Otherwise None.
      empty: for generated data, the places where images never show anything but their background:
        bool, [height, width]. Otherwise None.
    """

    name: str
    modalities: Mapping[str, Modality]
    train: Arrays
    validation: Arrays
    test: Arrays
    prepare: Callable[[Mapping[str, tf.Tensor]], dict[str, tf.Tensor]]
    redraw: Callable[[np.ndarray, int], np.ndarray] | None = None
    manifest: Any = None
    empty: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Checks that the examples are complete, or that masks tell what is missing.

        Raises:
          UserError: if the modalities differ in their number of examples, a value is not finite,
            an example has no modality, or a mask or the weights do not fit the examples.
        """
        for part in PARTS:
            lengths = {name: len(getattr(self, part).get(name, ())) for name in self.modalities}
            if any(number < self.num_examples(part) for number in lengths.values()):
                raise UserError(
                    f"Every example of {self.name} must have all modalities",
                    f"{lengths} in its {part} part",
                    "repair the files",
                )
            self._check_masks(part)
            self._check_weights(part)
            self._check_finite(part)
        parts = {part: set(self._beside(part)) for part in PARTS if self.num_examples(part)}
        for part, keys in parts.items():
            if keys != next(iter(parts.values())):
                raise UserError(
                    f"All parts of {self.name} must have the same masks and weights",
                    "; ".join(f"{sorted(keys)} in its {part} part" for part, keys in parts.items()),
                    "add masks of True and weights of 1 where they are missing",
                )

    def num_examples(self, part: str) -> int:
        """Counts the examples of a part."""
        return max(map(len, self.values(part).values()), default=0)

    def values(self, part: str) -> Arrays:
        """Returns the stored values of a part, without masks and weights."""
        beside = self._beside(part)
        return {name: x for name, x in getattr(self, part).items() if name not in beside}

    def masks(self, part: str) -> dict[str, np.ndarray]:
        """Returns the masks of a part, by their keys; none if nothing is missing."""
        return {key: x for key, x in self._beside(part).items() if key != SAMPLE_WEIGHT}

    def weights(self, part: str) -> dict[str, np.ndarray]:
        """Returns the weights of a part's examples, float32, by their key; none if all are 1."""
        beside = self._beside(part).items()
        return {key: np.asarray(x, np.float32) for key, x in beside if key == SAMPLE_WEIGHT}

    def observed(self, part: str) -> dict[str, np.ndarray]:
        """Tells which examples of a part have which modalities; the only place that decides it.

        Args:
          part: "train", "validation" or "test".

        Returns:
          Modality name to bool [examples]; True if at least one value is there.
        """
        masks, number = self.masks(part), self.num_examples(part)
        all_there = np.ones(number, bool)
        of = {name: masks.get(observed_key(name), all_there) for name in self.modalities}
        return {name: np.any(x, axis=tuple(range(1, x.ndim))) for name, x in of.items()}

    def _beside(self, part: str) -> dict[str, Any]:
        """Returns what a part holds besides values."""
        keys = {SAMPLE_WEIGHT, *map(observed_key, self.modalities)}
        return {key: x for key, x in getattr(self, part).items() if key in keys}

    def _check_masks(self, part: str) -> None:
        masks, number = self.masks(part), self.num_examples(part)
        for name, modality in self.modalities.items():
            mask = masks.get(observed_key(name))
            if mask is None:
                continue
            shapes: list[tuple[int, ...]] = [(number,)]
            if modality.partly_observed:
                shapes.append((number, *modality.event_shape))
            dtype, shape = getattr(mask, "dtype", type(mask)), getattr(mask, "shape", None)
            if dtype != np.dtype(bool) or shape not in shapes:
                raise UserError(
                    f"The mask of {name} must be bool of shape {' or '.join(map(str, shapes))}",
                    f"{dtype} of shape {shape} in the {part} part of {self.name}",
                    f"mend {observed_key(name)!r}",
                )
        if masks:
            empty = np.flatnonzero(~np.any(list(self.observed(part).values()), axis=0))
            if empty.size:
                raise UserError(
                    f"Every example of {self.name} must have at least one modality",
                    f"{empty.size} {part} examples with none, the first at index {empty[0]}",
                    "leave them out",
                )

    def _check_weights(self, part: str) -> None:
        if SAMPLE_WEIGHT in self._beside(part):
            w = np.asarray(getattr(self, part)[SAMPLE_WEIGHT])
            fits = w.shape == (self.num_examples(part),) and w.dtype.kind in "fiu"
            if not (fits and np.isfinite(w).all() and (w >= 0).all() and (w > 0).any()):
                raise UserError(
                    f"The weights of {self.name} must be one finite number per example, 0 or more, "
                    "and not all 0",
                    f"{w.dtype} of shape {w.shape}"
                    + (f", from {w.min()} to {w.max()}," if fits else "")
                    + f" in its {part} part",
                    f"mend {SAMPLE_WEIGHT!r}",
                )

    def _check_finite(self, part: str) -> None:
        """Checks the values that are in memory and observed."""
        masks = self.masks(part)
        for name, array in self.values(part).items():
            if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
                continue
            wrong = ~np.isfinite(array)
            mask = masks.get(observed_key(name))
            if mask is not None:
                if mask.shape != wrong.shape:
                    mask = mask.reshape(len(mask), *(1,) * (wrong.ndim - 1))
                wrong &= mask
            bad = np.flatnonzero(wrong.any(axis=tuple(range(1, array.ndim))))
            if bad.size:
                raise UserError(
                    f"Every value of {self.name} must be finite",
                    f"NaN or infinity in {name} of {bad.size} {part} examples, the first at "
                    f"index {bad[0]}",
                    "repair the data",
                )
