"""Loads a user's own data: a folder or a table."""

import concurrent.futures
import dataclasses
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from jmvae_tf.data.data_set import PARTS, Arrays, DataSet
from jmvae_tf.data.own import row_hashes
from jmvae_tf.data.own.array_files import read_array
from jmvae_tf.data.own.image_reading import fitted, read_file
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.own.modalities_of_manifest import Prepare, modalities_of, prepare_by
from jmvae_tf.data.own.reading import OwnTable, read_table
from jmvae_tf.modalities import SAMPLE_WEIGHT, observed_key
from jmvae_tf.runtime.errors import UserError

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
      broken: modality name to the files that could not be read, each with the reason.
    """

    manifest: Manifest
    values: Arrays
    prepare: Prepare
    table: OwnTable
    broken: Mapping[str, list[str]]


def load_rows(
    path: pathlib.Path,
    data_dir: pathlib.Path,
    manifest: Manifest | None = None,
    may_lack: bool = False,
) -> OwnRows:
    """Loads all rows of a folder or a table, in its order.

    Args:
      path: the folder or the table.
      data_dir: folder to prepare images in.
      manifest: what its columns are taken for; None for what `columns.json` beside it says, or
        what they look like.
      may_lack: whether columns of the manifest may be missing, and rows empty.

    Raises:
      UserError: if it cannot be read; it names the file, row and column.
    """
    table = read_table(path, manifest, may_lack)
    values: dict[str, Any] = {}
    broken = {}
    for name, one in table.manifest.modalities.items():
        observed = table.encoded.observed[name]
        if name in table.encoded.files:
            values[name], broken[name] = _read_files(table, name, one, observed)
        else:
            values[name] = table.encoded.values[name]
        if not observed.all():
            values[observed_key(name)] = _mask(one, observed)
    if not may_lack:
        _check_broken(table, broken)
        _check_rows(table)
    if table.encoded.weights is not None:
        values[SAMPLE_WEIGHT] = table.encoded.weights
    return OwnRows(table.manifest, values, prepare_by(table.manifest), table, broken)


def load(path: pathlib.Path, data_dir: pathlib.Path, manifest: Manifest | None = None) -> DataSet:
    """Loads a folder or a table as a data set.

    Args:
      path: the folder or the table.
      data_dir: folder to prepare images in.
      manifest: what its columns are taken for; see `load_rows`.

    Raises:
      UserError: if it cannot be read, or too few rows are left to train or test on.
    """
    return data_set_of(load_rows(path, data_dir, manifest))


def data_set_of(rows: OwnRows) -> DataSet:
    """Divides rows into parts.

    Raises:
      UserError: if a part has too few.
    """
    encoded = rows.table.encoded
    part_of = row_hashes.divide(encoded.hashes, encoded.parts)
    parts: dict[str, Arrays] = {}
    for number, (part, fewest) in enumerate(zip(PARTS, (1, 0, 2), strict=True)):
        indices = np.flatnonzero(part_of == number)
        if len(indices) < fewest:
            raise UserError(
                f"The {part} part must have at least {fewest} examples",
                f"{rows.table.facts.table.path}: {len(indices)} of {len(part_of)} rows",
                "add rows, or a column split of train, validation and test",
            )
        parts[part] = {name: x[indices] for name, x in rows.values.items()} if len(indices) else {}
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
    table: OwnTable, name: str, one: ModalityColumns, observed: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """Reads the files of a modality; marks those that cannot be read as not observed."""
    files, root = table.encoded.files[name], table.layout.root
    values = np.zeros((len(files), *one.stored_shape), one.stored_type)
    broken: dict[int, str] = {}

    def read(row: int) -> None:
        file = files[row]
        if file is None:
            return
        try:
            values[row] = (
                fitted(read_file(root, file), one)
                if one.kind == "image"
                else read_array(root, file, one.shape)
            )
        except OSError as error:
            broken[row] = f"{file}: {error.strerror}"
        except ValueError as error:
            broken[row] = f"{file}: {error}"

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(read, range(len(files))))
    observed[list(broken)] = False
    return values, [broken[row] for row in sorted(broken)]


def _check_broken(table: OwnTable, broken: Mapping[str, list[str]]) -> None:
    for name, files in broken.items():
        named = sum(file is not None for file in table.encoded.files[name])
        if len(files) > _MOST_BROKEN * named:
            [column] = table.manifest.modalities[name].columns
            more = " …" if len(files) > _NAMED else ""
            raise UserError(
                f"At most {_MOST_BROKEN:.0%} of the files of a column may be missing or broken",
                f"{table.facts.table.path}: column {column!r}: {len(files)} of {named}: "
                f"{'; '.join(files[:_NAMED])}{more}",
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
            f"{table.facts.table.path}: {len(empty)} rows with none: row {first}"
            + (" …" if len(empty) > _NAMED else ""),
            "remove them, or fill a cell",
        )
