"""What a user gives a model: any subset of its modalities, by several flags."""

import pathlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from jmvae_tf.programs.common import modality_flags, values_by_name
from jmvae_tf.programs.common.given_flags import GivenFlags
from jmvae_tf.runtime.errors import UserError

if TYPE_CHECKING:
    from jmvae_tf.export_format.modalities_json import DescribedModality
    from jmvae_tf.modalities import Modality

    Known = Modality | DescribedModality


def values_given(flags: GivenFlags, modalities: "Mapping[str, Known]") -> dict[str, np.ndarray]:
    """Returns what is given of modalities but images, NaN where not; see `values_by_name.parse`."""
    kinds = {name: x.kind for name, x in modalities.items()}
    named = [x for x in modality_flags.given(modalities) if kinds[x.modality] != "image"]
    return values_by_name.parse("given", flags.items, modalities, named)


def names_given(flags: GivenFlags, modalities: "Mapping[str, Known]") -> list[str]:
    """Returns the names of the given modalities, in the model's order."""
    found = {*flags.paths(modalities), *values_given(flags, modalities)}
    return [name for name in modalities if name in found]


def names_in_part(flags: GivenFlags, modalities: "Mapping[str, Known]") -> list[str]:
    """Returns the names of those of which some values are given, and others stay unknown."""
    values = values_given(flags, modalities)
    return [x for x in values if modalities[x].partly_observed and np.isnan(values[x]).any()]


def all_given(
    flags: GivenFlags,
    modalities: "Mapping[str, Known]",
    read: Callable[[pathlib.Path, "Known"], np.ndarray],
    usual: Callable[[str], np.ndarray | None],
) -> dict[str, np.ndarray]:
    """Reads all that is given.

    Args:
      flags: the flags.
      modalities: the model's modalities.
      read: reads the file of an image as values of its modality.
      usual: returns the usual values of a modality, [*event_shape]; None if they are unknown.

    Returns:
      Modality name to float32 [*event_shape], in the model's order. A value that is not given is
      the usual one, or NaN if the modality is partly observed.

    Raises:
      UserError: if a flag is unknown or wrong, a file cannot be read, or values must be given that
        are not.
    """
    known = {name: read(path, modalities[name]) for name, path in flags.paths(modalities).items()}
    for name, values in values_given(flags, modalities).items():
        missing = np.isnan(values)
        if missing.any() and not modalities[name].partly_observed:
            values = _filled(modalities[name], values, usual(name))
        known[name] = values.astype(np.float32)
    return {name: known[name] for name in modalities if name in known}


def with_given(values: np.ndarray, given: np.ndarray | None) -> np.ndarray:
    """Returns generated values of a modality, with those in their place that were given in part."""
    if given is None or not np.isnan(given).any():
        return values
    return np.where(np.isnan(given), values, given)


def _filled(modality: "Known", values: np.ndarray, usual: np.ndarray | None) -> np.ndarray:
    missing = np.isnan(values)
    if usual is None:
        names = zip(modality.value_names, missing.ravel(), strict=True)
        raise UserError(
            f"The usual values of {modality.name} are not known, so all must be given",
            f"none of {', '.join(name for name, is_missing in names if is_missing)}",
            "name them too",
        )
    return np.where(missing, usual, values)
