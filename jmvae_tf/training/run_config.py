"""The file `config.json` of a run: its settings, the shapes of its data, package versions."""

import pathlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jmvae_tf.runtime.errors import UserError, closest_name
from jmvae_tf.runtime.files import read_json, write_json
from jmvae_tf.runtime.version import installed_versions
from jmvae_tf.settings import Settings

if TYPE_CHECKING:
    from jmvae_tf.modalities import Modality

LARGEST_FILE = 1 << 24
"""Bytes."""

_VERSIONS, _SHAPES, _FINGERPRINT = "versions", "modalities", "fingerprint"  # Besides the settings.
_BESIDE = (_VERSIONS, _SHAPES, _FINGERPRINT)
_A_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_MOST_NAMED = 5  # Runs in a message.
_MOST_MODALITIES, _MOST_AXES, _LONGEST_AXIS = 100, 8, 2**24


def write_run_config(
    path: pathlib.Path,
    settings: Settings,
    modalities: Mapping[str, "Modality"] | None,
    fingerprint: str | None = None,
) -> None:
    """Writes the file.

    Args:
      path: path of the file.
      settings: the run's settings.
      modalities: modalities of the training data; None to record none.
      fingerprint: the fingerprint of a user's own data; None to record none.

    Raises:
      OSError: if it cannot be written.
    """
    config = {**settings.to_config(), _VERSIONS: installed_versions()}
    if modalities is not None:
        config[_SHAPES] = {name: list(x.event_shape) for name, x in modalities.items()}
    if fingerprint is not None:
        config[_FINGERPRINT] = fingerprint
    write_json(path, config)


def is_run_config(path: pathlib.Path) -> bool:
    """Tells whether a run of this package wrote the file."""
    try:
        return _is_of_a_run(read_json(path, LARGEST_FILE))
    except (OSError, ValueError):
        return False


def read_run_config(path: pathlib.Path) -> dict[str, Any]:
    """Reads the content of the file.

    Raises:
      UserError: if it is missing or cannot be read, or no run wrote it.
    """
    if not path.is_file():
        raise UserError(
            "A run folder holds a config.json", f"{path.parent}, which does not", _runs_beside(path)
        )
    try:
        config = read_json(path, LARGEST_FILE)
    except ValueError as error:
        raise UserError(
            "The config.json of a run must be a JSON object",
            f"{path}: {error}",
            "restore the file, or choose another --run",
        ) from error
    if not _is_of_a_run(config):
        raise UserError(
            "The config.json of a run must say which version of jmvae_tf wrote it",
            f"{path}, which does not",
            "name the folder of a run of bin/train with --run",
        )
    return config


def _runs_beside(path: pathlib.Path) -> str:
    """Returns the remedy for a folder without a run: a run that is near, or how to make one."""
    folder = path.parent
    if (folder / "saved_model.pb").is_file() or (folder / "1" / "saved_model.pb").is_file():
        return "this is a SavedModel; name the run that it was exported from with --run"
    for place in (folder, folder.parent):
        names = [x.name for x in _folders_in(place) if (x / path.name).is_file()]
        near = closest_name(folder.name, names) or (names[0] if len(names) == 1 else None)
        if near:
            return f"did you mean --run={place / near}?"
        if names:
            some = ", ".join(sorted(names)[:_MOST_NAMED])
            return f"name the folder of a run with --run; in {place} are {some}"
    return "name the folder of a run with --run, or make one with bin/train"


def _folders_in(folder: pathlib.Path) -> list[pathlib.Path]:
    try:
        return [x for x in folder.iterdir() if x.is_dir()]
    except OSError:
        return []


def read_run_settings(path: pathlib.Path) -> Settings:
    """Reads the settings that the run was started with.

    Raises:
      UserError: as for `read_run_config`, or if they are not settings of this version.
    """
    config = read_run_config(path)
    try:
        return Settings.from_config({name: x for name, x in config.items() if name not in _BESIDE})
    except UserError as error:
        raise UserError(
            "The config.json of a run must be of this version",
            f"{path}: {error}",
            "restore the file, or train again with --overwrite",
        ) from error


def read_versions(path: pathlib.Path) -> dict[str, str]:
    """Reads the versions of the packages that the run was started with; package to version.

    Raises:
      UserError: as for `read_run_config`.
    """
    versions = read_run_config(path)[_VERSIONS]
    return {package: x for package, x in versions.items() if isinstance(x, str)}


def read_event_shapes(path: pathlib.Path) -> dict[str, tuple[int, ...]] | None:
    """Reads the shape of every modality of the data that the run was started with.

    Returns:
      Name to event shape; None if they are not recorded, and version 0.3.0 did not have the data.

    Raises:
      UserError: as for `read_run_settings`, or if they are not shapes.
    """
    recorded = read_run_config(path).get(_SHAPES)
    if recorded is None:
        return _shapes_of_version_0_3(read_run_settings(path))
    if not (
        isinstance(recorded, dict)
        and len(recorded) <= _MOST_MODALITIES
        and all(map(_is_shape, recorded.values()))
    ):
        raise UserError(
            f"{_SHAPES} in the config.json of a run must map names to shapes",
            path,
            "restore the file, or train again with --overwrite",
        )
    return {name: tuple(shape) for name, shape in recorded.items()}


def read_fingerprint(path: pathlib.Path) -> str | None:
    """Reads the fingerprint of the user's own data that the run was started with; None if none.

    Raises:
      UserError: as for `read_run_config`, or if it is no text.
    """
    fingerprint = read_run_config(path).get(_FINGERPRINT)
    if fingerprint is not None and not (
        isinstance(fingerprint, str) and _A_FINGERPRINT.fullmatch(fingerprint)
    ):
        raise UserError(
            f"The {_FINGERPRINT} in the config.json of a run must be 16 hexadecimal digits",
            path,
            "restore the file, or train again with --overwrite",
        )
    return fingerprint


def _shapes_of_version_0_3(settings: Settings) -> dict[str, tuple[int, ...]] | None:
    """Returns the shapes of the data of version 0.3.0, whose runs did not record them."""
    side = settings.image_size or 0
    return {
        "mnist": {"image": (28, 28, 1), "label": (10,)},
        "digits": {"image": (8, 8, 1), "label": (10,)},
        "celeba": {"image": (side, side, 3), "attributes": (40,)},
        "toyfaces": {"image": (64, 64, 3), "attributes": (18,)},
    }.get(settings.data)


def _is_of_a_run(config: Mapping[str, Any]) -> bool:
    written_by = config.get(_VERSIONS)
    return isinstance(written_by, dict) and isinstance(written_by.get("jmvae_tf"), str)


def _is_shape(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= _MOST_AXES
        and all(type(x) is int and 0 < x <= _LONGEST_AXIS for x in value)
    )
