"""Decides what each column of a table is taken for, where a manifest does not say it.

The first rule that fits holds, and what was decided is said. This module does not import
TensorFlow.
"""

import dataclasses
import difflib
import re
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

TRUTHS = {"yes": 1, "no": 0, "true": 1, "false": 0, "y": 1, "n": 0, "t": 1, "f": 0}
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

_MOST_NUMBERED_CLASSES, _FEWEST_OF_A_CLASS = 20, 20
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
    said: dict[str, str] = {}
    fields: dict[str, Any] = {
        key: getattr(given, key) or (name if name in facts.columns and not may_lack else None)
        for key, name in (("split", SPLIT_COLUMN), ("weight", WEIGHT_COLUMN))
    }
    for use, name in (*fields.items(), ("group", given.group)):
        if name is not None:
            said[name] = _USES[use]
    modalities = dict(given.modalities)
    ignored = list(given.ignore)
    key = given.key
    if modalities:
        named = {x for one in modalities.values() for x in one.columns}
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
    distinct = None if column.counts is None else len(column.counts)
    if distinct is not None and distinct < 2 and column.share_of(IMAGE_ENDINGS) < _MOSTLY:
        return "ignored", "not used: empty" if not distinct else "not used: one value in all rows"
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
    number = f"more than {MOST_CLASSES}" if distinct is None else str(distinct)
    return "ignored", f'not used: {number} different texts; "kind": "text" or "label" would use it'


def _kind_of_numbers(name: str, column: ColumnFacts, facts: TableFacts) -> tuple[str, str]:
    if name.lower() in _KEYS or (column.is_sequence and column.present > 2):
        return "key", "not used: it identifies the rows"
    distinct = len(column.counts or ())
    few = column.counts is not None and distinct <= _MOST_NUMBERED_CLASSES
    if few and column.is_whole and column.present >= _FEWEST_OF_A_CLASS * distinct:
        return "label", '"kind": "numbers" would take it for numbers'
    return "numbers", ""


def truths_of(column: ColumnFacts) -> dict[float | str, int] | None:
    """Maps the values of a column to 0 or 1; None if they do not all mean yes or no."""
    truths: dict[float | str, int] = {}
    for value in column.counts or ():
        if isinstance(value, str):
            if value.lower() not in TRUTHS:
                return None
            truths[value] = TRUTHS[value.lower()]
        else:
            if value not in (0, 1, -1):
                return None
            truths[value] = int(value == 1)
    # A 0 beside 1 and -1 may mean either, or nothing.
    return None if {0, 1, -1} <= truths.keys() else truths or None


def _name_of(column: str, kind: str) -> str:
    """Makes the name of a modality from that of its column."""
    if kind in ("image", "array"):
        column = kind if column.lower() in _FILE_NAMES else _FILE_ENDING.sub("", column, 1) or kind
    if signature_names.can_name_modality(column):
        return column
    name = re.sub(r"[^A-Za-z0-9_]+", "_", column).strip("_")[:60] or kind
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


def _some(names: Iterable[str]) -> str:
    first = list(names)
    return ", ".join(first[:12]) + (" …" if len(first) > 12 else "")
