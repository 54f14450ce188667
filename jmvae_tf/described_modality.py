"""What an exported model says of its modalities, for clients that have nothing else of it."""

import dataclasses
import math
import pathlib

from jmvae_tf import yes_and_no
from jmvae_tf.errors import UserError
from jmvae_tf.files import read_json


@dataclasses.dataclass(frozen=True)
class DescribedModality:
    """A modality as `assets/modalities.json` has it.

    Attributes:
      name: what it is called in signatures.
      event_shape: the shape of one example.
      support: the lowest and the highest value that it may hold.
      shown_as: "image", "label", "attributes" or "vector".
      value_names: of its values, in order; empty for none.
      means: of attributes in the training set, in order; None of others.
    """

    name: str
    event_shape: tuple[int, ...]
    support: tuple[float, float]
    shown_as: str
    value_names: tuple[str, ...]
    means: tuple[float, ...] | None

    @property
    def threshold(self) -> float:
        """Of attributes: a value above it means yes."""
        return yes_and_no.threshold(self.support)

    @property
    def no_and_yes(self) -> tuple[float, float]:
        """Of attributes: the values that mean no and yes for certain."""
        return yes_and_no.no_and_yes(self.support)


def newest_version(folder: pathlib.Path) -> pathlib.Path:
    """The folder of a SavedModel: the one given, or its newest version.

    Raises:
      UserError: if there is none.
    """
    if (folder / "saved_model.pb").is_file():
        return folder
    versions = [path for path in folder.glob("*") if path.name.isdecimal() and path.is_dir()]
    if not versions:
        raise UserError(
            "A SavedModel or the folder above its versions must be named",
            f"{folder}, which is neither",
            "name one below saved_models/, or export a run with bin/export",
        )
    return max(versions, key=lambda path: int(path.name))


def read_modalities(version: pathlib.Path) -> dict[str, DescribedModality]:
    """The modalities of an exported model by name.

    Args:
      version: its folder.

    Raises:
      UserError: if the description is missing or damaged.
    """
    path = version / "assets" / "modalities.json"
    try:
        return {
            name: DescribedModality(
                name=name,
                event_shape=tuple(described["shape"]),
                support=_support(*described["range"]),
                shown_as=described["shown_as"],
                value_names=tuple(described["value_names"]),
                means=described["means"] and tuple(described["means"]),
            )
            for name, described in read_json(path).items()
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            "A SavedModel of this package describes its modalities",
            f"{path}: {error}",
            "export the model again with bin/export",
        ) from error


def _support(low: float | None, high: float | None) -> tuple[float, float]:
    return (-math.inf if low is None else low, math.inf if high is None else high)
