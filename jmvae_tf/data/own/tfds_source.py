"""Loads any data set of TensorFlow Datasets, prepared once.

The first time, the examples are read twice: for what they are (`tfds_features.py`), then for their
values, with images cropped and resized. These stay in `--data_dir/NAME/FINGERPRINT`, in memory
later, or on disk if they are large (`data/array_folder.py`).
"""

import hashlib
import json
import pathlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import cv2
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from jmvae_tf.data import tfds_files
from jmvae_tf.data.array_folder import ArrayWriter, has_arrays, read_arrays, written_arrays
from jmvae_tf.data.data_set import PARTS, DataSet
from jmvae_tf.data.own.image_reading import fitted_image
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.own.modalities_of_manifest import modalities_of, prepare_by
from jmvae_tf.data.own.tfds_features import Column, Facts, columns_of, manifest_of_features, text_of
from jmvae_tf.modalities import SAMPLE_WEIGHT, observed_key
from jmvae_tf.runtime.errors import UserError

_FORMAT = 1  # Of prepared folders; another one makes them again.
_MASKS = observed_key("")
_SAMPLED_IMAGES = 200
_AT_ONCE = 256
_PART_OF_SPLIT = {
    "train": "train",
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    "test": "test",
}
_BLOCK = 10
"""Of so many training examples, one goes to each part that a data set lacks."""

_PartOf = Callable[[str, int], str]


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
      given: what the user, or an earlier run, says the modalities are; None to infer them.
      say: prints what is done and what is left out.

    Raises:
      UserError: if there is no such data set, it cannot be downloaded, its files are damaged, or
        nothing in it can be a modality.
    """
    _check_files(data_dir / builder_name.partition(":")[0].partition("/")[0])
    builder = _builder(builder_name, data_dir)
    splits = {split: info.num_examples for split, info in builder.info.splits.items()}
    folder = data_dir / name / _fingerprint(builder, splits, given)
    if not has_arrays(folder):
        say(f"Preparing {builder.info.full_name}; this is done once")
        try:
            with written_arrays(folder) as writer:
                _prepare(builder, name, list(splits) or ["train"], given, writer, say)
        except (UserError, OSError):
            raise
        except Exception as error:  # TFDS raises many types.
            raise UserError(
                "The examples of a data set must be readable",
                f"{builder.info.full_name}: {type(error).__name__}: {error}",
                "remove its files from --data_dir, and download it again",
            ) from error
    parts, about = read_arrays(folder)
    for key in {key for arrays in parts.values() for key in arrays if key.endswith(_MASKS)}:
        if all(np.asarray(arrays[key]).all() for arrays in parts.values()):  # Nothing is missing.
            for arrays in parts.values():
                del arrays[key]
    manifest = Manifest.from_json(about, str(folder), name, whole=True)
    return DataSet(
        name=name,
        modalities=modalities_of(manifest),
        prepare=prepare_by(manifest),
        manifest=manifest,
        **{part: parts.get(part, {}) for part in PARTS},  # type: ignore[arg-type]
    )


def _check_files(folder: pathlib.Path) -> None:
    """Checks the files of all configurations and versions that are there."""
    for described in sorted(folder.glob("**/features.json")):
        tfds_files.check_tfds_files(described.parent)


def _builder(name: str, data_dir: pathlib.Path) -> Any:
    """Returns the builder of a data set whose files are there."""
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except Exception as error:  # TFDS raises many types.
        raise UserError(
            "tfds:NAME[/CONFIG][:VERSION] names a data set of TensorFlow Datasets",
            f"tfds:{name}: {str(error).strip().partition(chr(10))[0]}",
            "see the names at https://www.tensorflow.org/datasets/catalog",
        ) from error
    try:
        builder.download_and_prepare()
    except Exception as error:
        raise UserError(
            f"{name} must be in --data_dir or be downloadable",
            f"{data_dir} without its files, and {type(error).__name__}: {error}",
            "download it where there is a network, and copy the folder",
        ) from error
    if not isinstance(builder.info.features, tfds.features.FeaturesDict):
        raise UserError(
            "Examples are dictionaries",
            f"{builder.info.full_name}, whose examples are {type(builder.info.features).__name__}",
            "load it with --data=FILE.py:FUNCTION",
        )
    return builder


def _fingerprint(builder: Any, splits: Mapping[str, int], given: Manifest | None) -> str:
    told = None if given is None else given.to_json()
    content = json.dumps([_FORMAT, builder.info.full_name, splits, told], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _prepare(
    builder: Any,
    name: str,
    splits: list[str],
    given: Manifest | None,
    writer: ArrayWriter,
    say: Callable[[str], None],
) -> None:
    columns = columns_of(builder.info.features)
    part_of = _parts_of(splits, say)
    facts = _facts(builder, columns, [split for split in splits if split in part_of])
    manifest = manifest_of_features(name, columns, facts, given, say)
    writer.about = manifest.to_json()
    total = 0
    for split, part in part_of.items():
        place = 0
        for batch in _batches(builder, split, columns, manifest):
            number = len(next(iter(batch.values())))
            parts = np.array([part(split, place + i) for i in range(number)], object)
            place, total = place + number, total + number
            stored = _stored(batch, columns, manifest)
            parts[~_has_something(stored, manifest)] = ""
            for chosen in PARTS:
                mine = parts == chosen
                if mine.any():
                    writer.append(chosen, {key: x[mine] for key, x in stored.items()})
    numbers = {part: writer.num_rows(part) for part in PARTS}
    say(", ".join(f"{number} examples for {part}" for part, number in numbers.items()))
    if sum(numbers.values()) < total:
        say(f"{total - sum(numbers.values())} examples without any value are left out")


def _parts_of(splits: Iterable[str], say: Callable[[str], None]) -> dict[str, _PartOf]:
    """Maps each split that is used to a function from split and place to an example's part."""
    named: dict[str, list[str]] = {}
    for split in splits:
        if split in _PART_OF_SPLIT:
            named.setdefault(_PART_OF_SPLIT[split], []).append(split)
    if "train" not in named:
        named = {"train": list(splits)}
    lacking = [part for part in ("validation", "test") if part not in named]
    left = [split for split in splits if not any(split in some for some in named.values())]
    if left:
        say(f"The splits {', '.join(left)} are not used")
    if lacking:
        say(f"A tenth of the training examples is held out for {', and one for '.join(lacking)}")

    def held_out(split: str, place: int) -> str:
        block, offset = divmod(place, _BLOCK)
        first, second, *_ = hashlib.sha256(f"{split}/{block}".encode()).digest()
        chosen = [first % _BLOCK, (first + 1 + second % (_BLOCK - 1)) % _BLOCK]
        return dict(zip(chosen, lacking, strict=False)).get(offset, "train")

    def always(part: str) -> _PartOf:
        return lambda split, place: part

    return {
        split: held_out if part == "train" else always(part)
        for part in PARTS
        for split in named.get(part, ())
    }


# The first reading: what the columns are.


def _facts(builder: Any, columns: Mapping[str, Column], splits: list[str]) -> Facts:
    facts = Facts()
    images = [name for name, column in columns.items() if column.kind == "image"]
    told = {name: x for name, x in columns.items() if x.kind in ("numbers", "text")}
    told = {name: x for name, x in told.items() if not x.identifies}
    for split in splits if told else ():
        for batch in _read(builder, split, told, {}):
            facts.number += len(next(iter(batch.values())))
            for name, values in batch.items():
                if columns[name].kind == "text":
                    facts.add_texts(name, values.tolist())
                else:
                    facts.add_numbers(name, values.astype(np.float64))
    for name in images:
        chosen = {name: columns[name]}
        dataset = _flat(builder, splits[0], chosen).take(_SAMPLED_IMAGES)
        some = [_as_bytes(x[name]) for x in dataset.as_numpy_iterator()]
        facts.add_images(name, some)
    return facts


# The second reading: values.


def _batches(
    builder: Any, split: str, columns: Mapping[str, Column], manifest: Manifest
) -> Iterator[dict[str, np.ndarray]]:
    """Reads the columns of a manifest, batch by batch, with images of their size."""
    names = [name for one in manifest.modalities.values() for name in one.columns]
    if manifest.weight:
        names.append(manifest.weight)
    images = {one.columns[0]: one for one in manifest.modalities.values() if one.kind == "image"}
    return _read(builder, split, {name: columns[name] for name in names}, images)


def _read(
    builder: Any,
    split: str,
    columns: Mapping[str, Column],
    images: Mapping[str, ModalityColumns],
) -> Iterator[dict[str, np.ndarray]]:
    def resized(example: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        for name, one in images.items():
            example[name] = _image(example[name], one)
        return example

    dataset = _flat(builder, split, columns)
    if images:
        dataset = dataset.map(resized, num_parallel_calls=tf.data.AUTOTUNE)
    yield from dataset.batch(_AT_ONCE).prefetch(2).as_numpy_iterator()


def _flat(builder: Any, split: str, columns: Mapping[str, Column]) -> tf.data.Dataset:
    """Makes the examples of a split, in their order, as dictionaries from column to value."""
    wanted: dict[str, Any] = {}
    for column in columns.values():
        level = wanted
        for key in column.path[:-1]:
            level = level.setdefault(key, {})
        level[column.path[-1]] = True

    def values(example: Any) -> dict[str, tf.Tensor]:
        flat = {}
        for name, column in columns.items():
            value = example
            for key in column.path:
                value = value[key]
            flat[name] = value if column.index is None else value[column.index]
        return flat

    dataset = builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders=tfds.decode.PartialDecoding(wanted),
        read_config=tfds.ReadConfig(try_autocache=False, interleave_cycle_length=1),
    )
    return dataset.map(values, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


def _image(image: tf.Tensor, one: ModalityColumns) -> tf.Tensor:
    """Crops and resizes an image of any type, in a graph."""
    if image.dtype == tf.uint8 and image.shape == one.stored_shape:
        return image
    resized = tf.numpy_function(lambda x: _fitted(x, one), [image], tf.uint8, stateful=False)
    return tf.ensure_shape(resized, one.stored_shape)


def _fitted(image: np.ndarray, one: ModalityColumns) -> np.ndarray:
    """Returns an image of the size and the channels of a modality, uint8."""
    return fitted_image(_with_channels(_as_bytes(image), one.stored_shape[-1]), one)


def _with_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    if pixels.shape[-1] == channels:
        return pixels
    if channels == 1:
        colours = np.ascontiguousarray(pixels[..., :3])
        return cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)[..., np.newaxis]
    colours = np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels[..., :3]
    if channels == 3:
        return colours
    return np.concatenate([colours, np.full_like(colours[..., :1], 255)], axis=-1)


def _as_bytes(image: np.ndarray) -> np.ndarray:
    """Returns the levels of an image as uint8: of 16 bits, or from 0 to 1 if they are real."""
    if image.dtype == np.uint8:
        return image
    if image.dtype == np.uint16:
        return (image // 257).astype(np.uint8)
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _stored(
    batch: Mapping[str, np.ndarray], columns: Mapping[str, Column], manifest: Manifest
) -> dict[str, np.ndarray]:
    """Returns what is stored of a batch: values, and masks of what may be missing."""
    stored: dict[str, np.ndarray] = {}
    for name, one in manifest.modalities.items():
        first = batch[one.columns[0]]
        if one.kind == "label":
            values = _class_indices(first, columns[one.columns[0]], one)
            stored[observed_key(name)] = values >= 0
        elif one.kind == "text":
            values = _symbols(first, one)
        elif one.kind in ("attributes", "numbers"):
            values = np.stack([batch[column] for column in one.columns], axis=1)
            if one.partly_observed:
                stored[observed_key(name)] = np.isfinite(values)
        else:
            values = first
            if one.kind == "array":
                axes = tuple(range(1, values.ndim))
                stored[observed_key(name)] = np.isfinite(values).all(axis=axes)
        stored[name] = values.astype(one.stored_type)
    if manifest.weight:
        stored[SAMPLE_WEIGHT] = batch[manifest.weight].astype(np.float32)
    return stored


def _has_something(stored: Mapping[str, np.ndarray], manifest: Manifest) -> np.ndarray:
    """Tells which examples of a batch have at least one modality, [batch]."""
    number = len(next(iter(stored.values())))
    masks = [stored.get(observed_key(name), np.ones(number, bool)) for name in manifest.modalities]
    return np.any([mask.reshape(number, -1).any(axis=1) for mask in masks], axis=0)


def _class_indices(values: np.ndarray, column: Column, one: ModalityColumns) -> np.ndarray:
    """Returns the place of each value among the classes, -1 for one that is none."""
    classes = {name: place for place, name in enumerate(one.classes)}
    if column.kind == "label":
        names = column.feature.names or []
        same = len(names) == len(one.classes) and column.feature.num_classes == len(names)
        if same or column.feature.num_classes == len(one.classes):
            return np.where(values < len(one.classes), values, -1)
        texts = [names[x] if 0 <= x < len(names) else str(x) for x in values.tolist()]
    elif column.kind == "text":
        texts = [text_of(x) for x in values]
    else:
        texts = [str(int(x)) if np.isfinite(x) else "" for x in values]
    return np.array([classes.get(x, -1) for x in texts])


def _symbols(values: np.ndarray, one: ModalityColumns) -> np.ndarray:
    """Returns the places of a text's characters in the alphabet, and the end mark's after them."""
    places = {character: place for place, character in enumerate(one.alphabet)}
    symbols = np.full((len(values), one.length or 0), len(one.alphabet))
    for row, value in zip(symbols, values, strict=True):
        known = [places[x] for x in text_of(value) if x in places][: len(row)]
        row[: len(known)] = known
    return symbols
