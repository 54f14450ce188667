"""Loads any data set of TensorFlow Datasets, prepared once.

The first time, the examples are read twice: for what they are (`tfds_features.py`), then for their
values, with images cropped and resized. These stay in `--data_dir/NAME/FINGERPRINT`, in memory
later, or on disk if they are large (`data/array_folder.py`). `--data_dir/NAME/columns.json` says
what the columns were taken for; who changes it decides otherwise.
"""

import contextlib
import difflib
import hashlib
import json
import pathlib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from jmvae_tf.data import tfds_files
from jmvae_tf.data.array_folder import ArrayWriter, has_arrays, read_arrays, written_arrays
from jmvae_tf.data.data_set import PARTS, DataSet
from jmvae_tf.data.own.layout import MANIFEST
from jmvae_tf.data.own.manifest import Manifest
from jmvae_tf.data.own.modalities_of_manifest import modalities_of, prepare_by
from jmvae_tf.data.own.reading import read_manifest
from jmvae_tf.data.own.report import describe_data
from jmvae_tf.data.own.tfds_features import Facts, columns_of, manifest_of_features
from jmvae_tf.data.own.tfds_reading import facts_of, stored_batches
from jmvae_tf.modalities import observed_key
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import write_json

_FORMAT = 1  # Of prepared folders; another one makes them again.
_MASKS = observed_key("")
_PART_OF_SPLIT = {
    "train": "train",
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    "test": "test",
}
_CATALOG = "https://www.tensorflow.org/datasets/catalog"
_BLOCK = 10
"""Of so many training examples, one goes to each part that a data set lacks."""


def load(
    builder_name: str,
    name: str,
    data_dir: pathlib.Path,
    given: Manifest | None = None,
    say: Callable[[str], None] = print,
) -> DataSet:
    """Loads a data set, and downloads and prepares it first if that is still to do.

    The data set's own splits are the parts; a part that it lacks takes a tenth of the training
    examples: one of ten neighbours, chosen by a hash of their place.

    Args:
      builder_name: NAME[/CONFIG][:VERSION].
      name: the name of the data in runs and messages.
      data_dir: the folder of TensorFlow Datasets.
      given: what an earlier run says the modalities are; None for what `columns.json` says, or to
        infer them; a manifest without modalities to infer them, whatever `columns.json` says.
      say: prints what is done and, unless modalities are given, what columns are taken for.

    Raises:
      UserError: if there is no such data set, it cannot be downloaded, its files are damaged, or
        nothing in it can be a modality.
    """
    _check_files(data_dir / _base_of(builder_name))
    builder = _builder(builder_name, data_dir)
    splits = {split: info.num_examples for split, info in builder.info.splits.items()}
    division = _division_of(list(splits) or ["train"])
    said: dict[str, str] = {}
    columns_file = data_dir / name / MANIFEST
    chosen = given if given is not None and given.modalities else None
    is_said = chosen is None
    if given is None and columns_file.is_file():
        chosen = read_manifest(columns_file, name)
    with _reading(builder):
        manifest = _resolved(builder, name, division, chosen, said)
        folder = data_dir / name / _fingerprint(builder, splits, manifest)
        if not has_arrays(folder):
            say(f"Preparing {builder.info.full_name}; this is done once")
            with written_arrays(folder) as writer:
                _prepare(builder, division, manifest, writer)
    if chosen is None:
        write_json(columns_file, manifest.to_json())
    parts = read_arrays(folder)
    _remove_needless_masks(parts)
    data = DataSet(
        name=name,
        modalities=modalities_of(manifest),
        prepare=prepare_by(manifest),
        manifest=manifest,
        **{part: parts.get(part, {}) for part in PARTS},  # type: ignore[arg-type]
    )
    if is_said:
        notes = [f"{columns_file} says what columns are taken for; change it to decide otherwise"]
        say(describe_data(data, said, notes, division.text))
    return data


def _remove_needless_masks(parts: Mapping[str, dict[str, Any]]) -> None:
    """Removes the masks of modalities that no example lacks."""
    for key in {key for arrays in parts.values() for key in arrays if key.endswith(_MASKS)}:
        if all(np.asarray(arrays[key]).all() for arrays in parts.values()):
            for arrays in parts.values():
                del arrays[key]


def _check_files(folder: pathlib.Path) -> None:
    """Checks the files of all configurations and versions that are there."""
    for described in sorted(folder.glob("**/features.json")):
        tfds_files.check_tfds_files(described.parent)


def _builder(name: str, data_dir: pathlib.Path) -> Any:
    """Returns the builder of a data set whose files are there."""
    base = _base_of(name)
    known = tfds.list_builders(with_community_datasets=False)
    if base not in known and not (data_dir / base).is_dir():  # TFDS would ask servers first.
        near = difflib.get_close_matches(base, known, 1)
        raise UserError(
            "tfds:NAME[/CONFIG][:VERSION] names a data set of TensorFlow Datasets",
            f"tfds:{name}",
            f"did you mean tfds:{near[0]}?" if near else f"see the names at {_CATALOG}",
        )
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except Exception as error:  # TFDS raises many types.
        raise UserError(
            "tfds:NAME[/CONFIG][:VERSION] names a data set of TensorFlow Datasets",
            f"tfds:{name}: {str(error).strip().partition(chr(10))[0]}",
            f"see the names at {_CATALOG}",
        ) from error
    remedy = "download it where there is a network, and copy the folder"
    urls = list(getattr(builder, "url_infos", None) or ())
    if urls and _downloads(builder):
        folder = pathlib.Path(builder.data_dir).parent
        tfds_files.check_available(folder, name, urls[0], remedy)
    try:
        builder.download_and_prepare()
    except Exception as error:
        raise UserError(
            f"{name} must be in --data_dir or be downloadable",
            f"{data_dir} without its files, and {type(error).__name__}: {error}",
            remedy,
        ) from error
    if not isinstance(builder.info.features, tfds.features.FeaturesDict):
        raise UserError(
            "Examples are dictionaries",
            f"{builder.info.full_name}, whose examples are {type(builder.info.features).__name__}",
            "load it with --data=FILE.py:FUNCTION",
        )
    return builder


def _base_of(builder_name: str) -> str:
    """Returns the name of a data set without its configuration and version."""
    return builder_name.partition(":")[0].partition("/")[0]


def _downloads(builder: Any) -> bool:
    """Whether files that are missing will be downloaded; TFDS's mocks need none."""
    return type(builder).download_and_prepare.__module__.startswith(tfds.core.__name__)


@contextlib.contextmanager
def _reading(builder: Any) -> Iterator[None]:
    """Turns the errors of files that cannot be read into one of the user."""
    try:
        yield
    except (UserError, OSError):
        raise
    except Exception as error:  # TFDS raises many types.
        raise UserError(
            "The examples of a data set must be readable",
            f"{builder.info.full_name}: {type(error).__name__}: {error}",
            "remove its files from --data_dir, and download it again",
        ) from error


def _fingerprint(builder: Any, splits: Mapping[str, int], manifest: Manifest) -> str:
    content = json.dumps([_FORMAT, builder.info.full_name, splits, manifest.to_json()])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


class _Division(NamedTuple):
    """How the examples of the splits are divided into parts.

    Attributes:
      part_of: each split that is used, training first, to a function from an example's split and
        place to its part.
      text: how, for messages.
    """

    part_of: Mapping[str, Callable[[str, int], str]]
    text: str


def _division_of(splits: Collection[str]) -> _Division:
    named: dict[str, list[str]] = {}
    for split in splits:
        if split in _PART_OF_SPLIT:
            named.setdefault(_PART_OF_SPLIT[split], []).append(split)
    if "train" not in named:
        named = {"train": list(splits)}
    lacking = [part for part in ("validation", "test") if part not in named]
    left = [split for split in splits if not any(split in some for some in named.values())]
    text = "the splits of TensorFlow Datasets"
    if lacking:
        text += f"; a tenth of {' and '.join(named['train'])} is for {', one for '.join(lacking)}"
    if left:
        text += f"; {', '.join(left)} not used"

    def held_out(split: str, place: int) -> str:
        block, offset = divmod(place, _BLOCK)
        first, second, *_ = hashlib.sha256(f"{split}/{block}".encode()).digest()
        chosen = [first % _BLOCK, (first + 1 + second % (_BLOCK - 1)) % _BLOCK]
        return dict(zip(chosen, lacking, strict=False)).get(offset, "train")

    def always(part: str) -> Callable[[str, int], str]:
        return lambda split, place: part

    part_of = {
        split: held_out if part == "train" else always(part)
        for part in PARTS
        for split in named.get(part, ())
    }
    return _Division(part_of, text)


def _resolved(
    builder: Any, name: str, division: _Division, given: Manifest | None, said: dict[str, str]
) -> Manifest:
    """Returns the manifest of a data set, resolved; adds to `said` what is left out."""
    columns = columns_of(builder.info.features)
    whole = given is not None and given.is_whole
    facts = Facts() if whole else facts_of(builder, columns, list(division.part_of))
    return manifest_of_features(name, columns, facts, given, said)


def _prepare(builder: Any, division: _Division, manifest: Manifest, writer: ArrayWriter) -> None:
    columns = columns_of(builder.info.features)
    for split, part in division.part_of.items():
        place = 0
        for stored in stored_batches(builder, split, columns, manifest):
            there = _has_something(stored, manifest)
            parts = np.array([part(split, place + i) for i in range(len(there))])
            place += len(there)
            for chosen in PARTS:
                mine = there & (parts == chosen)
                if mine.any():
                    writer.append(chosen, {key: x[mine] for key, x in stored.items()})


def _has_something(stored: Mapping[str, np.ndarray], manifest: Manifest) -> np.ndarray:
    """Tells which examples of a batch have at least one modality, [batch]."""
    number = len(next(iter(stored.values())))
    masks = [stored.get(observed_key(name), np.ones(number, bool)) for name in manifest.modalities]
    return np.any([mask.reshape(number, -1).any(axis=1) for mask in masks], axis=0)
