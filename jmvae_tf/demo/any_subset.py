"""Asks an exported model for any of its modalities, given any subset of the others."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from jmvae_tf.clients.completion_inputs import completion_inputs
from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.export_format import signature_names
from jmvae_tf.runtime.errors import UserError

Given: TypeAlias = Mapping[str, np.ndarray]

_SAMPLES_OF_A_MEAN = 32


class AnySubset:
    """A model of any modalities.

    Attributes:
      export: the exported model.
      modalities: name to `DescribedModality`.

    Args:
      export: an exported model.

    Raises:
      UserError: if it generates nothing.
    """

    def __init__(self, export: LoadedExport) -> None:
        self.export = export
        self.modalities = export.modalities
        self._signatures: dict[tuple[str, ...], dict[str, str]] = {}
        for given, target in signature_names.directions_of(list(self.modalities)):
            self._add(given, target, signature_names.to_generate(given, target))
        for name in self.modalities:
            self._add((name,), name, signature_names.to_reconstruct(name))
        if not self.targets:
            raise UserError(
                "The page shows models that generate modalities from others, or from themselves",
                f"a model of {', '.join(self.modalities)} with the signatures "
                f"{', '.join(sorted(export.signatures))}",
                "choose another --saved_model or --run",
            )

    def _add(self, given: tuple[str, ...], target: str, signature: str) -> None:
        if signature in self.export.signatures:
            self._signatures.setdefault(given, {})[target] = signature

    @property
    def givable(self) -> list[str]:
        """The names of the modalities that can be given, in the model's order."""
        if any(map(self._completes, self.modalities)):
            return list(self.modalities)
        named = {name for given in self._signatures for name in given}
        return [name for name in self.modalities if name in named]

    @property
    def targets(self) -> list[str]:
        """The names of the modalities that can be generated, in the model's order."""
        named = {name for targets in self._signatures.values() for name in targets}
        return [name for name in self.modalities if name in named or self._completes(name)]

    def targets_of(self, given: Given) -> list[str]:
        """Returns the names of what is generated from some modalities; empty if nothing is.

        Args:
          given: modality name to values, [*event_shape]; NaN for those that are not known.
        """
        direct = self._signatures.get(self._in_order(given), {})
        return [
            name
            for name in self.modalities
            if name in direct
            or (given and self._completes(name) and np.isnan(given.get(name, np.nan)).any())
        ]

    def mean(self, target: str, given: Given) -> np.ndarray:
        """Returns the mean of a modality, [*event_shape], given others, [*event_shape] each.

        It is that of p(target|z) at the mean of q(z|given), or a mean over samples of z if the
        export has no signature for this subset.
        """
        signature = self._signatures.get(self._in_order(given), {}).get(target)
        if signature is None:
            mean = self._completed(target, given, np.arange(_SAMPLES_OF_A_MEAN)).mean(axis=0)
            known = given.get(target, mean)  # What was given of it stays as it is.
            return np.where(np.isnan(known), mean, known)
        inputs = {name: values[np.newaxis] for name, values in given.items()}
        return self.export(signature, **inputs)[target][0]

    def can_sample(self, target: str, given: Given) -> bool:
        """Tells whether an image can be sampled given other modalities."""
        is_image = self.modalities[target].kind == "image"
        direct = self._to_sample(target, given) in self.export.signatures
        return is_image and (direct or self._completes(target))

    def samples(self, target: str, given: Given, seed: int, number: int) -> np.ndarray:
        """Samples an image given other modalities; returns [number, height, width, channels]."""
        seeds = seed + np.arange(number)
        signature = self._to_sample(target, given)
        if signature not in self.export.signatures:
            return self._completed(target, given, seeds)
        inputs = {
            name: np.repeat(values[np.newaxis], number, axis=0) for name, values in given.items()
        }
        inputs[signature_names.SEED] = (seeds % 2**31).astype(np.int32)
        return self.export(signature, **inputs)[target]

    def _completes(self, target: str) -> bool:
        return signature_names.to_complete(target) in self.export.signatures

    def _completed(self, target: str, given: Given, seeds: np.ndarray) -> np.ndarray:
        """Returns means of p(target|z) for samples of z, [seeds, *event_shape]."""
        inputs = completion_inputs(self.modalities, given, seeds)
        return self.export(signature_names.to_complete(target), **inputs)[target]

    def _to_sample(self, target: str, given: Given) -> str:
        return signature_names.to_sample(self._in_order(given), target)

    def _in_order(self, given: Given) -> tuple[str, ...]:
        return tuple(name for name in self.modalities if name in given)
