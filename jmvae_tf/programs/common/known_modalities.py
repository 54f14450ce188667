"""The modalities of a run, known before TensorFlow is loaded."""

import os
import pathlib
import stat
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jmvae_tf.export_format.modalities_json import (
    DescribedModality,
    read_description,
    write_description,
)
from jmvae_tf.models.registry import MODELS
from jmvae_tf.programs.common import values_by_name
from jmvae_tf.programs.common.chosen_run import ChosenRun
from jmvae_tf.programs.common.given_flags import GivenFlags
from jmvae_tf.programs.common.given_values import values_given
from jmvae_tf.runtime.errors import UserError, closest_name

if TYPE_CHECKING:
    from jmvae_tf.modalities import Modality

_IMAGE_STARTS = (b"\x89PNG", b"\xff\xd8\xff")


def write_modalities_of_run(folder: pathlib.Path, modalities: "Mapping[str, Modality]") -> None:
    """Writes what `check_given` needs to the folder of a run."""
    write_description(
        _file_in(folder),
        {
            name: DescribedModality(name, x.event_shape, x.support, x.kind, x.value_names, None)
            for name, x in modalities.items()
        },
    )


def check_given(run: ChosenRun, given: GivenFlags, changes: Sequence[str] = ()) -> None:
    """Finds mistakes in what a user gives to the model of a run, before TensorFlow is loaded.

    It finds none if the run was made by an older version, or its description is damaged; then they
    are found once the model is loaded.

    Args:
      run: the run.
      given: the flags that give modalities.
      changes: the values of --set.

    Raises:
      UserError: if an image file is missing, or a name or a value is not one of the model's.
    """
    try:
        modalities = read_description(_file_in(run.folder.path))
    except (OSError, ValueError):
        return
    if MODELS[run.settings.model].modalities == "target":
        modalities = {name: x for name, x in modalities.items() if name == run.settings.target}
    for path in given.paths(modalities).values():
        _check_image_file(path)
    values_given(given, modalities)
    if changes:
        values_by_name.parse("set", changes, modalities)


def _file_in(folder: pathlib.Path) -> pathlib.Path:
    return folder / "modalities.json"


def _check_image_file(path: pathlib.Path) -> None:
    """Checks that a file is there and begins like an image; a pipe is not read."""
    try:
        if stat.S_ISREG(os.stat(path).st_mode):
            with open(path, "rb") as file:
                start = file.read(4)
        elif path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        else:
            return
    except OSError as error:
        near = None
        if path.parent.is_dir() and not path.exists():
            near = closest_name(path.name, [x.name for x in path.parent.iterdir() if x.is_file()])
        raise UserError(
            "An image file must be readable",
            f"{path}: {error.strerror}",
            f"did you mean {path.parent / near}?" if near else "name a JPEG or PNG file",
        ) from error
    if not start.startswith(_IMAGE_STARTS):
        raise UserError(
            "An image file must be a JPEG or PNG",
            f"{path}, neither a JPEG nor a PNG",
            "convert it",
        )
