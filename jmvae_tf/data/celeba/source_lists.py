"""Reads CelebA's official lists, or Kaggle's: the attributes and partition of each image."""

import codecs
import dataclasses
import hashlib
import itertools
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np

from jmvae_tf.data.celeba import source_files
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_limited

PARTITION_NAMES = ("train", "validation", "test")
"""The meaning of the numbers 0, 1 and 2 in the list of partitions."""

_LONGEST_LIST = 2**26  # Bytes; the official one has 26 million.
_MOST_LINES, _LONGEST_LINE = 2_000_000, 10_000  # Short lines need far more memory than disk.
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # As in Python.


@dataclasses.dataclass(frozen=True)
class Lists:
    """The content of the two official lists, in the order of file names.

    Attributes:
      names: the names of the image files, sorted.
      attributes: int8 [names, attributes], -1 or 1.
      partitions: int8 [names], indices into `PARTITION_NAMES`.
    """

    names: tuple[str, ...]
    attributes: np.ndarray
    partitions: np.ndarray

    def fingerprint(self) -> str:
        """Computes a digest of the whole content."""
        digest = hashlib.sha256("\n".join(self.names).encode())
        digest.update(self.attributes.tobytes())
        digest.update(self.partitions.tobytes())
        return digest.hexdigest()


def read_lists(folder: pathlib.Path, attribute_names: Sequence[str]) -> Lists:
    """Reads both lists.

    Args:
      folder: folder of the lists.
      attribute_names: the names that the columns must have, in order.

    Raises:
      UserError: if a list is damaged or has other attributes, or the two lists name different
        files.
    """
    attributes_file = _find(folder, source_files.ATTRIBUTES_FILE)
    partitions_file = _find(folder, source_files.PARTITIONS_FILE)
    attributes = _read_attributes(attributes_file, attribute_names)
    partitions = _read_partitions(partitions_file)
    for one, other, file in (
        (attributes, partitions, partitions_file),
        (partitions, attributes, attributes_file),
    ):
        alone = sorted(one.keys() - other.keys())
        if alone:
            raise UserError(
                f"{attributes_file.name} and {partitions_file.name} must name the same files",
                f"{len(alone)} that are missing in {file}, the first {alone[0]}",
                "fetch both again",
            )
    names = tuple(sorted(attributes))
    return Lists(
        names,
        np.array([attributes[name] for name in names], np.int8),
        np.array([partitions[name] for name in names], np.int8),
    )


def _find(folder: pathlib.Path, name: str) -> pathlib.Path:
    return source_files.find_list(folder, name) or folder / name


def _read_attributes(path: pathlib.Path, names: Sequence[str]) -> dict[str, list[int]]:
    """Reads the attributes: file name to values.

    The official list has a count, a line of names, then one line per file. Kaggle's has no count,
    and its line of names includes the column of files.
    """
    lines = _lines(path)
    count = None
    if path.suffix != ".csv":
        first = next(lines, [])
        if len(first) != 1 or not first[0].isdecimal() or len(first[0]) > 9:
            raise UserError(
                "The first line of the list of attributes must be the number of its files",
                f"{' '.join(first)[:80] or 'nothing'} in {path}",
                "fetch it again",
            )
        count = first[0]
    header = next(lines, [])[0 if count else 1 :]
    header_line = 2 if count else 1
    if header != list(names):
        strange = [name for name in header if name not in names]
        raise UserError(
            f"The attributes must be CelebA's {len(names)} in their order",
            f"{f'the unknown {strange[0]}' if strange else f'{len(header)} names'} in line "
            f"{header_line} of {path}",
            "fetch the official list",
        )
    values = {"-1": -1, "1": 1}
    result: dict[str, list[int]] = {}
    for number, (name, *row) in enumerate(lines, start=header_line + 1):
        if len(row) != len(names):
            raise UserError(
                f"A row must have a file name and {len(names)} values",
                f"{len(row)} values in line {number} of {path}",
                "fetch it again",
            )
        try:
            numbers = [values[value] for value in row]
        except KeyError as error:
            raise UserError(
                "An attribute must be -1 or 1",
                f"{error.args[0]} in line {number} of {path}",
                "fetch it again",
            ) from error
        _add(result, name, numbers, number, path)
    if count and len(result) != int(count):
        raise UserError(
            f"{path.name} must have as many rows as its first line says",
            f"{len(result)} rows where {count} are announced in {path}",
            "fetch it again",
        )
    return result


def _read_partitions(path: pathlib.Path) -> dict[str, int]:
    """Reads file name to 0, 1 or 2; Kaggle's list starts with the names of its two columns."""
    partitions = {str(number): number for number in range(len(PARTITION_NAMES))}
    header = 1 if path.suffix == ".csv" else 0
    result: dict[str, int] = {}
    for number, row in enumerate(itertools.islice(_lines(path), header, None), start=header + 1):
        if len(row) != 2 or row[1] not in partitions:
            raise UserError(
                "A row must have a file name and a partition, 0, 1 or 2",
                f"{' '.join(row)[:80]} in line {number} of {path}",
                "fetch it again",
            )
        _add(result, row[0], partitions[row[1]], number, path)
    return result


def _add(rows: dict, name: str, value: object, number: int, path: pathlib.Path) -> None:
    if name in rows:
        raise UserError(
            "A list must name each file once",
            f"{name} again in line {number} of {path}",
            "fetch it again",
        )
    rows[name] = value


def _lines(path: pathlib.Path) -> Iterator[list[str]]:
    """Yields the words of each line, for any blanks and line ends; skips blank lines at the end.

    In a CSV file, words are the values between commas, without surrounding blanks and quotation
    marks.

    Raises:
      UserError: if it is not text, or is longer than a list may be.
    """
    try:
        content = read_limited(path, _LONGEST_LIST)
        text = content.decode(_encoding(content)).rstrip()
        if sum(map(text.count, _LINE_ENDS)) > _MOST_LINES:
            raise ValueError(f"more than the {_MOST_LINES} lines allowed")
        lines = text.splitlines()
        if max(map(len, lines), default=0) > _LONGEST_LINE:
            raise ValueError(f"a line of more than {_LONGEST_LINE} characters")
    except ValueError as error:
        is_binary = isinstance(error, UnicodeDecodeError)
        raise UserError(
            "A list must be text and not longer than CelebA's can be",
            f"{path}: {'no text' if is_binary else error}",
            "fetch it again",
        ) from error
    blank = next((number for number, x in enumerate(lines, start=1) if not x.strip()), None)
    if blank:
        raise UserError(
            "A list must have no blank lines", f"line {blank} of {path}", "fetch it again"
        )
    if path.suffix != ".csv":
        return (line.split() for line in lines)
    return ([word.strip(' \t"') for word in line.split(",")] for line in lines)


def _encoding(content: bytes) -> str:
    """Returns the encoding by the byte order mark, which Windows writes before text files."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return "utf-16" if wide else "utf-8-sig"
