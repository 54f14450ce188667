"""The run and the checkpoint that a program uses."""

import pathlib
from typing import NamedTuple

from jmvae_tf.settings import Settings
from jmvae_tf.training.run_folder import RunFolder, run_name


class ChosenRun(NamedTuple):
    """A trained run.

    Attributes:
      folder: the run's folder.
      settings: the settings from its `config.json`.
      checkpoint: the file of weights to use.
    """

    folder: RunFolder
    settings: Settings
    checkpoint: pathlib.Path


def choose_run(run: str, checkpoint: str | None) -> ChosenRun:
    """Reads a run's settings and finds its checkpoint.

    Args:
      run: its folder.
      checkpoint: "newest", "best" or a file; None for the newest, or the best of a run with
        `patience`, if an epoch of it was evaluated before it was stopped.

    Raises:
      UserError: if there is no such run, or no such checkpoint.
    """
    folder = RunFolder(pathlib.Path(run))
    settings = folder.read_settings()
    usual = "best" if settings.patience and folder.best_checkpoint.is_file() else "newest"
    return ChosenRun(folder, settings, folder.choose_checkpoint(checkpoint or usual))


def default_run(data: str, model: str, target: str | None = None) -> pathlib.Path:
    """Returns the default folder of a run."""
    return pathlib.Path("runs") / run_name(data, model, target)


def export_folder(export_dir: str, settings: Settings) -> pathlib.Path:
    """Returns the folder above the versions of a model on a data set."""
    name = run_name(settings.data, settings.model, settings.target, settings.manifest)
    return pathlib.Path(export_dir) / name
