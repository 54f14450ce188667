"""Says in one screen what a user's data were taken for, what they lack and what may go wrong."""

import itertools
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from jmvae_tf.data.data_set import PARTS, DataSet
from jmvae_tf.data.own.column_facts import ColumnFacts
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.modalities import observed_key
from jmvae_tf.runtime.errors import one_line

_WIDTH = 80  # Characters of the narrowest terminal.
_LONGEST = 400  # Characters of a line, which the terminal breaks.
_WIDEST = (14, 22, 24, 12)  # Characters of a line of a cell, by column.
_WIDE = 2  # The column that gets the rest of the width.
_MOST_OF_A_CELL, _GAP = 3, "  "  # Lines.
_NAMED = 5  # Names in a line.
_MOST_LINES = 8  # Of one kind.
_LOOKED_AT = 1_000_000  # Examples.
_FEW, _EVEN = 10, (0.05, 0.2)  # Examples to measure on; shares of a part that are near a tenth.
_RARE, _MAJORITY = 5, 0.5  # Examples of a class; share of the largest.
_STAND_INS = ("99", "999", "9999", "99999")  # What other programs write for missing numbers.
_DISTINCT = 256  # Steps of float32 in the range of a column.


def describe_data(
    data: DataSet,
    said: Mapping[str, str] | None = None,
    notes: Iterable[str] = (),
    divided_by: str = "",
) -> str:
    """Describes a data set that has a manifest.

    Args:
      data: the data set.
      said: column, or modality, to what is worth saying about it.
      notes: further lines.
      divided_by: what divides the rows into parts, if the manifest does not say it.
    """
    said = said or {}
    manifest: Manifest = data.manifest
    counts = {part: data.num_examples(part) for part in PARTS}
    lines = [
        f"{data.name}: {sum(counts.values())} rows, {_for_parts(counts)}",
        f"rows are divided by {divided_by or what_divides(manifest)}",
        "",
    ]
    table = [("modality", "from", "taken for", "missing")]
    for name, one in manifest.modalities.items():
        table.append(
            (name, _some(one.columns), _taken_for(one, said.get(name, "")), _missing(data, name))
        )
    lines += _in_columns(table)
    about = [(x, said[x]) for x in said if x not in manifest.modalities and said[x]]
    if about:
        lines += ["", *_at_most([f"column {_shown(x)}: {why}" for x, why in about])]
    if not divided_by and manifest.split is None:
        notes = [*_notes_on_parts(counts), *notes]
    found = [*notes, *_notes_on_names(manifest), *_notes_on_labels(data), *_notes_on_numbers(data)]
    if found:
        lines += ["", *_at_most([f"note: {one_line(x)}" for x in found])]
    return "\n".join(map(_shortened, lines))


def notes_on_files(
    files: Mapping[str, Sequence[str | None]],
    reasons: Mapping[str, Mapping[int, str]],
    digests: Mapping[str, np.ndarray],
    part_of: np.ndarray,
) -> list[str]:
    """Names files that cannot be used, and equal files in two parts.

    Args:
      files: modality name to the names of its files, a row each.
      reasons: modality name to row to the reason why its file is not used.
      digests: modality name to int64 [rows], numbers that only files of equal content share.
      part_of: [rows], the part of each row.
    """
    notes = []
    for name, broken in reasons.items():
        if broken:
            first = [f"{files[name][row]} ({broken[row]})" for row in sorted(broken)[:_NAMED]]
            more = " …" if len(broken) > _NAMED else ""
            notes.append(f"{name}: not used {', '.join(first)}{more} ({len(broken)} in all)")
    for name, numbers in digests.items():
        twice = _in_two_parts(numbers, part_of)
        if twice:
            one, other = twice[0]
            notes.append(
                f"{name}: equal files in two parts, such as {files[name][one]} and "
                f'{files[name][other]} ({len(twice)} in all); a "group" keeps them together'
            )
    return notes


def notes_on_ranges(columns: Mapping[str, ColumnFacts], manifest: Manifest) -> list[str]:
    """Names columns of numbers with a value that may stand for none, or too close together.

    Models compute in float32, which hardly tells numbers apart that differ by little of their size.
    """
    notes = []
    for one in manifest.modalities.values():
        for column in one.columns if one.kind == "numbers" else ():
            facts = columns.get(column)
            if facts is None or not facts.is_number:
                continue
            largest = np.float32(max(abs(facts.low), abs(facts.high)))
            step = max(float(np.spacing(largest)), float(np.finfo(np.float32).tiny))
            if 0 < facts.high - facts.low < _DISTINCT * step:
                notes.append(
                    f"{_shown(column)} goes from {facts.low:.12g} to {facts.high:.12g}, where "
                    f"float32 has steps of {step:.2g}; subtract a constant or change the unit"
                )
            notes += _notes_on_stand_ins(column, facts)
    return notes


def _notes_on_stand_ins(column: str, facts: ColumnFacts) -> Iterator[str]:
    """Yields a note on a value such as -999 that is repeated, and far from all others."""
    for end in (facts.low, facts.high):
        number = (facts.counts or {}).get(end, 0)
        if number < 2 or str(int(abs(end))) not in _STAND_INS:
            continue
        rest = [x for x in facts.counts or () if isinstance(x, float) and x != end]
        if rest and min(abs(x - end) for x in rest) > max(rest) - min(rest):
            yield (
                f"{_shown(column)} is {end:g} in {number} rows and {min(rest):g} to {max(rest):g} "
                f"in all others; if {end:g} means missing, empty these cells"
            )


def _in_two_parts(digests: np.ndarray, part_of: np.ndarray) -> list[tuple[int, int]]:
    """Finds rows of equal content in different parts, a pair for each content."""
    there = np.flatnonzero(digests != 0)
    order = there[np.lexsort((part_of[there], digests[there]))]
    same = (digests[order[1:]] == digests[order[:-1]]) & (part_of[order[1:]] != part_of[order[:-1]])
    return [(int(order[i]), int(order[i + 1])) for i in np.flatnonzero(same)]


def _for_parts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} for {part}" for part, number in counts.items())


def what_divides(manifest: Manifest) -> str:
    """Says what divides the rows of a manifest into parts."""
    if manifest.split is not None:
        return f"the column {_shown(manifest.split)}"
    if manifest.group is not None:
        return f"a hash of {_shown(manifest.group)}"
    if manifest.key is not None:
        return f"a hash of {_shown(manifest.key)}"
    images = [one.columns[0] for one in manifest.modalities.values() if one.kind == "image"]
    return f"a hash of {_shown(images[0])}" if images else "a hash of all their cells"


def _taken_for(one: ModalityColumns, why: str) -> str:
    shape = "x".join(map(str, one.event_shape))
    height, width = one.size or (0, 0)
    what = {
        "image": f"image of {width}x{height} pixels, {one.channels} channels",
        "label": f"label of {len(one.classes)} classes: {_some(one.classes)}",
        "attributes": "attributes, yes or no",
        "numbers": f"{len(one.columns)} numbers" + (f", log {_some(one.log)}" if one.log else ""),
        "text": f"text of {one.length} places, {len(one.alphabet)} characters",
        "array": f"array {shape}",
    }[one.kind]
    return f"{what}; {one.likelihood}" + (f"; {why}" if why else "")


def _missing(data: DataSet, name: str) -> str:
    key = observed_key(name)
    masks = [data.masks(part)[key] for part in PARTS if key in data.masks(part)]
    if not masks:
        return "-"
    number = sum(int((~mask).sum()) for mask in masks)
    return f"{number} ({number / max(1, sum(mask.size for mask in masks)):.0%})"


def _notes_on_parts(counts: Mapping[str, int]) -> list[str]:
    """Says if a hash divides rows unevenly, or leaves a part with few; it knows no other rows."""
    total = sum(counts.values())
    held_out = {part: counts[part] for part in ("validation", "test")}
    low, high = _EVEN
    if all(x >= _FEW and low <= x / total <= high for x in held_out.values()):
        return []
    return [
        f"of {total} rows, the hash gives {_for_parts(held_out)}, where a tenth each is meant: "
        f"below {_FEW}, measures say little; a column split of train, validation and test divides "
        "rows otherwise"
    ]


def _notes_on_names(manifest: Manifest) -> list[str]:
    found = manifest.collision()
    if found is None:
        return []
    return [
        f"most models would have {found}; rename one of {_some(list(manifest.modalities))} in "
        "columns.json"
    ]


def _notes_on_labels(data: DataSet) -> list[str]:
    notes = []
    manifest: Manifest = data.manifest
    for name, one in manifest.modalities.items():
        if one.kind != "label" or not _is_usual(data.values("train")[name], one):
            continue
        counts = {}
        for part in PARTS:
            if data.num_examples(part):
                codes = _first(data, part, name)[data.observed(part)[name][:_LOOKED_AT]]
                counts[part] = np.bincount(codes, minlength=len(one.classes))
        for part, number in counts.items():
            without = [one.classes[i] for i in np.flatnonzero(number == 0)]
            if without:
                notes.append(f"no {part} example has {name} {_some(without)}")
        train = counts["train"]
        few = np.flatnonzero((train > 0) & (train < _RARE))
        if few.size:
            named = [f"{one.classes[i]} ({train[i]})" for i in few]
            notes.append(f"few training examples have {name} {_some(named)}")
        share = train.max() / max(1, train.sum())
        if share > _MAJORITY and len(one.classes) > 2:
            largest = one.classes[int(train.argmax())]
            notes.append(f"{share:.0%} of {name} are {largest}; --balance={name} evens it out")
    return notes


def _is_usual(stored: Any, one: ModalityColumns) -> bool:
    """Tells whether values are in memory and stored as usual; those of a function may not be."""
    return (
        isinstance(stored, np.ndarray)
        and stored.dtype == one.stored_type
        and stored.shape[1:] == one.stored_shape
    )


def _notes_on_numbers(data: DataSet) -> list[str]:
    """Names columns without values, or with a single one, in training."""
    notes = []
    manifest: Manifest = data.manifest
    for name, one in manifest.modalities.items():
        if one.kind != "numbers" or not _is_usual(data.values("train")[name], one):
            continue
        values = _first(data, "train", name).astype(np.float64)
        mask = data.masks("train").get(observed_key(name), np.ones(len(values), bool))[:_LOOKED_AT]
        mask = np.broadcast_to(mask if mask.ndim > 1 else mask[:, None], values.shape)
        for column, x, there in zip(one.columns, values.T, mask.T, strict=True):
            if not there.any():
                notes.append(f"no training example has {_shown(column)}")
            elif not np.ptp(x[there]):
                notes.append(f"{_shown(column)} is {x[there][0]:g} in all training examples")
    return notes


def _first(data: DataSet, part: str, name: str) -> np.ndarray:
    """Returns the stored values of the first examples, which may be on disk."""
    number = min(data.num_examples(part), _LOOKED_AT)
    return data.values(part)[name][np.arange(number)]


def _in_columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Lays out a table as wide as the terminal; long cells go on in the next lines."""
    rows = [tuple(map(one_line, row)) for row in rows]
    columns = zip(*rows, strict=True)
    longest = [max(map(len, cells)) for cells in columns]
    widths = [min(most, length) for most, length in zip(_WIDEST, longest, strict=True)]
    room = (
        max(_WIDTH, shutil.get_terminal_size().columns)
        - sum(widths)
        - len(_GAP) * (len(widths) - 1)
    )
    widths[_WIDE] += min(room, longest[_WIDE] - widths[_WIDE])
    lines = []
    for row in rows:
        cells = [
            textwrap.wrap(x, width, max_lines=_MOST_OF_A_CELL, placeholder="…")
            for x, width in zip(row, widths, strict=True)
        ]
        for parts in itertools.zip_longest(*cells, fillvalue=""):
            padded = (x.ljust(width) for x, width in zip(parts, widths, strict=True))
            lines.append(_GAP.join(padded).rstrip())
    return lines


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{x}"' if "," in x else x for x in map(_shown, names[:_NAMED]))
    return f"{shown}, …" if len(names) > _NAMED else shown


def _shown(name: str) -> str:
    return _shortened(one_line(name), 40)


def _shortened(text: str, most: int = _LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _at_most(lines: list[str]) -> list[str]:
    if len(lines) <= _MOST_LINES:
        return lines
    return [*lines[: _MOST_LINES - 1], f"… and {len(lines) - _MOST_LINES + 1} more of these"]
