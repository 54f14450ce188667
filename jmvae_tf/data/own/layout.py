"""Finds out how a folder of a user's data is laid out; names of files become no path unchecked.

A layout is a table and a folder for the files that it names: the table itself, or one that is made
of the names in folders of classes. This module does not import TensorFlow.
"""

import dataclasses
import os
import pathlib
import posixpath
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping

import pyarrow as pa

from jmvae_tf.data.own.column_facts import IMAGE_ENDINGS, OTHER_IMAGE_ENDINGS
from jmvae_tf.data.own.data_source import TABLE_SUFFIXES
from jmvae_tf.data.own.separated_file import SeparatedFile
from jmvae_tf.data.own.table_file import Chunk, JsonLinesFile, ParquetFile, TableFile
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import is_temporary

MANIFEST = "columns.json"

FILE_COLUMN, CLASS_COLUMN, SPLIT_COLUMN = "file_name", "label", "split"
"""The columns of a table that is made of folders of classes."""

PART_NAMES: Mapping[str, str] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
"""Names of parts, as folders and in a column of splits, to those of a data set."""

_USUAL_TABLE = "metadata"
_MOST_ENTRIES = 20_000_000


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where a user's data are.

    Attributes:
      root: the folder that names of files are relative to.
      table: the table.
      manifest: the path of the manifest, whether or not there is one.
    """

    root: pathlib.Path
    table: TableFile
    manifest: pathlib.Path


def layout_of(path: pathlib.Path) -> Layout:
    """Looks at a folder or a table.

    Raises:
      UserError: if it has no layout that is known.
    """
    if path.is_file():
        return Layout(path.parent, open_table(path), path.parent / MANIFEST)
    if not path.is_dir():
        raise UserError(
            "Data are a folder, or a table", f"{path}, where there is nothing", "check the path"
        )
    manifest = path / MANIFEST
    table = _table_in(path)
    if table is not None:
        return Layout(path, open_table(table), manifest)
    return Layout(path, _Folders.of(path), manifest)


def open_table(path: pathlib.Path) -> TableFile:
    """Opens a table by the ending of its name.

    Raises:
      UserError: if it is not such a table.
    """
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        return SeparatedFile.open(path)
    return ParquetFile(path) if suffix == ".parquet" else JsonLinesFile(path)


def _table_in(folder: pathlib.Path) -> pathlib.Path | None:
    """Finds the table of a folder: `metadata`, or the only one."""
    tables = sorted(x for x in folder.iterdir() if x.suffix.lower() in TABLE_SUFFIXES)
    # Excel writes a file ~$NAME beside one that is open.
    tables = [x for x in tables if x.is_file() and not is_temporary(x) and x.name[0] not in ".~"]
    usual = [x for x in tables if x.stem == _USUAL_TABLE]
    if len(usual) == 1 or len(tables) == 1:
        return (usual or tables)[0]
    if tables:
        raise UserError(
            f"A folder has one table, or one that is called {_USUAL_TABLE}",
            f"{folder} with {', '.join(x.name for x in tables)}",
            "name the table instead of the folder",
        )
    return None


@dataclasses.dataclass(frozen=True)
class _Folders(TableFile):
    """A table made of the names of images in folders of classes."""

    cells: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(cls, folder: pathlib.Path) -> "_Folders":
        """Lists [part/][class/]images.

        Raises:
          UserError: if there are no images, or folders in other places.
        """
        subfolders = _subfolders(folder)
        are_parts = bool(subfolders) and all(x.name.lower() in PART_NAMES for x in subfolders)
        rows: list[tuple[str, str | None, str | None]] = []
        if not subfolders:
            rows += ((x, None, None) for x in _images(folder, folder))
        for outer in subfolders:
            part = outer.name if are_parts else None
            classes = _subfolders(outer) if are_parts else [outer]
            if are_parts and not classes:
                rows += ((x, None, part) for x in _images(outer, folder))
            for inner in classes:
                rows += ((x, inner.name, part) for x in _images(inner, folder))
        left_out = _left_out(folder, {x for x, _, _ in rows}, depth=3 if are_parts else 2)
        if not rows:
            raise UserError(
                "A folder of data has a table (.csv .tsv .parquet .jsonl) or folders of images "
                "(.jpg .png)",
                f"{folder} with {_kinds_of_files(folder)}",
                "name the folder with the table or the images",
            )
        names, classes_of, parts = zip(*rows, strict=True)
        for name in names:
            try:
                name.encode("utf-8")
            except UnicodeEncodeError as error:
                raise UserError(
                    "Names of files are text in UTF-8",
                    f"{folder}: {os.fsencode(name)!r}",
                    "rename it",
                ) from error
        cells = {FILE_COLUMN: names, CLASS_COLUMN: classes_of, SPLIT_COLUMN: parts}
        return cls(
            folder,
            cells={name: x for name, x in cells.items() if any(y is not None for y in x)},
            left_out=left_out,
        )

    @property
    def notes(self) -> list[str]:
        """See the base class."""
        return [
            f"not used: {first} ({len(self.left_out)} in all), in no folder of a class"
            for first in self.left_out[:1]
        ]

    def chunks(self) -> Iterator[Chunk]:
        """See the base class."""
        yield {name: pa.array(x, pa.string()) for name, x in self.cells.items()}

    def cell(self, row: int, column: str) -> str:
        """See the base class."""
        return str(self.path / self.cells[FILE_COLUMN][row])


def _subfolders(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(
        x
        for x in folder.iterdir()
        if x.is_dir() and x.name[0] not in "._" and not is_temporary(x) and not x.is_symlink()
    )


def _images(folder: pathlib.Path, root: pathlib.Path) -> Iterator[str]:
    relative = folder.relative_to(root).as_posix()
    for name in sorted(os.listdir(folder)):
        if _is_image(name) and not os.path.isdir(folder / name):
            yield name if relative == "." else f"{relative}/{name}"


def _is_image(name: str) -> bool:
    return name[0] != "." and name.lower().endswith(IMAGE_ENDINGS)


def _left_out(folder: pathlib.Path, used: Collection[str], depth: int) -> tuple[str, ...]:
    """Lists images and linked folders that are not used.

    Args:
      folder: the folder.
      used: the names of the images that are used.
      depth: the most parts of such a name.

    Raises:
      UserError: if there are images in a folder of a folder of a class.
    """
    found = []
    for path, folders, names in os.walk(folder):
        folders[:] = [x for x in folders if x[0] != "." and x != "__MACOSX"]
        parts = pathlib.Path(path).relative_to(folder).parts
        inside = "".join(f"{x}/" for x in parts)
        found += [f"{inside}{x}, a link" for x in folders if os.path.islink(f"{path}/{x}")]
        left = [x for x in names if _is_image(x) and inside + x not in used]
        found += [inside + x for x in left]
        if left and len(parts) >= depth and not any(x[0] == "_" for x in parts):
            raise UserError(
                "Images are in CLASS/ or in train/CLASS/, or a table names them",
                f"{path}, a folder in the folder of a class",
                f"move its images up, or write {_USUAL_TABLE}.csv",
            )
    return tuple(sorted(found))


def _kinds_of_files(folder: pathlib.Path) -> str:
    """Says what a folder has, by the endings of names."""
    endings: dict[str, int] = {}
    for number, (_, _, names) in enumerate(os.walk(folder)):
        for name in names:
            ending = pathlib.PurePath(name).suffix.lower() or "no ending"
            endings[ending] = endings.get(ending, 0) + 1
        if number > 1000:
            break
    if not endings:
        return "no files"
    most = sorted(endings, key=lambda x: -endings[x])[:3]
    said = ", ".join(f"{endings[x]} {x}" for x in most)
    return said + (" (convert them to .jpg or .png)" if most[0] in OTHER_IMAGE_ENDINGS else "")


class Listing:
    """The regular files below a folder that a table may name.

    Links to other folders are not followed: whoever wrote a table must not reach files elsewhere.
    """

    def __init__(self, root: pathlib.Path) -> None:
        """Lists folders as they are asked for.

        Args:
          root: the folder that names are relative to.
        """
        self.root = root
        self._folders: dict[str, dict[str, tuple[int, int]] | None] = {}
        self._real_root = os.path.realpath(root)

    def plain(self, name: str) -> str | None:
        """Returns a name relative to the folder, with slashes and without dots.

        Returns:
          None for a name of something elsewhere.
        """
        if "\0" in name or len(name) > 4096:
            return None
        if "\\" in name and not self.state(name):
            name = name.replace("\\", "/")
        if not name.isascii() and not self.state(name):  # macOS writes an "ü" as two characters.
            forms = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
            name = next(filter(self.state, forms), name)
        if name.startswith("/"):
            for root in (str(self.root), self._real_root):
                if name.startswith(f"{root}/"):
                    name = name[len(root) + 1 :]
                    break
            else:
                return None
        if "./" in name or "//" in name:
            name = posixpath.normpath(name)
        return None if name in ("", ".", "..") or name.startswith(("../", "/")) else name

    def state(self, name: str) -> tuple[int, int] | None:
        """Returns the size and the time of change of a file with a plain name; None if missing."""
        folder, _, file = name.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = self._list(folder)
        files = self._folders[folder]
        return None if files is None else files.get(file)

    def leads_elsewhere(self, name: str) -> bool:
        """Tells whether a link on the way to a file leads out of the folder."""
        real = os.path.realpath(self.root / name)
        return not real.startswith(f"{self._real_root}/")

    def _list(self, folder: str) -> dict[str, tuple[int, int]] | None:
        path = os.path.join(self._real_root, folder)
        real = os.path.realpath(path)
        if real != self._real_root and not real.startswith(f"{self._real_root}/"):
            return None
        files = {}
        try:
            with os.scandir(real) as entries:
                for number, entry in enumerate(entries):
                    if number > _MOST_ENTRIES:
                        break
                    name = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_symlink() and self.leads_elsewhere(name):
                        continue
                    if entry.is_file():
                        state = entry.stat()
                        files[entry.name] = (state.st_size, state.st_mtime_ns)
        except (OSError, ValueError):
            return None
        return files


def files_of(names: Iterable[str | None], listing: Listing) -> list[str | None]:
    """Returns plain names; None where a cell is empty. Leaves names of missing files as they are.

    Raises:
      LookupError: with the place of a name of something outside of the folder.
    """
    plain: list[str | None] = []
    for place, name in enumerate(names):
        if name is None:
            plain.append(None)
            continue
        one = listing.plain(name)
        if one is None or (listing.state(one) is None and listing.leads_elsewhere(one)):
            raise LookupError(place)
        plain.append(one)
    return plain
