"""Checks a server's reply against the request and the model's description.

The server may be untrusted. A reply is accepted only if its shape, type and range match the request
and the model's description.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from jmvae_tf.clients.png import check_png
from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.modalities_json import DescribedModality

UNDESCRIBED_REPLY = 32 * 2**20
"""Bytes of the largest reply of a model without a description."""

_LARGEST_LATENT = 2**14  # Values; the only limit for outputs that are not a modality.
_BESIDE = 2**16  # Bytes of a reply besides values: names, brackets, the model's version.
_ROUNDING = 1e-3  # How far an output may leave its range, as a share of the range.


@dataclasses.dataclass(frozen=True)
class ExpectedOutput:
    """One output of a signature, as the reply must contain it.

    Attributes:
      name: its name.
      batch: the number of examples in the request.
      modality: the modality of its values; None if there is none, or the model has no description.
    """

    name: str
    batch: int
    modality: DescribedModality | None

    @property
    def is_file(self) -> bool:
        """Whether it contains PNG files instead of numbers."""
        return signature_names.holds_files(self.name)

    @property
    def num_values(self) -> int:
        """The number of values in the batch, or of bytes of its files without compression."""
        shape = self.modality.event_shape if self.modality else (_LARGEST_LATENT,)
        return self.batch * math.prod(shape)

    def check_shape(self, shape: Sequence[int]) -> None:
        """Raises ValueError if the shape of numbers or files, [batch, ...], is wrong."""
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
          ValueError: if the shape is wrong, numbers are not finite or out of range, or files are
            not PNG of the model's size.
        """
        self.check_shape(values.shape)
        if self.is_file:
            for file in values:
                check_png(file, self.modality.event_shape if self.modality else None)
            return values
        low, high = self.modality.support if self.modality else (-math.inf, math.inf)
        if self.modality and self.modality.kind not in ("image", "label"):
            # The mean of an attribute or a vector may be outside the range of inputs.
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
    """Lists the outputs that a reply must contain.

    Args:
      outputs: the names of the signature's outputs.
      batch: the number of examples in the request.
      modalities: the model's modalities by name; None if it has no description.
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
      expected: the outputs that it must contain.
      modalities: see `expected_outputs`.
      bytes_of_number: most bytes of an encoded number.
      bytes_of_file: encoded bytes per byte of a file.
    """
    if modalities is None:
        return UNDESCRIBED_REPLY
    return _BESIDE + sum(
        # Noise does not compress, so a file may be slightly larger than its image.
        int(1.1 * bytes_of_file * x.num_values) + 256 * x.batch
        if x.is_file
        else bytes_of_number * x.num_values
        for x in expected
    )
