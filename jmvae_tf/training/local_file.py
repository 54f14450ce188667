"""The file `local.json` of a run: where its data are on this machine; needs no TensorFlow.

It is not part of `config.json`, which goes wherever the run goes.
"""

import pathlib

from jmvae_tf.data.own.data_source import DataSource
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json, write_json

LOCAL_FILE = "local.json"
"""Its name in the folder of a run."""

_LARGEST = 1 << 16  # Bytes.
_DATA, _DATA_DIR = "data", "data_dir"


def write_source(
    folder: pathlib.Path, source: DataSource, data_dir: pathlib.Path | None = None
) -> None:
    """Writes where a run has its data from, as a value of --data with an absolute path.

    Args:
      folder: the folder of the run.
      source: where the data come from.
      data_dir: the folder that they lie in or are prepared in; recorded if it exists.
    """
    given = source.given
    if source.path is not None:
        function = f":{source.function}" if source.function else ""
        given = f"{source.path.resolve()}{function}"
    where = {_DATA_DIR: str(data_dir.resolve())} if data_dir and data_dir.is_dir() else {}
    write_json(folder / LOCAL_FILE, {_DATA: given, **where})


def read_source(folder: pathlib.Path) -> str | None:
    """Reads the value of --data of a run; None if the file is missing.

    Raises:
      UserError: if it is damaged.
    """
    return _read(folder, _DATA)


def read_data_dir(folder: pathlib.Path) -> pathlib.Path | None:
    """Reads the folder that a run's data lie in; None if none is recorded, or it is gone.

    Raises:
      UserError: if the file is damaged.
    """
    recorded = _read(folder, _DATA_DIR)
    path = None if recorded is None else pathlib.Path(recorded)
    return path if path and path.is_absolute() and path.is_dir() else None


def _read(folder: pathlib.Path, key: str) -> str | None:
    path = folder / LOCAL_FILE
    if not path.is_file():
        return None
    try:
        content = read_json(path, _LARGEST)
        if key == _DATA_DIR and key not in content:
            return None
        value = content.get(key)
        if not isinstance(value, str) or not value or not value.isprintable():
            raise ValueError(f"its {key!r} is no text of one line")
    except ValueError as error:
        raise UserError(
            "The local.json of a run must name its data",
            f"{path}: {error}",
            "delete the file, and name the data with --data",
        ) from error
    return value
