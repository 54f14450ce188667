"""Loads a user's own data: a folder or a table."""

import concurrent.futures
import dataclasses
import math
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from jmvae_tf.data.array_folder import MOST_IN_MEMORY
from jmvae_tf.data.chosen_rows import choose
from jmvae_tf.data.data_set import PARTS, Arrays, DataSet
from jmvae_tf.data.own import row_hashes
from jmvae_tf.data.own.file_work import FileWork, read_values
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.own.modalities_of_manifest import Prepare, modalities_of, prepare_by
from jmvae_tf.data.own.prepared_files import (
    ReadFiles,
    fingerprint_of_files,
    prepare_files,
    read_prepared_files,
)
from jmvae_tf.data.own.reading import OwnTable, read_table
from jmvae_tf.data.own.report import (
    describe_data,
    notes_on_files,
    notes_on_ranges,
    what_divides,
)
from jmvae_tf.modalities import SAMPLE_WEIGHT, observed_key
from jmvae_tf.runtime.cores import usable_cores
from jmvae_tf.runtime.errors import UserError

_MANY = 2000  # Files that are worth preparing; fewer are read again in seconds.
_MOST_BROKEN = 0.1  # The share of files that may be broken or missing.
_NAMED = 5  # Files or rows in a message.


@dataclasses.dataclass(frozen=True)
class OwnRows:
    """All rows of a table in its order, ready for models.

    Attributes:
      manifest: what the columns are taken for.
      values: modality name to stored values; the key of a mask to bool, where something is missing;
        `SAMPLE_WEIGHT` to weights, if there are any.
      prepare: converts stored values to those of models; see `DataSet`.
      table: what was read.
      files: what was read of images and arrays.
    """

    manifest: Manifest
    values: Arrays
    prepare: Prepare
    table: OwnTable
    files: ReadFiles

    @property
    def broken(self) -> dict[str, list[str]]:
        """Modality name to the files that cannot be used, each with the reason."""
        files = self.table.encoded.files
        return {
            name: [f"{files[name][row]}: {reasons[row]}" for row in sorted(reasons)]
            for name, reasons in self.files.reasons.items()
        }


def load_rows(
    path: pathlib.Path,
    data_dir: pathlib.Path,
    manifest: Manifest | None = None,
    may_lack: bool = False,
    processes: int | None = None,
    in_memory: bool = True,
) -> OwnRows:
    """Loads all rows of a folder or a table, in its order.

    Args:
      path: the folder or the table.
      data_dir: folder to prepare images in.
      manifest: what its columns are taken for; None for what `columns.json` beside it says, or
        what they look like.
      may_lack: whether columns of the manifest may be missing, and rows empty.
      processes: the number of processes that read images; None for that of cores.
      in_memory: whether prepared images of at most 1 GiB are read into memory.

    Raises:
      UserError: if it cannot be read; it names the file, row and column.
    """
    table = read_table(path, manifest, may_lack, data_dir)
    read = _read_files(table, data_dir, processes or usable_cores(), in_memory)
    values: dict[str, Any] = {}
    for name, one in table.manifest.modalities.items():
        observed = table.encoded.observed[name]
        values[name] = read[name] if name in read else table.encoded.values[name]
        if name in read:
            observed[:] = read.observed[name]
        if not observed.all():
            values[observed_key(name)] = _mask(one, observed)
    if not may_lack:
        _check_broken(table, read.reasons)
        _check_rows(table)
    if table.encoded.weights is not None:
        values[SAMPLE_WEIGHT] = table.encoded.weights
    return OwnRows(table.manifest, values, prepare_by(table.manifest), table, read)


def load(
    path: pathlib.Path,
    data_dir: pathlib.Path,
    manifest: Manifest | None = None,
    processes: int | None = None,
    in_memory: bool = True,
    say: Callable[[str], None] = print,
) -> DataSet:
    """Loads a folder or a table as a data set.

    Args:
      path: the folder or the table.
      data_dir: folder to prepare images in.
      manifest: what its columns are taken for; see `load_rows`.
      processes: the number of processes that read images; None for that of cores.
      in_memory: whether prepared images of at most 1 GiB are read into memory.
      say: prints what the data were taken for, unless the manifest is resolved.

    Raises:
      UserError: if it cannot be read, or too few rows are left to train or test on.
    """
    rows = load_rows(path, data_dir, manifest, processes=processes, in_memory=in_memory)
    data = data_set_of(rows)
    if manifest is None or not manifest.is_whole:
        files = rows.files
        notes = [*rows.table.layout.table.notes]
        notes += notes_on_files(
            rows.table.encoded.files, files.reasons, files.digests, _part_of(rows)
        )
        notes += notes_on_ranges(rows.table.facts.columns, rows.manifest)
        say(describe_data(data, rows.table.said, notes))
    return data


def _part_of(rows: OwnRows) -> np.ndarray:
    encoded = rows.table.encoded
    return row_hashes.divide(encoded.hashes, encoded.parts)


def data_set_of(rows: OwnRows) -> DataSet:
    """Divides rows into parts.

    Raises:
      UserError: if a part has too few.
    """
    part_of = _part_of(rows)
    parts: dict[str, Arrays] = {}
    for number, (part, fewest) in enumerate(zip(PARTS, (1, 0, 2), strict=True)):
        indices = np.flatnonzero(part_of == number)
        if len(indices) < fewest:
            raise UserError(
                f"The {part} part must have at least {fewest} examples",
                f"{rows.table.facts.table.path}: {len(indices)} of {len(part_of)} rows, divided by "
                f"{what_divides(rows.manifest)}",
                "add rows, or a column split of train, validation and test",
            )
        parts[part] = {name: choose(x, indices) for name, x in rows.values.items()}
        if not len(indices):
            parts[part] = {}
    return DataSet(
        name=rows.manifest.name,
        modalities=modalities_of(rows.manifest),
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        prepare=rows.prepare,
        manifest=rows.manifest,
    )


def _mask(one: ModalityColumns, observed: np.ndarray) -> np.ndarray:
    """Returns the mask of a modality: by value only if it is partly observed."""
    if observed.ndim > 1 and not one.partly_observed:
        observed = np.any(observed, axis=1)
    return observed


def _read_files(
    table: OwnTable, data_dir: pathlib.Path, processes: int, in_memory: bool
) -> ReadFiles:
    """Reads images and arrays; many or large ones are prepared once, in the data directory."""
    files = table.encoded.files
    work = FileWork(
        table.layout.root, files, {name: table.manifest.modalities[name] for name in files}
    )
    number = table.facts.rows
    images = [one for one in work.modalities.values() if one.kind == "image"]
    size = number * sum(math.prod(one.stored_shape) for one in images)
    named = sum(x is not None for names in files.values() for x in names)
    if named < _MANY and size <= MOST_IN_MEMORY:
        return _read_directly(work, number)
    try:
        folder = data_dir / table.manifest.name / fingerprint_of_files(work, table.listing)
        prepare_files(work, folder, processes)
    except PermissionError as error:
        raise UserError(
            "Prepared images are written to --data_dir",
            f"{error.filename}: {error.strerror}",
            "choose a --data_dir that you may write to",
        ) from error
    return read_prepared_files(folder, work.modalities, number, in_memory)


def _read_directly(work: FileWork, number: int) -> ReadFiles:
    """Reads files into memory, with threads."""
    read = ReadFiles(list(work.modalities), number)

    def read_row(name: str, values: np.ndarray, row: int, file: str | None) -> None:
        if file is None:
            return
        try:
            values[row], read.digests[name][row] = read_values(
                work.root, file, work.modalities[name]
            )
            read.observed[name][row] = True
        except OSError as error:
            read.reasons[name][row] = str(error.strerror)
        except ValueError as error:
            read.reasons[name][row] = str(error)

    with concurrent.futures.ThreadPoolExecutor(usable_cores()) as pool:
        for name, one in work.modalities.items():
            values = np.zeros((number, *one.stored_shape), one.stored_type)
            read[name] = values
            rows = range(number)
            list(pool.map(read_row, [name] * number, [values] * number, rows, work.files[name]))
    return read


def _check_broken(table: OwnTable, reasons: Mapping[str, Mapping[int, str]]) -> None:
    for name, broken in reasons.items():
        files = table.encoded.files[name]
        named = sum(file is not None for file in files)
        if len(broken) > _MOST_BROKEN * named:
            [column] = table.manifest.modalities[name].columns
            first = [f"{files[row]}: {broken[row]}" for row in sorted(broken)[:_NAMED]]
            more = " …" if len(broken) > _NAMED else ""
            raise UserError(
                f"At most {_MOST_BROKEN:.0%} of the files of a column may be missing or broken",
                f"{table.facts.table.path}: column {column!r}: {len(broken)} of {named}: "
                f"{'; '.join(first)}{more}",
                "mend them, or empty their cells",
            )


def _check_rows(table: OwnTable) -> None:
    """Raises UserError if a row has nothing that can be used."""
    there = [x if x.ndim == 1 else x.any(axis=1) for x in table.encoded.observed.values()]
    empty = np.flatnonzero(~np.any(there, axis=0))
    if empty.size:
        first = ", ".join(str(row + table.facts.table.first_row) for row in empty[:_NAMED])
        raise UserError(
            "Each row has a value of at least one modality",
            f"{table.facts.table.path}: none in row {first}"
            + (f" … ({len(empty)} in all)" if len(empty) > _NAMED else ""),
            "remove them, or fill a cell",
        )
