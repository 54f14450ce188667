"""Loads a user's own data, wherever they come from."""

import pathlib

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.data.own import function_source, path_source, tfds_source
from jmvae_tf.data.own.data_source import DataSource
from jmvae_tf.data.own.manifest import Manifest
from jmvae_tf.data.own.report import describe_data
from jmvae_tf.data.registry import check_enough


def load_own(
    source: DataSource, data_dir: pathlib.Path, manifest: Manifest | None = None
) -> DataSet:
    """Loads the data that `--data` names, if they are none of the registry.

    Args:
      source: what `data_source_of` read.
      data_dir: the folder to download and prepare data in.
      manifest: what the modalities are, as an earlier run says; None for what `columns.json` says,
        or to infer them, and to print them; one without modalities to infer them in any case. A
        function says it itself.

    Returns:
      The data, with a resolved manifest.

    Raises:
      UserError: if the data cannot be read, or are too few.
    """
    if source.kind == "function" and source.path is not None:
        data = function_source.load(source.path, source.function, source.name)
        if manifest is None:
            print(describe_data(data, divided_by="the function"))
    elif source.kind == "path" and source.path is not None:
        data = path_source.load(source.path, data_dir, manifest)
    else:
        data = tfds_source.load(source.builder, source.name, data_dir, manifest)
    check_enough(data, f"in {source.given}", "add data")
    return data
