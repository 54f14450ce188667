"""Checks a server's reply against the request and what is known of the model.

Whoever answers may be anybody. A reply is accepted only with the shape, the kind and the range that
the request and the model's description ask for.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from jmvae_tf.clients.png import check_png
from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.modalities_json import DescribedModality

UNDESCRIBED_REPLY = 32 * 2**20
"""Bytes of the largest reply of a model that was not described."""

_LARGEST_LATENT = 2**14  # Values; outputs that are no modality have no other limit.
_BESIDE = 2**16  # Bytes of a reply that are no values: names, brackets, the model's version.
_ROUNDING = 1e-3  # The share of its range by which an output may leave it.


@dataclasses.dataclass(frozen=True)
class ExpectedOutput:
    """One output of a signature as the reply must hold it.

    Attributes:
      name: its name.
      batch: how many examples were asked for.
      modality: the modality that it holds; None if it holds none, or if the model was not
        described.
    """

    name: str
    batch: int
    modality: DescribedModality | None

    @property
    def is_file(self) -> bool:
        """Whether it holds PNG files instead of numbers."""
        return signature_names.holds_files(self.name)

    @property
    def num_values(self) -> int:
        """Numbers in the whole batch, or bytes of its files without compression."""
        shape = self.modality.event_shape if self.modality else (_LARGEST_LATENT,)
        return self.batch * math.prod(shape)

    def check_shape(self, shape: Sequence[int]) -> None:
        """Raises ValueError if numbers or files have another shape, [batch, ...]."""
        event = () if self.is_file else self.modality.event_shape if self.modality else None
        fits = bool(shape) and shape[0] == self.batch
        if event is not None:
            fits = fits and tuple(shape[1:]) == tuple(event)
        if not fits or min(shape) < 1:
            wanted = ", ".join(map(str, [self.batch, *(["…"] if event is None else event)]))
            raise ValueError(
                f"{self.name} of the shape {list(shape)[:9]} where [{wanted}] was asked for"
            )

    def checked(self, values: np.ndarray) -> np.ndarray:
        """Returns the values, float32 or an array of bytes objects.

        Raises:
          ValueError: if their shape differs, numbers are not finite or out of their range, or files
            are no PNG of the model's size.
        """
        self.check_shape(values.shape)
        if self.is_file:
            for file in values:
                check_png(file, self.modality.event_shape if self.modality else None)
            return values
        low, high = self.modality.support if self.modality else (-math.inf, math.inf)
        if self.modality and self.modality.kind not in ("image", "label"):
            # The mean of an attribute or a vector may lie beyond what can be asked about.
            low, high = -math.inf, math.inf
        margin = _ROUNDING * (high - low) if math.isfinite(high - low) else 0.0
        lowest, highest = values.min(), values.max()  # NaN if there is one.
        if not (math.isfinite(lowest) and math.isfinite(highest)):
            raise ValueError(f"{self.name} with values that are not finite")
        if not low - margin <= lowest <= highest <= high + margin:
            raise ValueError(
                f"{self.name} with values from {lowest:g} to {highest:g} where they must be from "
                f"{low:g} to {high:g}"
            )
        return values


def expected_outputs(
    outputs: Sequence[str], batch: int, modalities: Mapping[str, DescribedModality] | None
) -> list[ExpectedOutput]:
    """Lists what a reply must hold.

    Args:
      outputs: the names of a signature's outputs.
      batch: how many examples are asked for.
      modalities: the model's, by name; None if it was not described.
    """
    known = modalities or {}
    return [
        ExpectedOutput(name, batch, known.get(signature_names.modality_of(name)))
        for name in outputs
    ]


def largest_reply(
    expected: Sequence[ExpectedOutput],
    modalities: Mapping[str, DescribedModality] | None,
    bytes_of_number: int,
    bytes_of_file: float,
) -> int:
    """Limits the size of a reply in bytes.

    Args:
      expected: what it must hold.
      modalities: as for `expected_outputs`.
      bytes_of_number: how long a written number may be.
      bytes_of_file: how many bytes a byte of a file takes.
    """
    if modalities is None:
        return UNDESCRIBED_REPLY
    return _BESIDE + sum(
        # Noise does not compress: a file is as large as its image, and a little more.
        int(1.1 * bytes_of_file * x.num_values) + 256 * x.batch
        if x.is_file
        else bytes_of_number * x.num_values
        for x in expected
    )
