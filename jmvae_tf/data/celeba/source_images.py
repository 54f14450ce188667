"""Reads the images of CelebA's official zip or unpacked folder, which may be untrusted."""

import hashlib
import pathlib
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from typing import Protocol

from jmvae_tf.data import image_limits
from jmvae_tf.data.celeba import source_files
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_limited

_SUFFIXES = (".jpg", ".jpeg", ".png")
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Images(Protocol):
    """Encoded images by file name."""

    names: frozenset[str]

    def read(self, name: str) -> bytes:
        """Reads a file, whatever it contains.

        Raises:
          OSError: if it cannot be read or is not a regular file.
          ValueError: if it is damaged, encrypted, compressed in an unusual way, or longer than
            images may be.
        """

    def fingerprint(self) -> str:
        """Computes a digest that changes if an image changes."""


def open_images(folder: pathlib.Path) -> Images:
    """Opens the official zip or, if it is missing, the unpacked folder.

    Args:
      folder: a folder that contains all official files; see `source_files.missing`.

    Raises:
      UserError: if the zip is truncated, or the zip or folder contains no images.
    """
    source = source_files.find_images(folder) or folder / source_files.FOLDER
    images: Images = _Unpacked(source) if source.is_dir() else _Zipped(source)
    if not images.names:
        raise UserError(
            "CelebA's images must be JPEG or PNG files", f"{source} without any", "fetch it again"
        )
    return images


def _is_image(name: str) -> bool:
    # macOS adds files that start in these two ways.
    return (
        name.lower().endswith(_SUFFIXES)
        and not name.startswith("__MACOSX")
        and not pathlib.PurePosixPath(name).name.startswith("._")
    )


def match(rows: Sequence[str], names: frozenset[str]) -> list[str]:
    """Finds the image of each row of the lists.

    The image has the row's name, or one that differs only in its suffix: the lists name
    `000001.jpg`, the PNG edition has `000001.png`.

    Args:
      rows: the file names in the lists.
      names: the file names of the images.

    Returns:
      One name per row: the image's, or the row's own if there is no image.
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
                "A zip must be complete",
                f"{path}, truncated or not a zip ({error})",
                "fetch it again",
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
            # If an entry's size is false, this limits what is unpacked, and the size what is kept.
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
        except OSError as error:  # A broken link; `read` reports it.
            return str(error.errno)
        return f"{state.st_size} {state.st_mtime_ns}"


def _digest(lines: Iterable[str]) -> str:
    # File names need not be valid text.
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
