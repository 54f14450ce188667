"""The file of a `LatentMixture`, `checkpoints/latent_mixture.json` of a run.

It may be anybody's, so it is JSON and not pickled, and is accepted only within its limits.
"""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from jmvae_tf.models.latent_mixture import LatentMixture
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json, written_atomically
from jmvae_tf.runtime.json_values import array_of_lists, origin_in

_VERSION = 1  # Files of other versions are left alone.
_LARGEST_FILE = 2**26  # Bytes: twice what the largest mixture takes.
_MOST_COMPONENTS = 1000


def write_latent_mixture(path: pathlib.Path, mixture: LatentMixture) -> None:
    """Writes a mixture; reading it gives the same numbers, bit for bit.

    Raises:
      OSError: if it cannot be written.
    """
    content = {
        "version": _VERSION,
        "checkpoint": mixture.checkpoint,
        "num_examples": mixture.num_examples,
        "weights": _as_lists(mixture.weights),
        "means": _as_lists(mixture.means),
        "factors": _as_lists(mixture.factors),
    }
    with written_atomically(path) as temporary:
        temporary.write_text(json.dumps(content) + "\n", encoding="utf-8")


def read_latent_mixture(path: pathlib.Path, latent_dim: int) -> LatentMixture | None:
    """Reads a mixture.

    Args:
      path: its file.
      latent_dim: the number of values of the model's z.

    Returns:
      The mixture; None if there is none, or one of another version of the format.

    Raises:
      UserError: if it is damaged, exceeds its limits, or is of another latent space.
    """
    try:
        content = read_json(path, _LARGEST_FILE)
        return _mixture(content, latent_dim) if content.get("version") == _VERSION else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UserError(
            "The mixture of a run must be as bin/evaluate wrote it",
            f"{path}: {error}",
            "delete the file; bin/evaluate fits the mixture again",
        ) from error


def _mixture(content: Mapping[str, Any], latent_dim: int) -> LatentMixture:
    number, checkpoint = origin_in(content)
    weights = content.get("weights")
    components = len(weights) if isinstance(weights, list) else 0
    if not 1 <= components <= _MOST_COMPONENTS:
        raise ValueError(f"{components} weights, not 1 to {_MOST_COMPONENTS}")
    shapes = {
        "weights": (components,),
        "means": (components, latent_dim),
        "factors": (components, latent_dim, latent_dim),
    }
    arrays = {name: array_of_lists(name, content.get(name), x) for name, x in shapes.items()}
    return LatentMixture(**arrays, num_examples=number, checkpoint=checkpoint)


def _as_lists(values: np.ndarray) -> Any:
    """Turns an array into lists of numbers of nine digits, which tell float32 numbers apart."""
    if values.ndim:
        return [_as_lists(x) for x in values]
    return float(f"{values:.9g}")
