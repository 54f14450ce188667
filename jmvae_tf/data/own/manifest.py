"""A manifest: which columns of a table make up which modality.

A user writes `columns.json` beside a table; whatever it leaves out is inferred from the data. A
resolved manifest leaves out nothing, so a run or an export that holds one needs neither the data
nor a module to make its modalities (`modalities_of_manifest.py`). This module does not import
TensorFlow.

    {"photo":    {"kind": "image", "column": "photo_file_name", "size": [64, 64], "channels": 3},
     "species":  {"kind": "label", "column": "species", "classes": ["cockle", "limpet", "whelk"]},
     "measures": {"kind": "numbers", "columns": ["length_mm", "weight_g"], "log": ["weight_g"]},
     "":         {"split": "split", "group": "beach", "ignore": ["id"]}}
"""

import dataclasses
import difflib
import math
from collections.abc import Mapping, Sequence
from typing import Any

from jmvae_tf.data.own.manifest_values import (
    COLUMNS,
    COUNTS,
    FITS,
    LIKELIHOODS,
    MOST_MODALITIES,
    OF_ALL,
    OF_ANY,
    OF_KIND,
    SEVERAL,
    ValueRule,
)
from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.value_names import MOST_IN_A_TEXT
from jmvae_tf.runtime.errors import UserError

_ABOUT_ALL = ""  # The key of what is said of the whole table.


@dataclasses.dataclass(frozen=True)
class ModalityColumns:
    """One modality of a table. None or empty: not resolved yet, or not of this kind.

    Attributes:
      kind: "image", "label", "attributes", "numbers", "text" or "array".
      columns: the columns in the order of the modality's values; a single one but for attributes
        and numbers.
      likelihood: the name of its class in `jmvae_tf`.
      likelihood_weight: the factor of its log-likelihood.
      partly_observed: whether the table lacks some of its values in rows that have others. A model
        of complete rows alone has no use for it: it goes by `Modality.partly_observed`.
      size: height and width of an image in pixels.
      channels: of an image: 1 for grey, 3 for colour, 4 for colour and opacity.
      fit: one of `FITS`, of an image.
      classes: the classes of a label in the order of its values.
      log: columns of numbers that are modelled as logarithms.
      alphabet: the characters of a text in the order of its symbols, without the end mark.
      length: the most characters of a text.
      shape: the shape of an array.
    """

    kind: str
    columns: tuple[str, ...]
    likelihood: str | None = None
    likelihood_weight: float | None = None
    partly_observed: bool = False
    size: tuple[int, int] | None = None
    channels: int | None = None
    fit: str = FITS[0]
    classes: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    alphabet: str = ""
    length: int | None = None
    shape: tuple[int, ...] = ()

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one example, if nothing that decides it is lacking."""
        if self.kind == "image":
            return (*(self.size or ()), self.channels or 0)
        if self.kind == "label":
            return (len(self.classes),)
        if self.kind == "text":
            return (self.length or 0, len(self.alphabet) + 1)
        return self.shape if self.kind == "array" else (len(self.columns),)

    @property
    def stored_type(self) -> str:
        """The type that values have in files and in memory: bytes where they suffice.

        Images are levels, labels are indices of classes, attributes 0 or 1, texts indices of
        symbols from the end mark on.
        """
        return {"image": "uint8", "attributes": "uint8", "label": "int32", "text": "uint16"}.get(
            self.kind, "float32"
        )

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """The shape of one example in files and in memory."""
        return self.event_shape[: {"label": 0, "text": 1}.get(self.kind)]

    @property
    def lacks(self) -> tuple[str, ...]:
        """The keys that are not resolved yet."""
        needed = {
            "image": ("size", "channels"),
            "label": ("classes",),
            "text": ("alphabet", "length"),
            "array": ("shape",),
        }
        return tuple(
            key for key in ("likelihood", *needed.get(self.kind, ())) if not getattr(self, key)
        )


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What a table's columns are taken for.

    Attributes:
      name: the name of the data, for runs and messages.
      modalities: modality name to its columns, in the order of a model's modalities.
      split: the column that names the part of each row; None if rows are divided by a hash.
      group: the column whose equal values stay in one part.
      key: the column that identifies a row; None for the file names or the whole row.
      weight: the column of the weight of each row in training.
      ignore: columns that are not used.
    """

    name: str
    modalities: Mapping[str, ModalityColumns]
    split: str | None = None
    group: str | None = None
    key: str | None = None
    weight: str | None = None
    ignore: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether everything is resolved."""
        return bool(self.modalities) and not any(x.lacks for x in self.modalities.values())

    def to_json(self) -> dict[str, Any]:
        """Returns what `from_json` reads, without what has no value or the usual one."""
        written = {name: _columns_to_json(one) for name, one in self.modalities.items()}
        about_all = {
            field.name: _plain(getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.name != "modalities" and getattr(self, field.name)
        }
        return {**written, _ABOUT_ALL: about_all}

    @classmethod
    def from_json(
        cls, value: Any, where: str, name: str = "data", whole: bool = False
    ) -> "Manifest":
        """Reads a manifest of anybody's.

        Args:
          value: what a JSON file holds.
          where: the file, for messages.
          name: the name of the data, if the manifest does not say it.
          whole: whether everything must be resolved.

        Raises:
          UserError: if it is not a manifest; it names the file and the key.
        """
        entries = dict(_object(value, where, "the manifest"))
        about_all = _object(entries.pop(_ABOUT_ALL, {}), where, '""')
        if len(entries) > MOST_MODALITIES:
            raise UserError(
                f"A manifest has at most {MOST_MODALITIES} modalities",
                f"{where}: {len(entries)}",
                "put numbers, or yes and no, together as the columns of one",
            )
        modalities = {key: _columns_from_json(key, x, where) for key, x in entries.items()}
        fields = {key: _checked(OF_ALL, key, x, f'{where}: ""') for key, x in about_all.items()}
        manifest = cls(**{"name": name, **fields}, modalities=modalities)
        manifest._check_columns(where)
        if whole:
            manifest.check_whole(where)
        return manifest

    def _check_columns(self, where: str) -> None:
        seen: dict[str, str] = {}
        for name, one in self.modalities.items():
            for column in one.columns:
                if column in seen:
                    raise UserError(
                        "A column belongs to one modality",
                        f"{where}: {column!r} in {seen[column]!r} and {name!r}",
                        "remove it from one of them",
                    )
                seen[column] = name
        for column in self.ignore:
            if column in seen:
                raise UserError(
                    "An ignored column belongs to no modality",
                    f'{where}: "".ignore: {column!r}, which {seen[column]!r} has too',
                    "remove it from one of them",
                )

    def check_whole(self, where: str) -> None:
        """Raises UserError if it has no modality, or one that is not resolved."""
        if not self.modalities:
            raise UserError("A manifest has modalities", f"{where}: none", "name one")
        for name, one in self.modalities.items():
            if one.lacks:
                raise UserError(
                    f"A resolved manifest says the {one.lacks[0]} of each {one.kind}",
                    f"{where}: {name!r} without {', '.join(one.lacks)}",
                    f"add {one.lacks[0]!r}",
                )

    def collision(self, conditions: Sequence[str] = ()) -> str | None:
        """Finds two signatures of one name that a model has; see `signature_names.collision`."""
        images = [name for name, one in self.modalities.items() if one.kind == "image"]
        return signature_names.collision(list(self.modalities), images, conditions)

    def check_signatures(self, where: str, conditions: Sequence[str] = ()) -> None:
        """Raises UserError if an export of a model would have two signatures of one name.

        Args:
          where: what the manifest is of, for messages.
          conditions: the names that must always be given and are never generated.
        """
        found = self.collision(conditions)
        if found:
            raise UserError(
                "Names of modalities give each signature of an export a name of its own",
                f"{where}: {found}",
                f"rename one of {', '.join(self.modalities)} in columns.json",
            )


def _columns_to_json(one: ModalityColumns) -> dict[str, Any]:
    written: dict[str, Any] = {"kind": one.kind}
    if one.kind in SEVERAL:
        written["columns"] = list(one.columns)
    else:
        [written["column"]] = one.columns
    for field in dataclasses.fields(one):
        value = getattr(one, field.name)
        if field.name not in ("kind", "columns") and value != field.default:
            written[field.name] = _plain(value)
    if one.kind == "image":
        written["fit"] = one.fit
    return written


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _columns_from_json(name: str, value: Any, where: str) -> ModalityColumns:
    if not signature_names.can_name_modality(name):
        raise UserError(
            f"A modality's name must be {signature_names.MODALITY_NAMES}",
            f"{where}: {name!r}",
            "choose another name",
        )
    where = f"{where}: {name}"
    entries = dict(_object(value, where, "a modality"))
    kind = _checked(OF_ANY, "kind", entries.pop("kind", None), where)
    key = "columns" if kind in SEVERAL else "column"
    rules = {"kind": OF_ANY["kind"], key: COLUMNS[key], **OF_ANY, **OF_KIND[kind]}
    fields = {key: _checked(rules, key, x, where) for key, x in entries.items()}
    if key not in fields:
        raise UserError(f"Modalities of kind {kind} say their {key}", where, f"add {key!r}")
    columns = fields.pop(key)
    one = ModalityColumns(kind, columns if kind in SEVERAL else (columns,), **fields)
    if one.likelihood is not None and one.likelihood not in LIKELIHOODS[kind]:
        raise _wrong(where, "likelihood", one.likelihood, f"one of {', '.join(LIKELIHOODS[kind])}")
    for column in one.log:
        if column not in one.columns:
            raise _wrong(where, "log", column, f"some of its columns, {', '.join(one.columns)}")
    by_value = kind in SEVERAL or (kind == "array" and len(one.shape) <= 1)
    if one.partly_observed and not by_value:
        raise _wrong(where, "partly_observed", True, f"left out of a modality of kind {kind}")
    if math.prod(one.event_shape) > MOST_IN_A_TEXT and kind == "text":
        given = [one.length, len(one.alphabet) + 1]
        raise _wrong(
            where, "length", given, f"shorter: {MOST_IN_A_TEXT} values, places times symbols"
        )
    if one.log and one.likelihood in COUNTS:
        raise _wrong(where, "log", list(one.log), f"left out with {one.likelihood}")
    return one


def _object(value: Any, where: str, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UserError(
            "A manifest is an object of objects, one for each modality",
            f"{where}: {what} as {type(value).__name__}",
            'write {"NAME": {"kind": …, "column": …}}',
        )
    return value


def _checked(rules: Mapping[str, ValueRule], key: str, value: Any, where: str) -> Any:
    if key not in rules:
        near = difflib.get_close_matches(key, list(rules), 1)
        raise UserError(
            f"The keys here are {', '.join(rules)}",
            f"{where}: {key!r}",
            f"did you mean {near[0]!r}?" if near else "remove it",
        )
    read, wanted = rules[key]
    result = read(value)
    if result is None:
        raise _wrong(where, key, value, wanted)
    return result


def _wrong(where: str, key: str, value: Any, wanted: str) -> UserError:
    return UserError(f"{key} must be {wanted}", f"{where}.{key}: {value!r}", "change it")
