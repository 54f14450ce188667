"""The data sets: one module each, with a function `load`, and the pipelines that feed them."""

import importlib
import pathlib

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.modalities import Modality


def modalities(name: str) -> dict[str, Modality]:
    """The modalities of a data set, known without its files.

    Args:
      name: of a module of this package.
    """
    return importlib.import_module(f"{__name__}.{name}").modalities()


def load(name: str, data_dir: pathlib.Path, split: str) -> DataSet:
    """Loads a data set.

    Args:
      name: of a module of this package.
      data_dir: where files lie or go; embedded data ignores it.
      split: "paper", or another that the data set knows.

    Returns:
      The data set, whole.

    Raises:
      UserError: if its files are missing or damaged.
    """
    return importlib.import_module(f"{__name__}.{name}").load(data_dir, split)
