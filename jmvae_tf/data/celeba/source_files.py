"""The files of CelebA: the aligned images and two lists; no TensorFlow.

They are read as their authors distribute them, and as Kaggle does: the images in the folder
`img_align_celeba/img_align_celeba`, the lists as CSV files. The images may be those of the PNG
edition, for which there are no lists of its own: they name the files of the JPEG edition.

Source: Z. Liu, P. Luo, X. Wang and X. Tang, Deep Learning Face Attributes in the Wild, ICCV 2015.
"""

import codecs
import dataclasses
import hashlib
import itertools
import pathlib
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np

from jmvae_tf.data import image_limits
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_limited

ZIP = "img_align_celeba.zip"
FOLDER = "img_align_celeba"
PNG_FOLDER = "img_align_celeba_png"
ATTRIBUTES = "list_attr_celeba.txt"
PARTITIONS = "list_eval_partition.txt"

PARTITION_NAMES = ("train", "validation", "test")
"""What the numbers 0, 1 and 2 of the list of partitions mean."""

_SUFFIXES = (".jpg", ".jpeg", ".png")
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LONGEST_LIST = 2**26  # Bytes; the official one has 26 million.
_MOST_LINES, _LONGEST_LINE = 2_000_000, 10_000  # Of a list; short ones take far more than the file.
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # Those of Python.


class Images(Protocol):
    """Encoded images by file name."""

    names: frozenset[str]

    def read(self, name: str) -> bytes:
        """The content of a file, which may be anything.

        Raises:
          OSError: if it cannot be read, or is no regular file.
          ValueError: if it is damaged, encrypted, compressed otherwise than is usual for a zip, or
            longer than images may be.
        """

    def fingerprint(self) -> str:
        """A digest that changes when an image does."""


@dataclasses.dataclass(frozen=True)
class Lists:
    """What the two official lists say, in the order of file names.

    Attributes:
      names: of the image files, sorted.
      attributes: int8 [names, attributes], -1 or 1.
      partitions: int8 [names], indices into `PARTITION_NAMES`.
    """

    names: tuple[str, ...]
    attributes: np.ndarray
    partitions: np.ndarray

    def fingerprint(self) -> str:
        """A digest of all that they say."""
        digest = hashlib.sha256("\n".join(self.names).encode())
        digest.update(self.attributes.tobytes())
        digest.update(self.partitions.tobytes())
        return digest.hexdigest()


def missing(folder: pathlib.Path) -> list[str]:
    """Which of the three official files a folder lacks; the images may be a zip or unpacked."""
    files = [name for name in (ATTRIBUTES, PARTITIONS) if _list(folder, name) is None]
    return files if _images(folder) else [ZIP, *files]


def _list(folder: pathlib.Path, name: str) -> pathlib.Path | None:
    """The official list, or else Kaggle's."""
    official = folder / name
    return next((x for x in (official, official.with_suffix(".csv")) if x.is_file()), None)


def _images(folder: pathlib.Path) -> pathlib.Path | None:
    """The official zip, or else the unpacked folder."""
    archive = folder / ZIP
    if archive.is_file():
        return archive
    for name in (FOLDER, PNG_FOLDER):
        nested = folder / name / name
        unpacked = nested if nested.is_dir() else folder / name
        if unpacked.is_dir():
            return unpacked
    return None


def check(folder: pathlib.Path) -> None:
    """Checks that a folder holds CelebA.

    Raises:
      UserError: if one of the three official files is missing.
    """
    absent = missing(folder)
    if absent:
        raise UserError(
            f"CelebA is {ZIP} (or the unpacked folder {FOLDER}), {ATTRIBUTES} and {PARTITIONS}",
            f"{folder} without {', '.join(absent)}",
            "put them there, or name the folder that holds them",
        )


def open_images(folder: pathlib.Path) -> Images:
    """The images of the official zip or, where that is missing, of the unpacked folder.

    Args:
      folder: where `missing` finds nothing missing.

    Raises:
      UserError: if the zip is truncated or holds no images, or the folder none.
    """
    source = _images(folder) or folder / FOLDER
    images: Images = _Unpacked(source) if source.is_dir() else _Zipped(source)
    if not images.names:
        raise UserError(
            "CelebA's images must be JPEG or PNG files", f"{source} without any", "fetch it again"
        )
    return images


def _is_image(name: str) -> bool:
    # What starts in these two ways, macOS has put beside the files.
    return (
        name.lower().endswith(_SUFFIXES)
        and not name.startswith("__MACOSX")
        and not pathlib.PurePosixPath(name).name.startswith("._")
    )


def match(rows: Sequence[str], names: frozenset[str]) -> list[str]:
    """The image of each row of the lists.

    That is the file of the row's name, or else the one that differs in its ending: the lists name
    `000001.jpg`, and the PNG edition has `000001.png`.

    Args:
      rows: file names of the lists.
      names: of the images.

    Returns:
      A name for each row: an image's, or the row's own where there is none.
    """
    free: dict[str, str] = {}
    for name in sorted(names.difference(rows)):
        free.setdefault(_stem(name), name)
    return [row if row in names else free.pop(_stem(row), row) for row in rows]


def _stem(name: str) -> str:
    return pathlib.PurePosixPath(name).stem


class _Zipped:
    def __init__(self, path: pathlib.Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            raise UserError(
                "A zip must be whole", f"{path}, truncated or no zip ({error})", "fetch it again"
            ) from error
        self._entries = {
            pathlib.PurePosixPath(entry.filename).name: entry
            for entry in self._archive.infolist()
            if _is_image(entry.filename)
        }
        self.names = frozenset(self._entries)

    def read(self, name: str) -> bytes:
        entry = self._entries[name]
        if entry.compress_type not in _COMPRESSIONS:
            raise ValueError("an entry of a zip that is neither stored nor deflated")
        if entry.file_size > image_limits.MOST_BYTES:
            raise ValueError(f"an entry of a zip of more than {image_limits.MOST_BYTES} bytes")
        try:
            # Of an entry that lies, no more than this is unpacked, and no more kept than it says.
            with self._archive.open(entry) as file:
                return file.read(image_limits.MOST_BYTES)
        except (RuntimeError, EOFError, zipfile.BadZipFile, zlib.error, struct.error) as error:
            raise ValueError(f"an entry of a zip that is damaged or encrypted: {error}") from error

    def fingerprint(self) -> str:
        return _digest(f"{name} {self._entries[name].CRC}" for name in sorted(self.names))


class _Unpacked:
    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self.names = frozenset(path.name for path in folder.iterdir() if _is_image(path.name))

    def read(self, name: str) -> bytes:
        return read_limited(self._folder / name, image_limits.MOST_BYTES)

    def fingerprint(self) -> str:
        return _digest(f"{name} {self._state(name)}" for name in sorted(self.names))

    def _state(self, name: str) -> str:
        try:
            state = (self._folder / name).stat()
        except OSError as error:  # A link that leads nowhere; `read` says it.
            return str(error.errno)
        return f"{state.st_size} {state.st_mtime_ns}"


def _digest(lines: Iterable[str]) -> str:
    # Not all names of files are text.
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def read_lists(folder: pathlib.Path, attribute_names: Sequence[str]) -> Lists:
    """Reads both lists.

    Args:
      folder: holds them.
      attribute_names: what the columns must be called, in order.

    Raises:
      UserError: if a list is damaged, has other attributes, or the two name other files.
    """
    attributes_file = _list(folder, ATTRIBUTES) or folder / ATTRIBUTES
    partitions_file = _list(folder, PARTITIONS) or folder / PARTITIONS
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
                f"{len(alone)} that {file} lacks, the first {alone[0]}",
                "fetch both again",
            )
    names = tuple(sorted(attributes))
    return Lists(
        names,
        np.array([attributes[name] for name in names], np.int8),
        np.array([partitions[name] for name in names], np.int8),
    )


def _read_attributes(path: pathlib.Path, names: Sequence[str]) -> dict[str, list[int]]:
    """File name to values.

    The official list has a count, a line of names, then a line for each file; Kaggle's has no
    count, and a name for the column of files too.
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
    """File name to 0, 1 or 2; Kaggle's list begins with the names of its two columns."""
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
            "A list must name a file once",
            f"{name} again in line {number} of {path}",
            "fetch it again",
        )
    rows[name] = value


def _lines(path: pathlib.Path) -> Iterator[list[str]]:
    """The words of each line, whatever the blanks and line ends; blank lines at the end are none.

    Of a CSV file they are what is between commas, without blanks and quotation marks around it.

    Raises:
      UserError: if it is no text, or is longer than a list may be.
    """
    try:
        content = read_limited(path, _LONGEST_LIST)
        text = content.decode(_encoding(content)).rstrip()
        if sum(map(text.count, _LINE_ENDS)) > _MOST_LINES:
            raise ValueError(f"more than the {_MOST_LINES} lines that are read of it")
        lines = text.splitlines()
        if max(map(len, lines), default=0) > _LONGEST_LINE:
            raise ValueError(f"a line of more than {_LONGEST_LINE} characters")
    except ValueError as error:
        is_binary = isinstance(error, UnicodeDecodeError)
        raise UserError(
            "A list must be text, and no longer than CelebA's may be",
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
    """By the byte order mark, if there is one: Windows puts it before what it takes for text."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return "utf-16" if wide else "utf-8-sig"
