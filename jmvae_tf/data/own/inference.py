"""Decides what each column of a table is taken for, where a manifest does not say it.

The first rule that fits holds, and what was decided is said. This module does not import
TensorFlow.
"""

import dataclasses
import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from jmvae_tf.data.own.column_facts import (
    ARRAY_ENDING,
    IMAGE_ENDINGS,
    OTHER_IMAGE_ENDINGS,
    ColumnFacts,
    TableFacts,
)
from jmvae_tf.data.own.layout import SPLIT_COLUMN
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.own.manifest_values import LIKELIHOODS, MOST_CLASSES
from jmvae_tf.export_format import signature_names
from jmvae_tf.runtime.errors import UserError

TRUTHS = {"yes": 1, "no": 0, "true": 1, "false": 0, "y": 1, "n": 0, "t": 1, "f": 0} | {
    "1": 1,
    "0": 0,
    "-1": 0,
}
"""Texts that mean yes or no, in lower case."""

WEIGHT_COLUMN = "sample_weight"

_USES = {
    "split": "the part of each row",
    "weight": "the weight of each row in training",
    "group": "rows of one value stay in one part",
}
_KEYS = ("id", "index", "key", "unnamed", "")
_FILE_NAMES = ("file_name", "file", "filename", "path", "image_path", "image_file", "img")
_FILE_ENDING = re.compile(r"_(file_name|file|filename|path)")
_MOSTLY = 0.9  # The share of cells that decides on a column.
_SHOWN = 40  # Characters of a cell that is quoted.

MOST_NUMBERED_CLASSES = 20
"""Classes of a column of numbers that no manifest calls a label."""

_FEWEST_OF_A_CLASS = 20  # Examples, of such a column.
_FEW_TEXTS, _SHARE_OF_TEXTS = 20, 0.1


@dataclasses.dataclass
class Inferred:
    """What columns are taken for.

    Attributes:
      manifest: with the columns of all modalities, not yet resolved.
      said: a line for each column that a user may want to know about, by column.
    """

    manifest: Manifest
    said: dict[str, str]


def infer(facts: TableFacts, given: Manifest, may_lack: bool = False) -> Inferred:
    """Completes a manifest by the columns that it does not name.

    A manifest that names modalities says all of them; the other columns are then not used.

    Args:
      facts: what the table holds.
      given: the manifest.
      may_lack: whether the table may lack columns of the manifest.

    Raises:
      UserError: if the manifest names columns that the table lacks, a column has numbers and
        texts, or nothing is left to learn from.
    """
    if may_lack:  # Nothing is trained, so rows need neither parts nor weights.
        given = dataclasses.replace(given, split=None, group=None, key=None, weight=None)
    else:
        check_columns(facts, given)
    _check_cells(facts, given)
    said: dict[str, str] = {}
    named = {x for one in given.modalities.values() for x in one.columns}
    usable = [name for name, column in facts.columns.items() if column.not_cells is None]
    free = [] if may_lack else [x for x in usable if x not in {*named, *given.ignore}]
    fields: dict[str, Any] = {
        key: getattr(given, key) or _called(name, free)
        for key, name in (("split", SPLIT_COLUMN), ("weight", WEIGHT_COLUMN))
    }
    for use, name in (*fields.items(), ("group", given.group)):
        if name is not None:
            said[name] = _USES[use]
    modalities = dict(given.modalities)
    ignored = list(given.ignore)
    key = given.key
    if modalities:
        rest = [x for x in facts.columns if x not in named and x not in said]
        ignored += [x for x in rest if x not in ignored]
        said.update({name: "not used: the manifest does not name it" for name in rest})
    else:
        found: dict[str, list[str]] = {}
        of_kind: dict[str, str] = {}
        for name, column in facts.columns.items():
            if name in given.ignore or (name in said and name != given.group):
                continue
            kind, why = _kind_of(name, column, facts)
            if kind == "key" and name != given.group:
                key = key or name
            if kind in ("key", "ignored"):
                ignored.append(name)
                said[name] = why
                continue
            if why:
                said[name] = why
            together = kind in ("attributes", "numbers")
            modality = kind if together else _free_name(_name_of(name, kind), of_kind)
            found.setdefault(modality, []).append(name)
            of_kind[modality] = kind
        in_order = sorted(found, key=lambda x: of_kind[x] != "image")
        modalities = {x: ModalityColumns(of_kind[x], tuple(found[x])) for x in in_order}
        if not modalities:
            reasons = "; ".join(f"{name!r}: {why}" for name, why in list(said.items())[:8])
            raise UserError(
                "A table has a column to learn from",
                f"{facts.table.path} with none ({reasons})",
                "name one in columns.json",
            )
    modalities = {
        name: dataclasses.replace(one, likelihood=one.likelihood or LIKELIHOODS[one.kind][0])
        if one.kind != "image"
        else one
        for name, one in modalities.items()
    }
    manifest = dataclasses.replace(
        given, modalities=modalities, key=key, ignore=tuple(ignored), **fields
    )
    return Inferred(manifest, said)


def _check_cells(facts: TableFacts, given: Manifest) -> None:
    """Raises UserError if a manifest uses a column that holds neither numbers nor texts."""
    used = [x for one in given.modalities.values() for x in one.columns]
    for name in (*used, given.split, given.group, given.key, given.weight):
        column = facts.columns.get(name or "")
        if name and column and column.not_cells:
            row, what = column.not_cells
            raise UserError(
                "Cells hold a number or a text",
                f"{facts.table.cell(row, name)}: {what}",
                "leave the column out, or save arrays as .npy files and name these in it",
            )


def check_columns(facts: TableFacts, given: Manifest) -> None:
    """Raises UserError if a manifest names a column that the table does not have."""
    wanted = [
        *(
            (f"{name!r}", column)
            for name, one in given.modalities.items()
            for column in one.columns
        ),
        *(
            (f'"{key}"', getattr(given, key))
            for key in ("split", "group", "key", "weight")
            if getattr(given, key)
        ),
        # Beside modalities it changes nothing, and resolved manifests name all other columns.
        *(('"ignore"', column) for column in given.ignore if not given.modalities),
    ]
    for user, column in wanted:
        if column not in facts.columns:
            near = difflib.get_close_matches(column, list(facts.columns), 1)
            raise UserError(
                "A manifest names columns of the table",
                f"{facts.table.path} without {column!r}, which {user} needs",
                f"did you mean {near[0]!r}?" if near else f"its columns are {_some(facts.columns)}",
            )


def _kind_of(name: str, column: ColumnFacts, facts: TableFacts) -> tuple[str, str]:
    """Returns a kind, "key" or "ignored", and why if that is worth saying."""
    if column.not_cells is not None:
        return "ignored", f"not used: it holds {column.not_cells[1]}, no number or text"
    distinct = None if column.counts is None else len(column.exact or column.counts)
    if distinct is not None and distinct < 2 and column.share_of(IMAGE_ENDINGS) < _MOSTLY:
        if not distinct or column.present == facts.rows:
            return "ignored", f"not used: {'one value in all rows' if distinct else 'empty'}"
        return "ignored", "not used: one value, else empty; write yes and no if it means these"
    if column.share_of(IMAGE_ENDINGS) >= _MOSTLY:
        return "image", ""
    if column.share_of((ARRAY_ENDING,)) >= _MOSTLY:
        return "array", ""
    if column.share_of(OTHER_IMAGE_ENDINGS) >= _MOSTLY:
        raise UserError(
            "Images are JPEG or PNG files",
            f"{facts.table.path}: column {name!r} of {max(column.endings)} files",
            "convert them, or ignore the column in columns.json",
        )
    if column.counts is not None and truths_of(column) is not None:
        return "attributes", ""
    if column.is_number:
        return _kind_of_numbers(name, column, facts)
    if column.numerals >= _MOSTLY * column.present and column.first_other:
        row, text = column.first_other
        raise UserError(
            "A column has numbers or texts, not both",
            f"{facts.table.cell(row, name)}: {text!r} among {column.numerals} numbers",
            "empty or mend such cells, or name the column in columns.json as a label",
        )
    if name.lower() in _KEYS:
        return "key", "not used: it identifies the rows"
    most = max(_FEW_TEXTS, int(_SHARE_OF_TEXTS * facts.rows))
    if distinct is not None and distinct <= most and 2 * distinct <= column.present:
        return "label", ""
    return "ignored", f"not used: {_why_no_label(column, distinct)}"


def _kind_of_numbers(name: str, column: ColumnFacts, facts: TableFacts) -> tuple[str, str]:
    if name.lower() in _KEYS or (column.is_sequence and column.present > 2):
        return "key", "not used: it identifies the rows"
    distinct = len(column.exact or column.counts or ())
    few = column.counts is not None and distinct <= MOST_NUMBERED_CLASSES
    if few and column.is_whole and column.present >= _FEWEST_OF_A_CLASS * distinct:
        return "label", '"kind": "numbers" would take it for numbers'
    return "numbers", ""


def _why_no_label(column: ColumnFacts, distinct: int | None) -> str:
    """Says why a column of texts is not used, and what would change that."""
    if column.first_other is None:
        return 'numbers that are written as texts; "kind": "numbers" would use it'
    example = column.first_other[1][:_SHOWN]
    if 2 * column.numerals >= column.present:
        return f"{column.numerals} numbers beside texts such as {example!r}; empty or mend these"
    number = f"more than {MOST_CLASSES}" if distinct is None else str(distinct)
    if 2 * sum(x.isdigit() for x in example) >= len(example):
        return f"{number} texts such as {example!r}; write numbers like 1234.5"
    return f'{number} different texts; "kind": "text" or "label" would use it'


def truths_of(column: ColumnFacts) -> dict[float | str, int] | None:
    """Maps the values of a column to 0 or 1; None if they do not all mean yes or no."""
    written: dict[float | str, str] = {}
    for value in column.counts or ():
        text = str(int(value)) if value in (0, 1, -1) else str(value).lower()
        if text not in TRUTHS:
            return None
        written[value] = text
    # A 0 beside 1 and -1 may mean either, or nothing.
    if {"0", "1", "-1"} <= {*written.values()}:
        return None
    return {value: TRUTHS[text] for value, text in written.items()} or None


def _name_of(column: str, kind: str) -> str:
    """Makes the name of a modality from that of its column."""
    if kind in ("image", "array"):
        column = kind if column.lower() in _FILE_NAMES else _FILE_ENDING.sub("", column, 1) or kind
    if signature_names.can_name_modality(column):
        return column
    letters = unicodedata.normalize("NFKD", column).replace("ß", "ss")
    letters = "".join(x for x in letters if not unicodedata.combining(x))
    name = re.sub(r"[^A-Za-z0-9_]+", "_", letters).strip("_")[:60] or kind
    if not name[0].isalpha():
        name = f"{kind}_{name}"
    return name if signature_names.can_name_modality(name) else f"{name}_{kind}"


def _free_name(name: str, taken: Iterable[str]) -> str:
    """Numbers a name that is taken, or that all columns of a kind share."""
    names, free, number = {*taken, "attributes", "numbers"}, name, 1
    while free in names:
        number += 1
        free = f"{name}_{number}"
    return free


def _called(name: str, columns: Iterable[str]) -> str | None:
    """Finds the column of a name, whether its letters are large or small."""
    found = [column for column in columns if column.lower() == name]
    return None if not found else name if name in found else found[0]


def _some(names: Iterable[str]) -> str:
    first = list(names)
    return ", ".join(first[:12]) + (" …" if len(first) > 12 else "")
