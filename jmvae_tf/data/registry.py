"""The data sets, one row each: the module that loads it, its options and its preset.

To add one, write a module with a function `load` and add a row to `DATA_SETS`. This module does not
import TensorFlow until a data set is loaded, so that programs can check their flags.
"""

import dataclasses
import importlib
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jmvae_tf.runtime.errors import UserError

if TYPE_CHECKING:
    from jmvae_tf.data.data_set import DataSet


@dataclasses.dataclass(frozen=True)
class RegisteredDataSet:
    """A row of the registry: facts about a data set that are known before it is loaded.

    Attributes:
      module: the module with a function `load(data_dir, **options)` that returns a `DataSet`.
      options: the options of `load`, each with its possible values. Each is also a setting of that
        name, and so a flag of `bin/train`.
      preset: the data set whose preset its runs start from; None for a preset of its own. Data that
        resemble another data set need no preset of their own.
    """

    module: str
    options: Mapping[str, tuple[Any, ...]] = dataclasses.field(
        default_factory=lambda: {"split": ("paper",)}
    )
    preset: str | None = None


_SPLITS_OF_MNIST = {"split": ("paper", "authors")}

DATA_SETS = {
    "mnist": RegisteredDataSet("jmvae_tf.data.mnist", _SPLITS_OF_MNIST),
    "mnist_words": RegisteredDataSet("jmvae_tf.data.mnist_words", _SPLITS_OF_MNIST),
    "polydigits": RegisteredDataSet(
        "jmvae_tf.data.polydigits.loading", {**_SPLITS_OF_MNIST, "translated": (False, True)}
    ),
    "celeba": RegisteredDataSet(
        "jmvae_tf.data.celeba.loading",
        {
            "split": ("paper", "official"),
            "image_size": (32, 64, 128),
            "crop": ("face", "center"),
        },
    ),
    "digits": RegisteredDataSet("jmvae_tf.data.digits"),
    "toyfaces": RegisteredDataSet("jmvae_tf.data.toyfaces.loading"),
}
"""The data sets, by their value of `--data`."""

_FEWEST_TESTED = 2  # A standard error needs two.


def check_options(name: str, options: Mapping[str, Any]) -> None:
    """Checks the options that a user chose for a data set.

    Args:
      name: one of `DATA_SETS`.
      options: all or some options of its `load`.

    Raises:
      ValueError: if the name is unknown or the data set does not have an option.
      UserError: if a value is not one of the option's choices.
    """
    registered = _registered(name)
    for option, value in options.items():
        if option not in registered.options:
            raise ValueError(
                f"The options of {name} are {', '.join(registered.options)}. Received: {option}"
            )
        choices = registered.options[option]
        if value not in choices:
            *first, last = map(str, choices)
            text = f"{', '.join(first)} or {last}" if first else last
            raise UserError(
                f"The --{option} of {name} must be {text}",
                f"--{option}={value}",
                "choose one of them" if first else f"leave --{option} out",
            )


def load(name: str, data_dir: pathlib.Path, options: Mapping[str, Any]) -> "DataSet":
    """Loads a data set.

    Args:
      name: one of `DATA_SETS`.
      data_dir: folder where files are or are downloaded to; embedded data ignore it.
      options: the options of the module's `load`, for example its split.

    Returns:
      The whole data set.

    Raises:
      ValueError: if the name is unknown or the data set does not have an option.
      UserError: if an option has an invalid value, files are missing or damaged, or too few
        examples are left to train or test on.
    """
    check_options(name, options)
    data = importlib.import_module(DATA_SETS[name].module).load(data_dir, **options)
    check_enough(
        data,
        f"by --split={options['split']} of the data in {data_dir}",
        "choose another --split, or add data",
    )
    return data


def check_enough(data: "DataSet", where: str, remedy: str) -> None:
    """Checks that there are examples to train and to test on.

    Args:
      data: the data set.
      where: says where they come from, for the message.
      remedy: what to do.

    Raises:
      UserError: if there is no training example, or fewer than two test examples.
    """
    for part, fewest in (("train", 1), ("test", _FEWEST_TESTED)):
        number = data.num_examples(part)
        if number < fewest:
            raise UserError(
                f"The {part} part of {data.name} must have at least {fewest} "
                + ("example" if fewest == 1 else "examples"),
                f"{number} {where}",
                remedy,
            )


def _registered(name: str) -> RegisteredDataSet:
    if name not in DATA_SETS:
        raise ValueError(f"A data set is one of {', '.join(DATA_SETS)}. Received: {name!r}")
    return DATA_SETS[name]
