"""Says what modalities the features of a data set of TensorFlow Datasets make.

Images, class labels, dictionaries of yes and no, numbers, and short texts become modalities. A
column has the name of its feature, "nose_x", with the dictionaries that it is in if others have the
same, "landmarks/nose_x". A value of a vector has its index, "features[0]".
"""

import collections
import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from jmvae_tf.data.own.image_reading import (
    are_black_and_white,
    is_grey,
    share_of_extremes,
    usual_size,
)
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.own.manifest_values import LIKELIHOODS, MOST_CLASSES, MOST_SYMBOLS
from jmvae_tf.export_format import signature_names, value_names
from jmvae_tf.runtime.errors import UserError, one_line

MOST_NAMED = 64
"""Values of a vector that become columns of numbers; a longer one becomes an array."""

_LONGEST_TEXT = 200  # Characters; places times symbols are computed for each example.
_FEW = 20  # Texts with at most so many different values, or a tenth of the examples, are a label.
_IDENTITY = re.compile(
    r"(.*[_/])?(id|ids|idx|index|identity|identity_no|key|file_?name|path|url|uri)", re.IGNORECASE
)
_WEIGHT = "sample_weight"


@dataclasses.dataclass(frozen=True)
class Column:
    """One value of an example.

    Attributes:
      name: the name of the column.
      path: its place in nested dictionaries.
      feature: how TFDS describes it.
      index: its place in a vector; None for a whole feature.
    """

    name: str
    path: tuple[str, ...]
    feature: Any
    index: int | None = None

    @property
    def short_name(self) -> str:
        """Its name without the dictionaries that it is in."""
        return self.path[-1] + ("" if self.index is None else f"[{self.index}]")

    @property
    def identifies(self) -> bool:
        """Whether it is a number or a text that only tells examples apart."""
        return self.kind in ("numbers", "text") and _IDENTITY.fullmatch(self.name) is not None

    @property
    def kind(self) -> str | None:
        """The kind of modality that it can be part of; None if there is none for it."""
        feature, shape = self.feature, self.feature.shape
        if isinstance(feature, tfds.features.Image):
            return "image"
        if isinstance(feature, tfds.features.ClassLabel):
            return "label"
        if not isinstance(feature, tfds.features.Tensor | tfds.features.Scalar):
            return None
        if feature.dtype == tf.string:
            return "text" if shape == () else None
        is_scalar = shape == () or self.index is not None
        if feature.dtype == tf.bool:
            return "attributes" if is_scalar else None
        if not (feature.dtype.is_floating or feature.dtype.is_integer):
            return None
        if is_scalar:
            return "numbers"
        return "array" if None not in shape and len(shape) <= 4 else None


def columns_of(features: Any) -> dict[str, Column]:
    """Lists the columns by name, in the order of the features."""
    columns = _columns(features, ())
    number = collections.Counter(column.short_name for column in columns)
    named = (
        dataclasses.replace(x, name=x.short_name) if number[x.short_name] == 1 else x
        for x in columns
    )
    return {column.name: column for column in named}


def _columns(feature: Any, path: tuple[str, ...]) -> list[Column]:
    if type(feature) is tfds.features.FeaturesDict:
        return [x for name, part in feature.items() for x in _columns(part, (*path, name))]
    name = "/".join(path)
    is_vector = (
        type(feature) is tfds.features.Tensor
        and len(feature.shape) == 1
        and 0 < (feature.shape[0] or 0) <= MOST_NAMED
        and feature.dtype != tf.string
    )
    if is_vector:
        return [Column(f"{name}[{i}]", path, feature, i) for i in range(feature.shape[0])]
    return [Column(name, path, feature)]


@dataclasses.dataclass
class Facts:
    """What the examples say about the columns.

    Attributes:
      number: the number of examples.
      sizes: height and width of some images, by column.
      is_black_or_white: whether nearly all pixels of an image are black or white, by column.
      is_grey: whether the colours of an image are always equal, by column.
      lowest: the lowest number of each column of numbers, NaN left out.
      highest: the highest.
      has_gaps: the columns that lack some of their values.
      texts: the different texts of each column, up to a limit, and how often each comes.
      longest: the most characters of a text, by column.
      characters: how many texts have a character, by column.
    """

    number: int = 0
    sizes: dict[str, list[tuple[int, int]]] = dataclasses.field(default_factory=dict)
    is_black_or_white: dict[str, bool] = dataclasses.field(default_factory=dict)
    is_grey: dict[str, bool] = dataclasses.field(default_factory=dict)
    lowest: dict[str, float] = dataclasses.field(default_factory=dict)
    highest: dict[str, float] = dataclasses.field(default_factory=dict)
    has_gaps: set[str] = dataclasses.field(default_factory=set)
    texts: dict[str, dict[str, int]] = dataclasses.field(default_factory=dict)
    longest: dict[str, int] = dataclasses.field(default_factory=dict)
    characters: dict[str, dict[str, int]] = dataclasses.field(default_factory=dict)

    def add_images(self, name: str, images: Sequence[np.ndarray]) -> None:
        """Adds uint8 images, [height, width, channels], of a column."""
        sizes = [(image.shape[0], image.shape[1]) for image in images]
        self.sizes[name] = [*self.sizes.get(name, []), *sizes]
        self.is_black_or_white[name] = are_black_and_white(list(map(share_of_extremes, images)))
        self.is_grey[name] = all(map(is_grey, images))

    def add_numbers(self, name: str, values: np.ndarray) -> None:
        """Adds numbers of a column, [examples]."""
        there = values[np.isfinite(values)]
        if len(there) < len(values):
            self.has_gaps.add(name)
        if there.size:
            self.lowest[name] = min(self.lowest.get(name, np.inf), float(there.min()))
            self.highest[name] = max(self.highest.get(name, -np.inf), float(there.max()))

    def add_texts(self, name: str, values: Sequence[bytes]) -> None:
        """Adds texts of a column."""
        known, characters = self.texts.setdefault(name, {}), self.characters.setdefault(name, {})
        for value in values:
            text = text_of(value)
            if text in known or len(known) <= MOST_CLASSES:
                known[text] = known.get(text, 0) + 1
            self.longest[name] = max(self.longest.get(name, 0), len(text))
            for character in set(text):
                characters[character] = characters.get(character, 0) + 1


def text_of(value: bytes) -> str:
    """Returns a text of TFDS without what cannot be printed, at its ends without white space."""
    text = " ".join(value.decode("utf-8", "replace").split())
    return "".join(x for x in text if x.isprintable())


def manifest_of_features(
    name: str,
    columns: Mapping[str, Column],
    facts: Facts,
    given: Manifest | None,
    said: dict[str, str],
) -> Manifest:
    """Says what modalities the columns make.

    Args:
      name: the name of the data.
      columns: all columns.
      facts: what the examples say about them.
      given: what the user says they are; the modalities then are these.
      said: gets the columns that are left out, and why.

    Returns:
      A resolved manifest: images first, then in the order of the features.

    Raises:
      UserError: if a given column is unknown or of another kind, or nothing is left.
    """
    given = given or Manifest(name, {})
    _check_about_all(given, columns)
    weight = given.weight
    modalities = dict(given.modalities)
    for modality, one in modalities.items():
        for column in one.columns:
            _check_column(modality, one, columns, column)
    if not modalities:
        has_usual = _WEIGHT in columns and columns[_WEIGHT].kind == "numbers"
        if weight is None and has_usual and _WEIGHT not in given.ignore:
            weight = _WEIGHT
        used = {x: y for x, y in columns.items() if x != weight and x not in given.ignore}
        said.update({x: "it is ignored in columns.json" for x in given.ignore})
        modalities = _inferred(used, facts, said)
    if not modalities:
        raise UserError(
            "A data set must have an image, a label, attributes, numbers or a short text",
            f"{name} with {', '.join(columns)}",
            "choose another, or load it with --data=FILE.py:FUNCTION",
        )
    whole = {key: _resolved(one, columns, facts) for key, one in modalities.items()}
    return Manifest(name, whole, weight=weight, ignore=given.ignore)


def _check_about_all(given: Manifest, columns: Mapping[str, Column]) -> None:
    """Raises UserError if a manifest says of all columns what cannot be followed."""
    for key in ("split", "group", "key"):
        if getattr(given, key) is not None:
            raise UserError(
                "Data sets of TensorFlow Datasets have splits of their own",
                f'"{key}": {getattr(given, key)!r} in columns.json',
                f'remove "{key}"',
            )
    for column in given.ignore:
        if column not in columns:
            raise UserError(
                "An ignored column is one of the data set",
                f'"ignore": {column!r} in columns.json',
                f"choose among {', '.join(columns)}",
            )
    weight = given.weight
    if weight is not None and (weight not in columns or columns[weight].kind != "numbers"):
        raise UserError(
            "The weight of an example is a column of numbers",
            f'"weight": {weight!r}',
            f"choose among {', '.join(x for x in columns if columns[x].kind == 'numbers')}",
        )


def _check_column(
    modality: str, one: ModalityColumns, columns: Mapping[str, Column], name: str
) -> None:
    kinds = {"text": ("text", "label"), "numbers": ("numbers", "label")}
    if name not in columns or one.kind not in kinds.get(
        str(columns[name].kind), (columns[name].kind,)
    ):
        found = f"a column of kind {columns[name].kind}" if name in columns else "no such column"
        raise UserError(
            "The columns of a modality must be in the data, and of its kind",
            f"{modality!r} of kind {one.kind} with {name!r}, {found}",
            f"choose among {', '.join(columns)}",
        )


def _inferred(
    columns: Mapping[str, Column], facts: Facts, said: dict[str, str]
) -> dict[str, ModalityColumns]:
    """Groups columns to modalities."""
    modalities: dict[str, ModalityColumns] = {}
    for (group, kind), members in _groups(columns, facts, said).items():
        if group == kind and len(members) == 1:
            group = columns[members[0]].short_name
        name = _modality_name(group, kind, modalities)
        modalities[name] = ModalityColumns(kind, tuple(members))
    images_first = sorted(modalities.items(), key=lambda item: item[1].kind != "image")
    return dict(images_first)


def _groups(
    columns: Mapping[str, Column], facts: Facts, said: dict[str, str]
) -> dict[tuple[str, str], list[str]]:
    groups: dict[tuple[str, str], list[str]] = {}
    for name, column in columns.items():
        kind, reason = column.kind, _reason_to_ignore(column, facts)
        if kind == "text" and not reason:
            kind, reason = _kind_of_text(facts, name)
        if kind is None or reason:
            said[name] = reason or f"{type(column.feature).__name__} makes no modality"
            continue
        group = "_".join(column.path)
        if kind in ("attributes", "numbers"):
            in_dictionary = column.path if column.index is not None else column.path[:-1]
            group = "_".join(in_dictionary) or kind
        groups.setdefault((group, kind), []).append(name)
    return groups


def _reason_to_ignore(column: Column, facts: Facts) -> str:
    name, kind = column.name, column.kind
    if column.identifies:
        return "it identifies examples"
    if kind == "numbers" and facts.lowest.get(name) == facts.highest.get(name):
        return "it has fewer than 2 values"
    if kind == "label":
        number = column.feature.num_classes
        if number is None or number < 2:
            return "it has fewer than 2 classes"
        if number > MOST_CLASSES:
            return f"it has more than {MOST_CLASSES} classes"
    if kind == "image" and column.feature.shape[-1] == 2:
        return "it has 2 channels"
    return ""


def _kind_of_text(facts: Facts, name: str) -> tuple[str | None, str]:
    different = len(facts.texts.get(name, ()))
    if different < 2:
        return None, "it has fewer than 2 values"
    if different <= max(_FEW, facts.number // 10) and different <= MOST_CLASSES:
        return "label", ""
    longest, symbols = facts.longest[name], len(facts.characters[name])
    if longest > _LONGEST_TEXT or symbols > MOST_SYMBOLS:
        return None, f"texts of up to {longest} characters, with {symbols} different ones"
    return "text", ""


def _modality_name(group: str, kind: str, taken: Mapping[str, Any]) -> str:
    """Returns a name that a modality can have, and no other has."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", group)[:48]
    if not signature_names.can_name_modality(name):
        name = f"{kind}_{name}".rstrip("_")
    if not signature_names.can_name_modality(name):
        name = f"{name}_values"
    numbered, number = name, 1
    while numbered in taken:
        number += 1
        numbered = f"{name}_{number}"
    return numbered


def _resolved(one: ModalityColumns, columns: Mapping[str, Column], facts: Facts) -> ModalityColumns:
    """Adds what a modality lacks."""
    name, feature = one.columns[0], columns[one.columns[0]].feature
    likelihood = one.likelihood or LIKELIHOODS[one.kind][0]
    found: dict[str, Any] = {}
    if one.kind == "image":
        channels = feature.shape[-1] or 3
        grey = channels == 3 and facts.is_grey.get(name, False)
        found = {"size": usual_size(facts.sizes.get(name, [])), "channels": channels}
        if grey:
            found["channels"] = 1
        if one.likelihood is None and facts.is_black_or_white.get(name) and found["channels"] == 1:
            likelihood = "Bernoulli"
    elif one.kind == "label":
        found = {"classes": _classes(columns[name], facts)}
    elif one.kind == "text":
        common = sorted(facts.characters.get(name, {}).items(), key=lambda x: (-x[1], x[0]))
        alphabet = "".join(sorted(character for character, _ in common[:MOST_SYMBOLS]))
        found = {"alphabet": alphabet, "length": facts.longest.get(name, 0) or None}
    elif one.kind == "array":
        found = {"shape": tuple(feature.shape)}
    lacking = {key: value for key, value in found.items() if not getattr(one, key)}
    gaps = any(column in facts.has_gaps for column in one.columns)
    return dataclasses.replace(
        one,
        likelihood=likelihood,
        partly_observed=one.partly_observed or (one.kind == "numbers" and gaps),
        **lacking,
    )


def _classes(column: Column, facts: Facts) -> tuple[str, ...]:
    if column.kind == "label":
        names = column.feature.names or []
        known = [one_line(name)[: value_names.LONGEST] for name in names]
        numbers = tuple(map(str, range(column.feature.num_classes)))
        is_good = all(map(value_names.is_name, known)) and len(set(known)) == len(numbers)
        return tuple(known) if is_good else numbers
    if column.kind == "text":
        return tuple(sorted(x for x in facts.texts.get(column.name, {}) if value_names.is_name(x)))
    lowest, highest = (int(x.get(column.name, 0)) for x in (facts.lowest, facts.highest))
    return tuple(map(str, range(lowest, min(highest + 1, lowest + MOST_CLASSES))))
