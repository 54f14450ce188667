"""The official files of CelebA: the aligned images and two lists; no TensorFlow.

Source: Z. Liu, P. Luo, X. Wang and X. Tang, Deep Learning Face Attributes in the Wild, ICCV 2015.
"""

import dataclasses
import hashlib
import pathlib
import zipfile
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from jmvae_tf.errors import UserError

ZIP = "img_align_celeba.zip"
FOLDER = "img_align_celeba"
ATTRIBUTES = "list_attr_celeba.txt"
PARTITIONS = "list_eval_partition.txt"

PARTITION_NAMES = ("train", "validation", "test")
"""What the numbers 0, 1 and 2 of the list of partitions mean."""

_SUFFIXES = (".jpg", ".png")


class Images(Protocol):
    """Encoded images by file name."""

    names: frozenset[str]

    def read(self, name: str) -> bytes:
        """The content of a file; raises OSError or zipfile.BadZipFile if it is damaged."""

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
    files = [name for name in (ATTRIBUTES, PARTITIONS) if not (folder / name).is_file()]
    has_images = (folder / ZIP).is_file() or (folder / FOLDER).is_dir()
    return files if has_images else [ZIP, *files]


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

    Raises:
      UserError: if the zip is truncated or holds no images, or the folder none.
    """
    archive = folder / ZIP
    images: Images = _Zipped(archive) if archive.is_file() else _Unpacked(folder / FOLDER)
    if not images.names:
        raise UserError(
            "CelebA's images must be JPEG or PNG files",
            f"{archive if archive.is_file() else folder / FOLDER} without any",
            "fetch it again",
        )
    return images


class _Zipped:
    def __init__(self, path: pathlib.Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise UserError(
                "A zip must be whole", f"{path}, truncated or no zip ({error})", "fetch it again"
            ) from error
        self._entries = {
            pathlib.PurePosixPath(entry.filename).name: entry
            for entry in self._archive.infolist()
            if entry.filename.endswith(_SUFFIXES) and not entry.filename.startswith("__MACOSX")
        }
        self.names = frozenset(self._entries)

    def read(self, name: str) -> bytes:
        return self._archive.read(self._entries[name])

    def fingerprint(self) -> str:
        return _digest(f"{name} {self._entries[name].CRC}" for name in sorted(self.names))


class _Unpacked:
    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self.names = frozenset(
            path.name for path in folder.iterdir() if path.name.endswith(_SUFFIXES)
        )

    def read(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def fingerprint(self) -> str:
        states = ((name, (self._folder / name).stat()) for name in sorted(self.names))
        return _digest(f"{name} {state.st_size} {state.st_mtime_ns}" for name, state in states)


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def read_lists(folder: pathlib.Path, attribute_names: Sequence[str]) -> Lists:
    """Reads both lists.

    Args:
      folder: holds them.
      attribute_names: what the columns must be called, in order.

    Raises:
      UserError: if a list is damaged, has other attributes, or the two name other files.
    """
    attributes = _read_attributes(folder / ATTRIBUTES, attribute_names)
    partitions = _read_partitions(folder / PARTITIONS)
    for one, other, file in (
        (attributes, partitions, PARTITIONS),
        (partitions, attributes, ATTRIBUTES),
    ):
        alone = sorted(one.keys() - other.keys())
        if alone:
            raise UserError(
                f"{ATTRIBUTES} and {PARTITIONS} must name the same files",
                f"{len(alone)} that {folder / file} lacks, the first {alone[0]}",
                "fetch both again",
            )
    names = tuple(sorted(attributes))
    return Lists(
        names,
        np.array([attributes[name] for name in names], np.int8),
        np.array([partitions[name] for name in names], np.int8),
    )


def _read_attributes(path: pathlib.Path, names: Sequence[str]) -> dict[str, list[int]]:
    """File name to values; a count, a line of names, then a line for each file."""
    lines = _lines(path)
    count = lines[0][0] if lines and len(lines[0]) == 1 else ""
    if not count.isdecimal():
        raise UserError(
            "The first line of the list of attributes must be the number of its files",
            f"{' '.join(lines[0])[:80] if lines else 'nothing'} in {path}",
            "fetch it again",
        )
    header = lines[1] if len(lines) > 1 else []
    if header != list(names):
        strange = [name for name in header if name not in names]
        raise UserError(
            f"The attributes must be CelebA's {len(names)} in their order",
            f"{f'the unknown {strange[0]}' if strange else f'{len(header)} names'} in line 2 of "
            f"{path}",
            "fetch the official list",
        )
    rows = lines[2:]
    if len(rows) != int(count):
        raise UserError(
            f"{path.name} must have as many rows as its first line says",
            f"{len(rows)} rows where {count} are announced in {path}",
            "fetch it again",
        )
    values = {"-1": -1, "1": 1}
    result: dict[str, list[int]] = {}
    for number, (name, *row) in enumerate(rows, start=3):
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
    return result


def _read_partitions(path: pathlib.Path) -> dict[str, int]:
    """File name to 0, 1 or 2."""
    partitions = {str(number): number for number in range(len(PARTITION_NAMES))}
    result: dict[str, int] = {}
    for number, row in enumerate(_lines(path), start=1):
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


def _lines(path: pathlib.Path) -> list[list[str]]:
    """The words of each line, whatever the blanks and line ends; blank lines at the end are none.

    Raises:
      UserError: if it is no text.
    """
    try:
        lines = path.read_text(encoding="utf-8").rstrip().splitlines()
    except UnicodeDecodeError as error:
        raise UserError(
            "A list must be text", f"{path}, which is none", "fetch it again"
        ) from error
    blank = [number for number, line in enumerate(lines, start=1) if not line.strip()]
    if blank:
        raise UserError(
            "A list must have no blank lines", f"line {blank[0]} of {path}", "fetch it again"
        )
    return [line.split() for line in lines]
