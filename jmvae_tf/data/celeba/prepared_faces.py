"""Reads prepared faces from disk, after checking the files, which may be untrusted."""

import math
import os
import pathlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from jmvae_tf.data import faces, tfds_files
from jmvae_tf.data.celeba import tfds_builder
from jmvae_tf.data.celeba.source_lists import PARTITION_NAMES
from jmvae_tf.data.celeba.tfds_builder import CelebaFaces
from jmvae_tf.data.stored_images import StoredImages, decode_stored
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json

_LONGEST_REPORT = 2**26  # Bytes; it may name every file of CelebA.
_MOST_FACES = 10_000_000
_TEMPLATE = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"  # TFDS's template of file names.

_MEMORY_SHARE = 0.5  # Of the available memory; images that need more stay on disk.
_READ_AT_ONCE = 1000


def is_prepared(folder: pathlib.Path) -> bool:
    """Tells whether a folder contains the complete data set."""
    return (folder / "dataset_info.json").is_file()


def check_prepared(folder: pathlib.Path) -> None:
    """Checks the description of a prepared data set before TFDS relies on it.

    Args:
      folder: folder of the data set.

    Raises:
      UserError: if `prepare` did not make the data set.
    """
    tfds_files.check_tfds_files(folder)
    path = folder / "dataset_info.json"
    try:
        _check_described(read_json(path))
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise UserError(
            "A prepared data set must be one that bin/prepare_celeba made",
            f"{path}: {type(error).__name__}: {error}",
            "remove it, and prepare it again",
        ) from error


def _check_described(described: Mapping[str, Any]) -> None:
    """Raises some error if it does not describe faces of CelebA."""
    if (described["name"], described["version"]) != (CelebaFaces.name, str(CelebaFaces.VERSION)):
        raise ValueError("it describes other data")
    names = [split["name"] for split in described["splits"]]
    if len(set(names)) < len(names) or not set(names) <= set(PARTITION_NAMES):
        raise ValueError(f"splits {names}")
    for split in described["splits"]:
        if split["filepathTemplate"] != _TEMPLATE:
            raise ValueError(f"files with the names {split['filepathTemplate']}")
    # TFDS does not check these numbers.
    numbers = [int(x) for split in described["splits"] for x in split["shardLengths"]]
    if min(numbers) < 0 or sum(numbers) > _MOST_FACES:
        raise ValueError(f"{sum(numbers)} faces, of up to {_MOST_FACES}")


def read_report(folder: pathlib.Path) -> dict[str, Any]:
    """Reads the report of a prepared data set; see `Preparation.report`.

    Raises:
      OSError: if there is no report.
      ValueError: if it is damaged.
    """
    report = read_json(folder / tfds_builder.REPORT, _LONGEST_REPORT)
    refused, files = report.get("refused"), report.get("files")
    if not (
        isinstance(report.get("source"), dict)
        and isinstance(refused, dict)
        and isinstance(files, dict)
        and all(isinstance(x, int) and x >= 0 for x in (report.get("kept"), *refused.values()))
        and report["kept"] > 0
        and all(isinstance(names, list) for names in files.values())
        and all(isinstance(name, str) for names in files.values() for name in names)
    ):
        raise ValueError("not a report of a preparation")
    return report


class Labels(NamedTuple):
    """The attributes, file name and partition of each face.

    Attributes:
      attributes: int8 [faces, 40], -1 or 1.
      file_names: the names of the official images.
      partitions: indices into `source_lists.PARTITION_NAMES`.
    """

    attributes: np.ndarray
    file_names: list[str]
    partitions: list[int]


def read_prepared(
    folder: pathlib.Path, image_size: int
) -> tuple[np.ndarray | StoredImages, Labels]:
    """Reads all splits of a prepared data set, one after the other.

    Args:
      folder: folder of one configuration and version.
      image_size: in pixels.

    Returns:
      uint8 [faces, size, size, 3], kept on disk if it needs too much memory; and the labels of each
      face.

    Raises:
      UserError: if it is damaged or `prepare_faces` did not make it.
    """
    check_prepared(folder)
    with tfds_files.reading_prepared(folder):
        return _read(folder, image_size)


def _read(folder: pathlib.Path, image_size: int) -> tuple[np.ndarray | StoredImages, Labels]:
    builder = tfds.builder_from_directory(folder)
    described = builder.info.features
    # Other features may unpack to any size or mean something else.
    if described.to_json() != tfds_builder.features(described["image"].shape[0]).to_json():
        raise ValueError("features of other data")
    splits = [name for name in PARTITION_NAMES if name in builder.info.splits]
    source = builder.as_data_source(
        split="+".join(splits), decoders={"image": tfds.decode.SkipDecoding()}
    )
    rows = np.arange(len(source))
    stored = StoredImages(source, rows, (image_size, image_size, 3))
    fits = math.prod(stored.shape) < _MEMORY_SHARE * available_memory()
    images = np.empty(stored.shape, stored.dtype) if fits else stored
    labels = Labels(np.empty((len(source), len(faces.OFFICIAL_ATTRIBUTES)), np.int8), [], [])
    for start in range(0, len(source), _READ_AT_ONCE):
        chunk = rows[start : start + _READ_AT_ONCE].tolist()
        for row, example in zip(chunk, source.__getitems__(chunk), strict=True):
            name, partition = example["file_name"].decode(), int(example["partition"])
            if not np.isin(example["attributes"], (-1, 1)).all():
                raise ValueError(f"an attribute of {name} that is neither -1 nor 1")
            if partition not in range(len(PARTITION_NAMES)):
                raise ValueError(f"{name} in partition {partition}")
            labels.attributes[row] = example["attributes"]
            labels.file_names.append(name)
            labels.partitions.append(partition)
            if isinstance(images, np.ndarray):
                decode_stored(example["image"], images[row])
    return images, labels


def available_memory() -> int:
    """Returns the bytes that can be used without swapping."""
    try:
        meminfo = pathlib.Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:  # Not on Linux.
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    fields = dict(line.split(":", 1) for line in meminfo.splitlines())
    return 1024 * int(fields["MemAvailable"].split()[0])
