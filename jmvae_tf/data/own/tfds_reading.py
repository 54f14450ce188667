"""Reads the examples of a data set of TensorFlow Datasets: what they are, and their values."""

from collections.abc import Iterator, Mapping
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_datasets as tfds

from jmvae_tf.data.own.image_reading import fitted_image
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.own.text_symbols import symbols_of
from jmvae_tf.data.own.tfds_features import Column, Facts, text_of
from jmvae_tf.modalities import SAMPLE_WEIGHT, observed_key

_SAMPLED_IMAGES = 200
_AT_ONCE = 256


def facts_of(builder: Any, columns: Mapping[str, Column], splits: list[str]) -> Facts:
    """Reads numbers and texts of all examples, and some images.

    Args:
      builder: the builder of a data set whose files are there.
      columns: its columns.
      splits: the splits that are used, the training examples first.
    """
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


def stored_batches(
    builder: Any, split: str, columns: Mapping[str, Column], manifest: Manifest
) -> Iterator[dict[str, np.ndarray]]:
    """Reads what is stored of the examples of a split, in their order, batch by batch.

    Args:
      builder: the builder of a data set whose files are there.
      split: the name of the split.
      columns: the columns of the data set.
      manifest: a resolved one.

    Yields:
      Modality name to values, see `ModalityColumns.stored_type`; the keys of masks of all that may
      be missing; `SAMPLE_WEIGHT` if the manifest has a weight.
    """
    names = [name for one in manifest.modalities.values() for name in one.columns]
    if manifest.weight:
        names.append(manifest.weight)
    images = {one.columns[0]: one for one in manifest.modalities.values() if one.kind == "image"}
    for batch in _read(builder, split, {name: columns[name] for name in names}, images):
        yield _stored(batch, columns, manifest)


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
            texts = pa.array([text_of(x) for x in first], pa.string())
            values, stored[observed_key(name)], _ = symbols_of(texts, one)
        elif one.kind in ("attributes", "numbers"):
            values = np.stack([batch[column] for column in one.columns], axis=1)
            there = np.isfinite(values)
            stored[observed_key(name)] = there if one.partly_observed else there.all(axis=1)
        else:
            values = first
            if one.kind == "array":
                axes = tuple(range(1, values.ndim))
                stored[observed_key(name)] = np.isfinite(values).all(axis=axes)
        stored[name] = values.astype(one.stored_type)
    if manifest.weight:
        stored[SAMPLE_WEIGHT] = batch[manifest.weight].astype(np.float32)
    return stored


def _class_indices(values: np.ndarray, column: Column, one: ModalityColumns) -> np.ndarray:
    """Returns the place of each value among the classes, -1 for one that is none."""
    classes = {name: place for place, name in enumerate(one.classes)}
    if column.kind == "label":
        names = tuple(column.feature.names or ())
        are_renamed = len(one.classes) == column.feature.num_classes and {*names} != {*one.classes}
        if names == one.classes or are_renamed:
            return np.where(values < len(one.classes), values, -1)
        texts = [names[x] if 0 <= x < len(names) else str(x) for x in values.tolist()]
    elif column.kind == "text":
        texts = [text_of(x) for x in values]
    else:
        texts = [str(int(x)) if np.isfinite(x) else "" for x in values]
    return np.array([classes.get(x, -1) for x in texts])
