"""Checks an untrusted .keras file and limits what it can make Keras do."""

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

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"  # Keras's names in a .keras file.
_LARGEST_CONFIG = 1 << 24  # Bytes; the papers' models have about 10,000.
_LARGEST_FILE = 1 << 32
_LONGEST_TEXT, _MOST_VALUES = 1000, 100_000  # In a configuration.
_MOST = {"modalities": 100, "num_layers": 100}  # Each takes time but has few weights.
_ALWAYS_READ, _MOST_EXPANSION = 1 << 26, 20
"""Limits in bytes and in multiples of the file's size; Keras does not compress its files."""


@contextlib.contextmanager
def limited_variables(most: int) -> Iterator[None]:
    """Refuses variables that a file cannot have values for, before they use memory.

    Args:
      most: how many numbers they may have in total.
    """
    left = most

    def creator(next_creator: Any, **options: Any) -> Any:
        nonlocal left
        value = options["initial_value"]
        if callable(value):
            with tf.Graph().as_default():  # In a graph it has a shape but is not computed.
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
      registered_name: the name under which its model's class is registered with Keras; "" if none.
      most_weights: the most numbers that its model may have.
    """

    registered_name: str
    most_weights: int


def checked_file(path: pathlib.Path) -> CheckedFile:
    """Inspects a .keras file before Keras loads it.

    Raises:
      ValueError: if the file is missing or damaged, unpacks to far more than its size, or describes
        networks whose weights it cannot contain.
    """
    if not path.is_file():  # Reading a pipe would wait.
        raise ValueError("missing, or not a file")
    size = path.stat().st_size
    if size > _LARGEST_FILE:
        raise ValueError(f"{size} bytes, above the limit of {_LARGEST_FILE}")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_expansion(sum(entry.file_size for entry in entries), size)
            if archive.getinfo(_CONFIG).file_size > _LARGEST_CONFIG:
                raise ValueError(f"{_CONFIG} has more than {_LARGEST_CONFIG} bytes")
            config = json.loads(archive.read(_CONFIG))
            weights = archive.read(_WEIGHTS)
        with h5py.File(io.BytesIO(weights), "r") as file:
            sizes: list[int] = []
            file.visititems(lambda _, item: sizes.append(_num_bytes(item)))
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError) as error:
        raise ValueError(f"damaged: {error}") from error
    except (NotImplementedError, RuntimeError) as error:  # Encrypted files, deeply nested objects.
        raise ValueError(f"not a file that Keras wrote: {error}") from error
    _check_expansion(sum(sizes), len(weights))
    _check_config(config, len(weights) // 4)
    name = config.get("registered_name") if isinstance(config, dict) else None
    most = max(len(weights), _ALWAYS_READ) // 4
    return CheckedFile(name if isinstance(name, str) else "", most)


def _check_config(config: Any, num_weights: int) -> None:
    """Refuses networks that are too large for the file, before they use time and memory.

    Args:
      config: the model's configuration from the file.
      num_weights: the most numbers that the file may hold. Each unit of a layer has at least one.

    Raises:
      ValueError: if a network is too large.
    """
    left: list[tuple[str, Any]] = [("", config)]
    for _ in range(_MOST_VALUES):
        if not left:
            return
        key, value = left.pop()
        sizes: list[int] = []
        number = len(value) if isinstance(value, dict) else value
        if key in _MOST and isinstance(number, int) and number > _MOST[key]:
            raise ValueError(f"{key} of {number} in {_CONFIG}, above the limit of {_MOST[key]}")
        if isinstance(value, dict):
            left.extend(value.items())
        elif isinstance(value, list):
            left.extend((key, x) for x in value)
        elif isinstance(value, str):
            if len(value) > _LONGEST_TEXT:
                raise ValueError(f"a text of {len(value)} characters in {_CONFIG}")
            if key != "value_names":
                sizes = [int(x) for x in re.findall(r"(?<=[DCK])[0-9]+", value)]
        elif key in ("latent_dim", "units", "filters") and isinstance(value, int):
            sizes = [value]
        if any(size > num_weights for size in sizes):
            raise ValueError(f"a layer of {max(sizes)} units in {_CONFIG}, more than its weights")
    raise ValueError(f"more than {_MOST_VALUES} values in {_CONFIG}")


def _num_bytes(item: h5py.Dataset | h5py.Group) -> int:
    """Returns the size that a dataset declares; its data may be missing."""
    if not isinstance(item, h5py.Dataset) or item.shape is None:
        return 0
    return math.prod(item.shape) * item.dtype.itemsize


def _check_expansion(held: int, size: int) -> None:
    if held > max(_ALWAYS_READ, _MOST_EXPANSION * size):
        raise ValueError(f"{size} bytes that unpack to {held}, above the limit")
