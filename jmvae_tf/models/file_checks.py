"""Checks of a .keras file that may be anybody's, with limits on what it can make Keras do."""

import contextlib
import io
import json
import math
import pathlib
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import h5py
import tensorflow as tf

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"  # Of a .keras file, as Keras calls them.
_LARGEST_CONFIG = 1 << 24  # Bytes; those of the papers' models have some 10,000.
_LARGEST_FILE = 1 << 32
_LONGEST_TEXT, _MOST_VALUES = 1000, 100_000  # In a configuration.
_MOST = {"modalities": 100, "num_layers": 100}  # Each takes time, and few weights.
_ALWAYS_READ, _MOST_EXPANSION = 1 << 26, 20
"""A file may unpack to so many bytes, or so many times its size; Keras compresses nothing."""


@contextlib.contextmanager
def limited_variables(most: int) -> Iterator[None]:
    """Refuses variables that a file can have no values for, before they take memory.

    Args:
      most: numbers that they may have, all together.
    """
    left = most

    def creator(next_creator: Any, **options: Any) -> Any:
        nonlocal left
        value = options["initial_value"]
        if callable(value):
            with tf.Graph().as_default():  # Where it has a shape, and is not computed.
                value = value()
        left -= math.prod(value.shape)
        if left < 0:
            raise ValueError(f"networks of more than the {most} weights that the file may hold")
        return next_creator(**options)

    with tf.variable_creator_scope(creator):
        yield


class CheckedFile(NamedTuple):
    """Facts that a .keras file states about its model.

    Attributes:
      registered_name: of the class of its model, as Keras knows it; "" for none.
      most_weights: how many numbers its model may have.
    """

    registered_name: str
    most_weights: int


def checked_file(path: pathlib.Path) -> CheckedFile:
    """Looks into a .keras file before Keras acts on what it says.

    Raises:
      ValueError: if the file is not there or damaged, holds far more than its size, or describes
        networks that it cannot have the weights of.
    """
    if not path.is_file():  # A pipe would be waited for.
        raise ValueError("not there, or no file")
    size = path.stat().st_size
    if size > _LARGEST_FILE:
        raise ValueError(f"{size} bytes, more than the {_LARGEST_FILE} that are read")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_expansion(sum(entry.file_size for entry in entries), size)
            if archive.getinfo(_CONFIG).file_size > _LARGEST_CONFIG:
                raise ValueError(f"{_CONFIG} has more than the {_LARGEST_CONFIG} bytes read of it")
            config = json.loads(archive.read(_CONFIG))
            weights = archive.read(_WEIGHTS)
        with h5py.File(io.BytesIO(weights), "r") as file:
            sizes: list[int] = []
            file.visititems(lambda _, item: sizes.append(_num_bytes(item)))
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError) as error:
        raise ValueError(f"damaged: {error}") from error
    except (NotImplementedError, RuntimeError) as error:  # Such as encryption, or deep objects.
        raise ValueError(f"not as Keras writes it: {error}") from error
    _check_expansion(sum(sizes), len(weights))
    _check_config(config, len(weights) // 4)
    name = config.get("registered_name") if isinstance(config, dict) else None
    most = max(len(weights), _ALWAYS_READ) // 4
    return CheckedFile(name if isinstance(name, str) else "", most)


def _check_config(config: Any, num_weights: int) -> None:
    """Refuses networks too large to be those of the file, before they take time and memory.

    Args:
      config: what the file says of its model.
      num_weights: the most numbers that the file may hold; each unit of a layer has one at least.

    Raises:
      ValueError: if there is one.
    """
    left: list[tuple[str, Any]] = [("", config)]
    for _ in range(_MOST_VALUES):
        if not left:
            return
        key, value = left.pop()
        sizes: list[int] = []
        number = len(value) if isinstance(value, dict) else value
        if key in _MOST and isinstance(number, int) and number > _MOST[key]:
            raise ValueError(f"{key} of {number} in {_CONFIG}, more than {_MOST[key]}")
        if isinstance(value, dict):
            left.extend(value.items())
        elif isinstance(value, list):
            left.extend((key, x) for x in value)
        elif isinstance(value, str):
            if len(value) > _LONGEST_TEXT:
                raise ValueError(f"a text of {len(value)} characters in {_CONFIG}")
            if key != "value_names":
                sizes = [int(x) for x in re.findall(r"(?<=[DC])[0-9]+", value)]
        elif key in ("latent_dim", "units", "filters") and isinstance(value, int):
            sizes = [value]
        if any(size > num_weights for size in sizes):
            raise ValueError(f"a layer of {max(sizes)} units in {_CONFIG}, more than there are")
    raise ValueError(f"more than {_MOST_VALUES} values in {_CONFIG}")


def _num_bytes(item: h5py.Dataset | h5py.Group) -> int:
    """The size that a dataset claims; its data may be missing."""
    if not isinstance(item, h5py.Dataset) or item.shape is None:
        return 0
    return math.prod(item.shape) * item.dtype.itemsize


def _check_expansion(held: int, size: int) -> None:
    if held > max(_ALWAYS_READ, _MOST_EXPANSION * size):
        raise ValueError(f"{size} bytes that hold {held}, more than are read")
