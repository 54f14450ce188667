"""The data sets: one module each, with a function `load`, and the pipelines that feed them.

Nothing here needs TensorFlow until a data set is asked for: some modules of this package do not.
"""

import importlib
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jmvae_tf.data.data_set import DataSet
    from jmvae_tf.modalities import Modality


def modalities(name: str, options: Mapping[str, Any]) -> "dict[str, Modality]":
    """The modalities of a data set, known without its files.

    Args:
      name: of a module of this package.
      options: those of `load`.
    """
    module = importlib.import_module(f"{__name__}.{name}")
    sizes = {"image_size": options["image_size"]} if "image_size" in options else {}
    return module.modalities(**sizes)


def load(name: str, data_dir: pathlib.Path, options: Mapping[str, Any]) -> "DataSet":
    """Loads a data set.

    Args:
      name: of a module of this package.
      data_dir: where files lie or go; embedded data ignores it.
      options: what the module's `load` takes, such as its split.

    Returns:
      The data set, whole.

    Raises:
      UserError: if its files are missing or damaged.
    """
    return importlib.import_module(f"{__name__}.{name}").load(data_dir, **options)
