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
_DATA = "data"


def write_source(folder: pathlib.Path, source: DataSource) -> None:
    """Writes where a run has its data from, as a value of --data with an absolute path."""
    given = source.given
    if source.path is not None:
        function = f":{source.function}" if source.function else ""
        given = f"{source.path.resolve()}{function}"
    write_json(folder / LOCAL_FILE, {_DATA: given})


def read_source(folder: pathlib.Path) -> str | None:
    """Reads the value of --data of a run; None if the file is missing.

    Raises:
      UserError: if it is damaged.
    """
    path = folder / LOCAL_FILE
    if not path.is_file():
        return None
    try:
        data = read_json(path, _LARGEST).get(_DATA)
        if not isinstance(data, str) or not data or not data.isprintable():
            raise ValueError(f"its {_DATA!r} is no text of one line")
    except ValueError as error:
        raise UserError(
            "The local.json of a run must name its data",
            f"{path}: {error}",
            "delete the file, and name the data with --data",
        ) from error
    return data
