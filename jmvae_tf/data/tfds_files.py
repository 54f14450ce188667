"""Checks untrusted data sets on disk before TensorFlow Datasets reads them.

`features.json` names Python classes, and TFDS imports their modules.
"""

import contextlib
import pathlib
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json

_NETWORK_TIMEOUT = 5.0  # Seconds; TFDS itself would try for minutes.
_LONGEST = 2**24  # Bytes of a file that describes the data.
_MOST_VALUES = 10_000  # In features.json, including nested ones.
_DEEPEST = 50

_OWN_CLASS = re.compile(r"tensorflow_datasets\.core\.features(\.[A-Za-z]\w*)+")
# The name in TFDS, the name in protocol buffers, and the name in TFDS before it used those.
_CLASS_KEYS = ("pythonClassName", "python_class_name", "type")


def check_available(folder: pathlib.Path, name: str, url: str, remedy: str) -> None:
    """Checks a data set that TFDS is about to read, or to download if it is missing.

    Args:
      folder: folder of the data set; may be missing.
      name: name of the data set, for messages.
      url: address of one of its files, requested if the data set is missing.
      remedy: what users without a network can do.

    Raises:
      UserError: if it is missing and the address does not answer, or as for `check_tfds_files`.
    """
    if not any(folder.glob("*/dataset_info.json")):
        try:
            with urllib.request.urlopen(url, timeout=_NETWORK_TIMEOUT):
                pass
        except OSError as error:
            raise UserError(
                f"{name} must be in --data_dir or be downloadable",
                f"{folder.parent} without its files and no answer from {url} ({error})",
                remedy,
            ) from error
    for described in sorted(folder.glob("*/dataset_info.json")):
        check_tfds_files(described.parent)


def check_tfds_files(folder: pathlib.Path) -> None:
    """Checks the files that describe a data set.

    Args:
      folder: folder of one version of a data set.

    Raises:
      UserError: if one is not a regular file or too long, or the features' classes are not TFDS's
        own.
    """
    for path in sorted(folder.iterdir()):
        described = path.suffix in (".json", ".txt")
        if not (path.is_file() or path.is_dir()) or (described and path.stat().st_size > _LONGEST):
            raise UserError(
                "The files of a prepared data set must be regular ones, and those that describe it "
                f"of at most {_LONGEST} bytes",
                path,
                "prepare it again in another --data_dir",
            )
    path = folder / "features.json"
    try:
        _check_classes(read_json(path, _LONGEST))
    except FileNotFoundError:
        return  # TFDS needs it for some data sets only, and reports if it is missing.
    except ValueError as error:
        raise UserError(
            "The features of a prepared data set must be classes of TensorFlow Datasets itself",
            f"{path}: {error}",
            "prepare it again in another --data_dir, and do not trust this one",
        ) from error


@contextlib.contextmanager
def reading_prepared(folder: pathlib.Path) -> Iterator[None]:
    """Turns the errors of damaged files of a prepared data set into one of the user."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # TFDS and ArrayRecord raise many types.
        raise UserError(
            "The files of a prepared data set must be complete",
            f"{folder}: {type(error).__name__}: {error}",
            "remove the folder, and prepare them again",
        ) from error


def _check_classes(features: dict[str, Any]) -> None:
    values: list[tuple[int, Any]] = [(1, features)]
    number = 0
    while values:
        depth, value = values.pop()
        number += 1
        if number > _MOST_VALUES or depth > _DEEPEST:
            raise ValueError("too many values, or nested too deeply")
        if isinstance(value, list):
            values += ((depth + 1, x) for x in value)
        elif isinstance(value, dict):
            values += ((depth + 1, x) for x in value.values())
            for key in _CLASS_KEYS:
                name = value.get(key)
                if isinstance(name, str) and not _OWN_CLASS.fullmatch(name):
                    raise ValueError(name)
            if isinstance(value.get("content"), str):  # TFDS before 2022: protocol buffers as text.
                raise ValueError("features in text")
