"""Prepares a user's own data, and says what they were taken for."""

import pathlib
import shlex
from collections.abc import Sequence

from jmvae_tf.data.own import path_source
from jmvae_tf.data.own.data_source import DataSource
from jmvae_tf.data.own.layout import MANIFEST
from jmvae_tf.data.own.loading import load_own
from jmvae_tf.data.own.manifest import Manifest
from jmvae_tf.programs.common.run_program import interrupted
from jmvae_tf.runtime.files import write_json


def prepare_data(
    source: DataSource,
    data_dir: pathlib.Path,
    *,
    num_processes: int,
    overwrite: bool,
    command: Sequence[str],
) -> None:
    """Prints what the data are taken for, prepares them, and writes their manifest.

    Args:
      source: where the data come from.
      data_dir: folder for what is prepared.
      num_processes: the number of processes.
      overwrite: whether to infer the manifest although there is one.
      command: the command that resumes an interrupted preparation.

    Raises:
      UserError: if the data cannot be read.
      KeyboardInterrupt: if a signal stopped the preparation.
    """
    if source.kind != "path" or source.path is None:
        again = Manifest(source.name, {}) if overwrite and source.kind == "tfds" else None
        load_own(source, data_dir, again)
        return
    folder = source.path if source.path.is_dir() else source.path.parent
    path = folder / MANIFEST
    has_one = path.is_file() and not overwrite
    given = None if has_one else Manifest(source.name, {})
    try:
        data = path_source.load(source.path, data_dir, given, num_processes, in_memory=False)
    except KeyboardInterrupt as interrupt:
        raise interrupted(
            interrupt, f"finished work is kept; resume with {shlex.join(command)}"
        ) from None
    print()
    if has_one:
        print(f"manifest:    {path}, which was followed")
        return
    try:
        write_json(path, data.manifest.to_json())
    except PermissionError as error:
        print(f"manifest:    not written to {path}: {error.strerror}")
        return
    print(f"manifest:    {path}; change it to decide otherwise")
