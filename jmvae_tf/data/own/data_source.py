"""Reads the value of `--data`: a known name, a path, a data set of TFDS, or a function in a file.

This module does not import TensorFlow, so that programs can check the flag at once. It looks
whether files exist and opens none.
"""

import dataclasses
import difflib
import pathlib
import re
from typing import Literal

from jmvae_tf.data.registry import DATA_SETS
from jmvae_tf.runtime.errors import UserError, closest_name

TABLE_SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl")
"""The endings of the tables that can be read."""

_LONGEST = 4096  # Characters of a path on Linux.

_TFDS = "tfds:"
_TFDS_FORM = "tfds:NAME[/CONFIG][:VERSION]"
_TFDS_NAME = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*)(/(?P<config>[A-Za-z0-9_.-]+))?(:(?P<version>\d+\.\d+\.\d+))?",
    re.ASCII,
)
_FUNCTION = re.compile(r"(?P<file>.+\.py):(?P<function>.*)", re.DOTALL)
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.-]")

CHOICES = (
    f"one of {', '.join(DATA_SETS)}, a folder, a table ({' '.join(TABLE_SUFFIXES)}), "
    f"{_TFDS_FORM} or FILE.py:FUNCTION"
)
"""What --data may be, for messages and --help."""


@dataclasses.dataclass(frozen=True)
class DataSource:
    """Where the data of a run come from.

    Attributes:
      kind: "known" for a row of the registry, "path" for a folder or a table, "tfds" for a data
        set of TensorFlow Datasets, "function" for a function of a Python file.
      name: the name of the data in runs and messages; the name in the registry of known data.
      given: the value of `--data`.
      path: the folder, the table, or the file with the function; None for other kinds.
      builder: what to load from TensorFlow Datasets, NAME[/CONFIG][:VERSION]; empty for other
        kinds.
      function: the name of the function; empty for other kinds.
    """

    kind: Literal["known", "path", "tfds", "function"]
    name: str
    given: str
    path: pathlib.Path | None = None
    builder: str = ""
    function: str = ""


def data_source_of(given: str) -> DataSource:
    """Reads the value of `--data`.

    Known names win over folders of that name; `./mnist` is the folder.

    Args:
      given: the value.

    Raises:
      UserError: if it is none of these, or there is no such file or folder.
    """
    if given in DATA_SETS:
        return DataSource("known", given, given)
    if not given.strip() or not given.isprintable() or len(given) > _LONGEST:
        raise UserError(f"--data must be {CHOICES}", f"--data={given}", "choose one of them")
    if given.startswith(_TFDS):
        return _of_tfds(given)
    function = _FUNCTION.fullmatch(given)
    try:
        if function:
            return _of_function(given, function["file"], function["function"])
        return _of_path(given)
    except OSError as error:  # A folder that is not ours to search, a name that is too long.
        raise UserError(
            "The path of --data must be readable", f"--data={given}: {error.strerror}", "change it"
        ) from error


def _of_tfds(given: str) -> DataSource:
    builder = given.removeprefix(_TFDS)
    if not _TFDS_NAME.fullmatch(builder):
        raise UserError(
            f"A data set of TensorFlow Datasets is written {_TFDS_FORM}, such as "
            "tfds:cifar10 or tfds:emnist/letters:3.1.0",
            f"--data={given}",
            "see the names at https://www.tensorflow.org/datasets/catalog",
        )
    return DataSource("tfds", _name_of(given), given, builder=builder)


def _of_function(given: str, file: str, function: str) -> DataSource:
    path = pathlib.Path(file).expanduser()
    if not function.isidentifier():
        raise UserError(
            "The data of a Python file are written FILE.py:FUNCTION",
            f"--data={given}",
            "name a function that returns a DataSet behind the colon",
        )
    if not path.is_file():
        raise UserError(
            "The file of FILE.py:FUNCTION must exist",
            f"--data={given}, and no file {path}",
            _meant(path) or "check the path",
        )
    return DataSource("function", _name_of(f"{path.name}:{function}"), given, path, "", function)


def _of_path(given: str) -> DataSource:
    path = pathlib.Path(given).expanduser()
    if path.is_dir() or (path.is_file() and path.suffix.lower() in TABLE_SUFFIXES):
        return DataSource("path", _name_of(path.resolve().name), given, path)
    if path.suffix == ".py":
        raise UserError(
            "The data of a Python file are written FILE.py:FUNCTION",
            f"--data={given}",
            f"name a function that returns a DataSet, as in --data={given}:load",
        )
    if path.exists():
        raise UserError(
            f"Data are a folder, or a table that ends in {', '.join(TABLE_SUFFIXES)}",
            f"--data={given}",
            "save it as one of these; from Excel, as CSV UTF-8",
        )
    is_plain = re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]*", given)
    raise UserError(
        f"--data must be {CHOICES}",
        f"--data={given}, where there is nothing",
        _meant(path, DATA_SETS if is_plain else ())
        or ("check the path" + (f", or write tfds:{given.lower()}" if is_plain else "")),
    )


def _meant(path: pathlib.Path, names: tuple[str, ...] | dict = ()) -> str:
    """Returns a question with the closest name of a data set or of a file, or nothing."""
    known = closest_name(str(path), names)
    if known:
        return f"did you mean --data={known}?"
    parent = path.parent
    if not parent.is_dir():
        while not parent.is_dir() and parent != parent.parent:
            parent = parent.parent
        return f"{parent} is there, but not {path.relative_to(parent).parts[0]} in it"
    try:
        beside = [x.name for x in parent.iterdir()]
    except OSError:
        return ""
    close = difflib.get_close_matches(path.name, beside, 1)
    return f"did you mean {parent / close[0]}?" if close else ""


def _name_of(text: str) -> str:
    """Returns a name for runs: other characters than A-Z, a-z, 0-9, "_", "." and "-" become "_"."""
    name = _NOT_IN_A_NAME.sub("_", text)
    return name if name.strip("._-") else "data"
