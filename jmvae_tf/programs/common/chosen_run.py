"""The run that a program is about, and the checkpoint of it that it uses."""

import pathlib
from typing import NamedTuple

from jmvae_tf.settings import Settings
from jmvae_tf.training.run_folder import RunFolder, run_name


class ChosenRun(NamedTuple):
    """A run that has been trained.

    Attributes:
      folder: of the run.
      settings: of its `config.json`.
      checkpoint: the file of its weights that is used.
    """

    folder: RunFolder
    settings: Settings
    checkpoint: pathlib.Path


def choose_run(run: str, checkpoint: str) -> ChosenRun:
    """Reads which settings and which checkpoint a run has.

    Args:
      run: its folder.
      checkpoint: "newest", "best" or a file.

    Raises:
      UserError: if there is no such run, or no such checkpoint.
    """
    folder = RunFolder(pathlib.Path(run))
    settings = folder.read_settings()
    return ChosenRun(folder, settings, folder.choose_checkpoint(checkpoint))


def default_run(data: str, model: str, target: str | None = None) -> pathlib.Path:
    """Where a run lies if the user does not choose."""
    return pathlib.Path("runs") / run_name(data, model, target)


def export_folder(export_dir: str, settings: Settings) -> pathlib.Path:
    """Where the versions of a model on a data set lie."""
    return pathlib.Path(export_dir) / run_name(settings.data, settings.model, settings.target)
