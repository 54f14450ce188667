"""A data set: its modalities and its stored examples."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import tensorflow as tf

from jmvae_tf.modalities import Modality
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


@dataclasses.dataclass(frozen=True)
class DataSet:
    """Examples of several modalities, split into training, validation and test sets.

    Attributes:
      name: the value of `--data`.
      modalities: name to `Modality`, in the papers' order: image first.
      train: modality name to its stored values, one row per example, in a compact type; in memory,
        or as `Rows` that are read when needed.
      validation: the same; empty if all examples are used for training.
      test: the same.
      prepare: converts a batch of stored tensors to float32 [batch, *event_shape] with TensorFlow
        ops. Images become values in [0, 1], labels one-hot vectors, attributes -1 or 1.
      redraw: for generated data, draws new images with given attributes: maps -1 or 1, [images, K],
        and a seed to float32 [images, *event_shape], values in [0, 1]. Otherwise None.
    """

    name: str
    modalities: Mapping[str, Modality]
    train: Arrays
    validation: Arrays
    test: Arrays
    prepare: Callable[[Mapping[str, tf.Tensor]], dict[str, tf.Tensor]]
    redraw: Callable[[np.ndarray, int], np.ndarray] | None = None

    def __post_init__(self) -> None:
        """Checks that the examples are complete.

        Raises:
          UserError: if the modalities differ in their number of examples, or a value is not
            finite.
        """
        for part in ("train", "validation", "test"):
            arrays: Arrays = getattr(self, part)
            observed = {name: int(x.sum()) for name, x in self.observed(part).items()}
            if any(number < self.num_examples(part) for number in observed.values()):
                raise UserError(
                    f"Every example of {self.name} must have all modalities",
                    f"{observed} in its {part} part",
                    "repair the files",
                )
            for name, array in arrays.items():
                if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
                    continue
                bad = np.flatnonzero(~np.isfinite(array).all(axis=tuple(range(1, array.ndim))))
                if bad.size:
                    raise UserError(
                        f"Every value of {self.name} must be finite",
                        f"NaN or infinity in {name} of {bad.size} {part} examples, the first at "
                        f"index {bad[0]}",
                        "repair the data",
                    )

    def num_examples(self, part: str) -> int:
        """Counts the examples of "train", "validation" or "test"."""
        arrays: Arrays = getattr(self, part)
        return max((len(array) for array in arrays.values()), default=0)

    def observed(self, part: str) -> dict[str, np.ndarray]:
        """Tells which examples of a part have which modalities; the only place that decides it.

        Args:
          part: "train", "validation" or "test".

        Returns:
          Modality name to bool [examples].
        """
        arrays: Arrays = getattr(self, part)
        rows = np.arange(self.num_examples(part))
        return {name: rows < len(arrays.get(name, ())) for name in self.modalities}
