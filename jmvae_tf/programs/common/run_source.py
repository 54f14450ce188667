"""Where the data of a trained run are; needs no TensorFlow, so that programs ask at once."""

import pathlib

from absl import flags

from jmvae_tf.data.own.data_source import DataSource, data_source_of
from jmvae_tf.programs.common.chosen_run import ChosenRun
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.training import local_file


def source_of_run(run: ChosenRun, given: str | None) -> DataSource:
    """Returns the data of a run.

    Args:
      run: the run.
      given: the value of --data; None for what the run's `config.json` and `local.json` say.

    Raises:
      UserError: if it does not say where its own data are, or they are of another kind.
    """
    settings, folder = run.settings, run.folder
    if settings.manifest is None:
        if given not in (None, settings.data):
            raise UserError(
                "A run is measured on its own kind of data",
                f"--data={given} for {settings.data}",
                "leave --data out",
            )
        return data_source_of(settings.data)
    last = given or local_file.read_source(folder.path)
    source = data_source_of(last or ".")
    if last is None or (given is None and source.kind == "function"):
        raise UserError(
            "The data of a run on your own data must be named",
            f"{folder.path}, " + ("whose data are Python code" if last else "without them"),
            f"add --data={last or 'PATH'}",
        )
    return source


def data_dir_of_run(folder: pathlib.Path, flag: flags.FlagHolder) -> pathlib.Path:
    """Returns the folder of the data: that of --data_dir, or where the run had them.

    Prints it if the user did not give it and it is not the usual folder.

    Args:
      folder: the folder of the run, which may not exist yet.
      flag: --data_dir.

    Raises:
      UserError: if `local.json` is damaged.
    """
    recorded = None if flag.present else local_file.read_data_dir(folder)
    usual = pathlib.Path(flag.value)
    if recorded is None or recorded == usual.resolve():
        return usual
    print(f"data in {recorded}, as when it was trained; --data_dir names another folder")
    return recorded
