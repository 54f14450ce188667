"""Reads a user's folder or table by its manifest, all but the content of images and arrays.

This module does not import TensorFlow.
"""

import collections
import dataclasses
import os
import pathlib

import pyarrow.compute as pc

from jmvae_tf.data.own import encoding
from jmvae_tf.data.own.array_files import resolve_array
from jmvae_tf.data.own.column_facts import TableFacts, gather_facts
from jmvae_tf.data.own.data_source import data_source_of
from jmvae_tf.data.own.encoding import Encoded
from jmvae_tf.data.own.image_reading import resolve_images
from jmvae_tf.data.own.inference import MOST_NUMBERED_CLASSES, infer, truths_of
from jmvae_tf.data.own.layout import Layout, Listing, files_of, layout_of
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.own.manifest_values import LONGEST_TEXT, MOST_SYMBOLS
from jmvae_tf.data.own.table_file import TableFile
from jmvae_tf.data.own.text_symbols import plain_texts
from jmvae_tf.export_format import value_names
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json

_LONGEST_INFERRED = 200  # Characters of a text whose length no manifest says.


@dataclasses.dataclass(frozen=True)
class OwnTable:
    """A table that was read.

    Attributes:
      layout: where it is.
      facts: what its columns hold.
      manifest: what they are taken for, resolved.
      encoded: its rows.
      listing: the files that it may name.
      said: column or modality to a line about it.
    """

    layout: Layout
    facts: TableFacts
    manifest: Manifest
    encoded: Encoded
    listing: Listing
    said: dict[str, str]


def read_manifest(path: pathlib.Path, name: str) -> Manifest:
    """Reads a file `columns.json`.

    Args:
      path: the file.
      name: the name of the data, if the manifest does not say it.

    Raises:
      UserError: if it holds no manifest.
    """
    try:
        value = read_json(path)
    except OSError as error:
        raise UserError(
            "A manifest must be readable", f"{path}: {error.strerror}", "mend it, or remove it"
        ) from error
    except ValueError as error:
        raise UserError(
            "A manifest is a JSON object",
            f"{path}: {error}",
            "mend it, or remove it to have it inferred",
        ) from error
    return Manifest.from_json(value, str(path), name)


def read_table(
    path: pathlib.Path,
    manifest: Manifest | None = None,
    may_lack: bool = False,
    scratch: pathlib.Path | None = None,
) -> OwnTable:
    """Reads a folder or a table.

    Args:
      path: the folder or the table.
      manifest: what its columns are taken for; None for what `columns.json` beside it says.
      may_lack: whether columns of the manifest may be missing; their cells are then empty.
      scratch: the folder for values of more than 1 GiB, in files that end with this process.

    Raises:
      UserError: if it cannot be read, or a cell does not fit; it names the file, row and column.
    """
    layout = layout_of(path)
    given = manifest
    if given is None:
        name = data_source_of(str(path)).name
        given = Manifest(name, {})
        if os.path.lexists(layout.manifest):
            given = read_manifest(layout.manifest, name)
    facts = _facts_of(layout.table, given)
    inferred = infer(facts, given, may_lack)
    said = dict(inferred.said)
    manifest = _with_values(inferred.manifest, facts, said)
    encoded = encoding.encode_rows(facts, manifest, scratch)
    listing = Listing(layout.root)
    modalities = dict(manifest.modalities)
    for name, files in encoded.files.items():
        one = modalities[name]
        [column] = one.columns
        try:
            files[:] = files_of(files, listing)
        except LookupError as error:
            [row] = error.args
            raise UserError(
                "A table names files in its folder, and no links lead elsewhere",
                f"{facts.table.cell(row, column)}: {files[row]}",
                "move the file below the folder of the table",
            ) from error
        if one.kind == "image":
            resolved = resolve_images(one, layout.root, files)
            modalities[name] = resolved.columns
            if resolved.said:
                said[name] = resolved.said
        else:
            modalities[name] = resolve_array(one, layout.root, files, facts.table.path)
    for name, one in modalities.items():
        there = encoded.observed[name]
        if there.ndim > 1:
            partly = bool((there.any(axis=1) & ~there.all(axis=1)).any())
            modalities[name] = dataclasses.replace(
                one, partly_observed=one.partly_observed or partly
            )
        if encoded.left_out.get(name):
            said[name] = f"{encoded.left_out[name]} characters that the alphabet lacks left out"
    manifest = dataclasses.replace(manifest, modalities=modalities)
    return OwnTable(layout, facts, manifest, encoded, listing, said)


def _facts_of(table: TableFile, given: Manifest) -> TableFacts:
    """Looks through a table; columns of texts are read as written, whatever they look like."""
    of_kind: dict[str, list[str]] = {}
    for one in given.modalities.values():
        of_kind.setdefault(one.kind, []).extend(one.columns)
    facts = gather_facts(table.with_texts(of_kind.get("text", ())))
    may_be_labels = [
        name
        for name, column in facts.columns.items()
        if facts.may_lose_digits(name)
        and column.is_whole
        and not truths_of(column)
        and (name in of_kind.get("label", ()) or len(column.counts or ()) <= MOST_NUMBERED_CLASSES)
    ]
    return facts.with_exact(may_be_labels)


def _with_values(manifest: Manifest, facts: TableFacts, said: dict[str, str]) -> Manifest:
    """Resolves the classes of labels and the alphabets of texts."""
    modalities = dict(manifest.modalities)
    for name, one in modalities.items():
        if one.kind == "label" and not one.classes:
            modalities[name] = dataclasses.replace(one, classes=_classes(one, facts))
        if one.kind == "text" and one.lacks:
            modalities[name] = _with_alphabet(one, facts, said)
    return dataclasses.replace(manifest, modalities=modalities)


def _classes(one: ModalityColumns, facts: TableFacts) -> tuple[str, ...]:
    [name] = one.columns
    column = facts.columns[name]
    if not column.counts:
        raise UserError(
            "A label has from 2 to ten thousand classes",
            f"{facts.table.path}: column {name!r} "
            + ("with more" if column.counts is None else "that is empty"),
            'choose "kind": "text", or ignore it, in columns.json',
        )
    if len(column.exact or column.counts) < 2:
        raise UserError(
            "A label has at least two classes",
            f"{facts.table.path}: column {name!r} with {next(iter(column.counts))!r} alone",
            "ignore it in columns.json",
        )
    classes = encoding.classes_of(list(column.exact or column.counts), bool(column.is_number))
    for one_class in classes:
        if not value_names.is_name(one_class):
            raise UserError(
                f"A class has 1 to {value_names.LONGEST} printable characters",
                f"{_first_cell(facts, name, one_class)}: {encoding.quoted(one_class)}",
                "shorten it, or ignore the column in columns.json",
            )
    return classes


def _first_cell(facts: TableFacts, column: str, text: str) -> str:
    """Names the first cell of a column that holds a text."""
    start = 0
    for chunk in facts.table.chunks():
        cells = chunk[column].cast("string")
        place = pc.index(cells, text).as_py()
        if place >= 0:
            return facts.table.cell(start + place, column)
        start += len(cells)
    return f"{facts.table.path}: column {column!r}"


def _with_alphabet(
    one: ModalityColumns, facts: TableFacts, said: dict[str, str]
) -> ModalityColumns:
    [column] = one.columns
    symbols: collections.Counter[str] = collections.Counter()
    longest = 0
    for chunk in facts.table.chunks():
        if column in chunk:
            texts = plain_texts(chunk[column].cast("string"))
            longest = max(longest, pc.max(pc.utf8_length(texts)).as_py() or 0)
            symbols.update("".join(texts.drop_null().to_pylist()))
    symbols = collections.Counter({x: n for x, n in symbols.items() if x.isprintable()})
    if not symbols:
        raise UserError(
            "A text has characters",
            f"{facts.table.path}: column {column!r} that is empty",
            "ignore it in columns.json",
        )
    most_places = value_names.MOST_IN_A_TEXT // (len(one.alphabet) + 1)
    length = one.length or min(longest, _LONGEST_INFERRED, LONGEST_TEXT, most_places)
    if length < longest:
        said[column] = f"texts of up to {longest} characters are cut after {length}"
    most = min(MOST_SYMBOLS, value_names.MOST_IN_A_TEXT // length - 1)
    kept = sorted(x for x, _ in symbols.most_common(max(1, most)))
    return dataclasses.replace(one, alphabet=one.alphabet or "".join(kept), length=length)
