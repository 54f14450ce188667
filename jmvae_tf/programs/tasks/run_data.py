"""Loads the data of a run, of the registry or a user's own."""

import pathlib

from jmvae_tf.data import registry as data_sets
from jmvae_tf.data.data_set import PARTS, DataSet
from jmvae_tf.data.own.data_source import DataSource
from jmvae_tf.data.own.fingerprint import fingerprint_of
from jmvae_tf.data.own.incomplete import without_incomplete
from jmvae_tf.data.own.loading import load_own
from jmvae_tf.programs.common.chosen_run import ChosenRun
from jmvae_tf.programs.common.run_source import source_of_run
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.settings import Settings
from jmvae_tf.training import run_config
from jmvae_tf.training.run_folder import RunFolder


def load(
    source: DataSource,
    data_dir: pathlib.Path,
    settings: Settings | None,
    incomplete: str | None = None,
) -> DataSet:
    """Loads the data of a run.

    Args:
      source: where they come from.
      data_dir: folder of the data, or to download or prepare them in.
      settings: the run's settings; None for a new run on a user's own data.
      incomplete: what a new run does with incomplete rows, see `Settings`.

    Raises:
      UserError: if they cannot be read.
    """
    if settings is not None and settings.manifest is None:
        return data_sets.load(settings.data, data_dir, settings.data_options)
    data = load_own(source, data_dir, settings.manifest if settings else None)
    if (settings.incomplete if settings else incomplete) != "drop":
        return data
    data, lost = without_incomplete(data)
    print("incomplete rows left out: " + ", ".join(f"{lost[part]} for {part}" for part in PARTS))
    return data


def load_for(run: ChosenRun, given: str | None, data_dir: pathlib.Path) -> DataSet:
    """Loads the data of a trained run, to measure it on them.

    Prints a note if they are not the data that it was trained on.

    Args:
      run: the run.
      given: the value of --data; None for what the run's `config.json` and `local.json` say.
      data_dir: see `load`.

    Raises:
      UserError: if it does not say where its own data are, or they have other modalities.
    """
    settings, folder = run.settings, run.folder
    source = source_of_run(run, given)
    data = load(source, data_dir, settings)
    folder.check_modalities(data.modalities)
    recorded = run_config.read_fingerprint(folder.config_file)
    if recorded not in (None, fingerprint_to_record(data)):
        print(f"note: {source.given} are not the data that {folder.path} was trained on")
    return data


def check_same(folder: RunFolder, data: DataSet, fingerprint: str | None) -> None:
    """Raises UserError if a run was started on other data.

    Args:
      folder: the folder of the run.
      data: the data.
      fingerprint: what `fingerprint_to_record` returned for them.
    """
    folder.check_modalities(data.modalities)
    recorded = run_config.read_fingerprint(folder.config_file)
    if recorded not in (None, fingerprint):
        raise UserError(
            "--resume continues on the data that the run was started with",
            f"data with the fingerprint {fingerprint}, not {recorded}",
            "name those data with --data, or train another --run",
        )


def fingerprint_to_record(data: DataSet) -> str | None:
    """Returns the fingerprint of a user's own data; None for those of the registry."""
    return None if data.manifest is None else fingerprint_of(data)
