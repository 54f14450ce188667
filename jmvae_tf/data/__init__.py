"""The data sets: one module each, with a function `load`, and the pipelines that feed them.

Nothing here needs TensorFlow until a data set is asked for: some modules of this package do not.
"""

import importlib
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jmvae_tf.runtime.errors import UserError

if TYPE_CHECKING:
    from jmvae_tf.data.data_set import DataSet
    from jmvae_tf.modalities import Modality

DATA_SETS = {
    "mnist": "jmvae_tf.data.mnist",
    "celeba": "jmvae_tf.data.celeba.loading",
    "digits": "jmvae_tf.data.digits",
    "toyfaces": "jmvae_tf.data.toyfaces.loading",
}
"""The data sets, each with the module that loads it: a name is data, and imports nothing else."""

SPLITS = {
    "mnist": ("paper", "authors"),
    "celeba": ("paper", "official"),
    "digits": ("paper",),
    "toyfaces": ("paper",),
}
"""How each data set can be divided."""

_FEWEST_TESTED = 2  # A standard error needs two.


def check_split(name: str, split: str) -> None:
    """Raises UserError if a data set cannot be divided in that way."""
    if split not in SPLITS[name]:
        raise UserError(
            f"The --split of {name} must be {' or '.join(SPLITS[name])}",
            f"--split={split}",
            "choose one of them" if len(SPLITS[name]) > 1 else "leave --split out",
        )


def modalities(name: str, options: Mapping[str, Any]) -> "dict[str, Modality]":
    """The modalities of a data set, known without its files.

    Args:
      name: one of `SPLITS`.
      options: those of `load`.

    Raises:
      ValueError: for another name.
    """
    sizes = {"image_size": options["image_size"]} if "image_size" in options else {}
    return _module(name).modalities(**sizes)


def load(name: str, data_dir: pathlib.Path, options: Mapping[str, Any]) -> "DataSet":
    """Loads a data set.

    Args:
      name: one of `SPLITS`.
      data_dir: where files lie or go; embedded data ignores it.
      options: what the module's `load` takes, such as its split.

    Returns:
      The data set, whole.

    Raises:
      ValueError: for another name.
      UserError: if its files are missing or damaged, or nothing is left to train or to test on.
    """
    data = _module(name).load(data_dir, **options)
    for part, fewest in (("train", 1), ("test", _FEWEST_TESTED)):
        number = data.num_examples(part)
        if number < fewest:
            raise UserError(
                f"The {part} part of {name} must have at least {fewest} "
                + ("example" if fewest == 1 else "examples"),
                f"{number} by --split={options['split']} of the data in {data_dir}",
                "choose another --split, or add data",
            )
    return data


def _module(name: str) -> Any:
    if name not in DATA_SETS:
        raise ValueError(f"A data set is one of {', '.join(DATA_SETS)}. Received: {name!r}")
    return importlib.import_module(DATA_SETS[name])
