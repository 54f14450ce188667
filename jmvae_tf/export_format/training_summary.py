"""What an export says about its training data: a map of the latent space, and usual images.

`assets/training_summary.json` may be untrusted, like `modalities.json`. It is accepted only within
its limits. Exports without it are read too.
"""

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from jmvae_tf.export_format.latent_plane import LatentPlane
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json, written_atomically
from jmvae_tf.runtime.json_values import array_of_lists, origin_in

SUMMARY_FILE = "training_summary.json"
"""Its name, in the assets of an export and in the folder of a run."""

PERCENTILE = 99.9
"""The share of training examples that is not beyond a limit of `UsualImages`, in percent."""

_VERSION = 1  # Files of other versions are left alone.
_LARGEST_FILE = 2**25  # Bytes.
_MOST_POINTS = 10_000
_MOST_LATENT = 2**14
_LONGEST_NAME = 200
_FROM_UNIT = 0.01  # Most that products of rounded axes are from 0 or 1.


class SummarisedModality(Protocol):
    """A modality of a model, or one that an export describes."""

    @property
    def kind(self) -> str:
        """What it is, see `modalities.py`."""

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one example."""


Modalities = Mapping[str, SummarisedModality]


@dataclasses.dataclass(frozen=True)
class LatentMap:
    """A plane through the latent space, with training examples on it.

    Attributes:
      modality: the modality whose q(z|x) places the examples.
      plane: the plane in which training examples differ most, see `principal_plane`.
      z: the means of q(z|x) of training examples, float32 [points, latent].
      values: what is known of these examples. The name of a label to class numbers, int [points],
        -1 for unknown ones; the name of attributes to 1 for yes, 0 for no, -1 for unknown ones, int
        [points, attributes].
    """

    modality: str
    plane: LatentPlane
    z: np.ndarray
    values: Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class EncodedImages:
    """Training images of one modality as the model encodes them, and limits of 99.9 % of them.

    Attributes:
      z: the means of q(z|image) of some of them, float32 [points, latent].
      error: the limit of the mean squared error of an image's reconstruction, see `errors_of`.
      distance: the limit of the distance from the nearest of z, see `distances_of`.
    """

    z: np.ndarray
    error: float
    distance: float

    def are_near(self, z: np.ndarray, errors: np.ndarray) -> np.ndarray:
        """Tells which images are within both limits, bool [images].

        Args:
          z: their means of q(z|image), [images, latent].
          errors: their `errors_of`, [images].
        """
        return (errors <= self.error) & (distances_of(z, self.z) <= self.distance)


@dataclasses.dataclass(frozen=True)
class UsualImages:
    """What is usual of the training images of one modality.

    Attributes:
      border: the limit of 99.9 % of them of the brightness of their border, see `borders_of`.
      encoded: the images as the model encodes them; None if it encodes no image alone.
    """

    border: float
    encoded: EncodedImages | None


@dataclasses.dataclass(frozen=True)
class TrainingSummary:
    """What an export says about its training data.

    Attributes:
      num_examples: the number of training examples that it is made of.
      latent_map: the map; None if the model has none.
      images: the names of images to what is usual.
      checkpoint: the name of the weights that it was made with; empty if nobody said.
    """

    num_examples: int
    latent_map: LatentMap | None
    images: Mapping[str, UsualImages]
    checkpoint: str = ""


def borders_of(pixels: np.ndarray) -> np.ndarray:
    """Returns the mean of the outermost pixels of images, [images, height, width, channels]."""
    inside = np.zeros(pixels.shape[1:3], bool)
    inside[1:-1, 1:-1] = True
    return pixels[:, ~inside].mean(axis=(1, 2))


def errors_of(pixels: np.ndarray, reconstructed: np.ndarray) -> np.ndarray:
    """Returns the mean squared error of images, [images, ...] of values in [0, 1]; [images]."""
    return np.square(pixels - reconstructed).reshape(len(pixels), -1).mean(axis=1)


def distances_of(z: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns the distance of latent values, [examples, latent], from the nearest of others.

    Args:
      z: float32, [examples, latent].
      others: float32, [points, latent].

    Returns:
      Euclidean distances, [examples].
    """
    return np.array([np.sqrt(np.square(others - one).sum(axis=1).min()) for one in z])


def write_training_summary(path: pathlib.Path, summary: TrainingSummary) -> None:
    """Writes a summary, for example to `assets/training_summary.json` of an export.

    Raises:
      OSError: if it cannot be written.
    """
    latent_map = summary.latent_map
    encoded = {name: x.encoded for name, x in summary.images.items() if x.encoded}
    z = {name: x.z for name, x in encoded.items()}
    if latent_map:
        z[latent_map.modality] = latent_map.z
    content = {
        "version": _VERSION,
        "checkpoint": summary.checkpoint,
        "num_examples": summary.num_examples,
        "z": z,
        "latent_map": latent_map and _map_without_z(latent_map),
        "borders": {name: x.border for name, x in summary.images.items()},
        "limits": {name: {"error": x.error, "distance": x.distance} for name, x in encoded.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_atomically(path) as temporary:
        temporary.write_text(json.dumps(_as_lists(content)) + "\n", encoding="utf-8")


def _map_without_z(latent_map: LatentMap) -> dict[str, Any]:
    """Returns what a map holds but z, which the limits of images share."""
    return {
        "modality": latent_map.modality,
        **latent_map.plane._asdict(),
        "values": latent_map.values,
    }


def _as_lists(value: Any) -> Any:
    """Turns arrays into lists, and rounds numbers to four significant digits."""
    if isinstance(value, Mapping):
        return {name: _as_lists(x) for name, x in value.items()}
    if isinstance(value, np.ndarray):
        return [_as_lists(x) for x in value]
    if isinstance(value, float | np.floating):
        return float(f"{value:.4g}")
    return int(value) if isinstance(value, np.integer) else value


def read_training_summary(
    path: pathlib.Path, modalities: Modalities, latent_dim: int | None = None
) -> TrainingSummary | None:
    """Reads the summary of an export or of a run.

    Args:
      path: its file.
      modalities: those of the model.
      latent_dim: the number of values of the model's z; None if it is not known.

    Returns:
      The summary; None if there is none, or one of another version of the format.

    Raises:
      UserError: if it is damaged, exceeds its limits, or is of another model's modalities or z.
    """
    try:
        content = read_json(path, _LARGEST_FILE)
        if content.get("version") != _VERSION:
            return None
        return _summary(content, modalities, latent_dim)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UserError(
            "What a model says about its training data must be as bin/train wrote it",
            f"{path}: {error}",
            "export the model again with bin/export, or delete the file",
        ) from error


def _summary(
    content: Mapping[str, Any], modalities: Modalities, latent_dim: int | None
) -> TrainingSummary:
    number, checkpoint = origin_in(content)
    z = {
        name: _points(name, rows, modalities)
        for name, rows in _object("z", content.get("z")).items()
    }
    for name, points in z.items():
        if latent_dim not in (None, points.shape[1]):
            raise ValueError(f"{name} with {points.shape[1]} latent values, not {latent_dim}")
    limits = _object("limits", content.get("limits"))
    usual = {}
    for name, border in _object("borders", content.get("borders")).items():
        if name not in modalities or modalities[name].kind != "image":
            raise ValueError(f"{name[:_LONGEST_NAME]!r}, which is no image of the model")
        encoded = _encoded(_object(name, limits[name]), z.get(name)) if name in limits else None
        usual[name] = UsualImages(_positive(name, border), encoded)
    fields, latent_map = content.get("latent_map"), None
    if fields is not None:
        latent_map = _latent_map(_object("latent_map", fields), z, modalities)
    return TrainingSummary(number, latent_map, usual, checkpoint)


def _points(name: str, rows: Any, modalities: Modalities) -> np.ndarray:
    if name not in modalities:
        raise ValueError(f"{name[:_LONGEST_NAME]!r}, which is no modality of the model")
    number = len(rows) if isinstance(rows, list) else 0
    size = len(rows[0]) if number and isinstance(rows[0], list) else 0
    if not (1 <= number <= _MOST_POINTS and 1 <= size <= _MOST_LATENT):
        raise ValueError(f"{name} of {number} points with {size} latent values")
    return array_of_lists(name, rows, (number, size))


def _encoded(fields: Mapping[str, Any], z: np.ndarray | None) -> EncodedImages:
    if z is None:
        raise ValueError("limits of images without points")
    error, distance = (_positive(x, fields.get(x)) for x in ("error", "distance"))
    return EncodedImages(z, error, distance)


def _latent_map(
    fields: Mapping[str, Any], z: Mapping[str, np.ndarray], modalities: Modalities
) -> LatentMap:
    modality = fields.get("modality")
    if not isinstance(modality, str) or modality not in z:
        raise ValueError("a map without points")
    number, size = z[modality].shape
    values = {
        name: _values(name, rows, number, modalities.get(name))
        for name, rows in _object("values", fields.get("values")).items()
    }
    center = array_of_lists("center", fields.get("center"), (size,))
    axes = array_of_lists("axes", fields.get("axes"), (2, size))
    if not np.allclose(axes @ axes.T, np.diag([1.0, size > 1]), atol=_FROM_UNIT):
        raise ValueError("axes of a plane that are not of length 1 and at right angles")
    return LatentMap(modality, LatentPlane(center, axes), z[modality], values)


def _values(name: str, rows: Any, number: int, modality: SummarisedModality | None) -> np.ndarray:
    if modality is None or modality.kind not in ("label", "attributes"):
        raise ValueError(f"values of {name[:_LONGEST_NAME]!r}, neither a label nor attributes")
    [size] = modality.event_shape
    is_label = modality.kind == "label"
    values = array_of_lists(name, rows, (number,) if is_label else (number, size))
    if not np.isin(values, np.arange(-1, size if is_label else 2)).all():
        raise ValueError(f"{name} of points with values that it does not have")
    return values.astype(np.int64)


def _object(name: str, fields: Any) -> Mapping[str, Any]:
    if not isinstance(fields, dict):
        raise ValueError(f"{name[:_LONGEST_NAME]} is no object")
    return fields


def _positive(name: str, value: Any) -> float:
    number = float(array_of_lists(name, value, ()))
    if number < 0:
        raise ValueError(f"{name[:_LONGEST_NAME]} below 0")
    return number
