"""CelebA: faces and their 40 attributes.

They come from the data set that `bin/prepare_celeba` made in the data directory; else from the
official files there, or from TensorFlow Datasets' `celeb_a`, which are prepared first.

Source: Z. Liu, P. Luo, X. Wang and X. Tang, Deep Learning Face Attributes in the Wild, ICCV 2015.
"""

import hashlib
import math
import os
import pathlib
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import tensorflow_datasets as tfds

from jmvae_tf.data import check_split, faces, image_limits
from jmvae_tf.data.celeba import cropping, download, source_files, tfds_builder
from jmvae_tf.data.data_set import Arrays, DataSet
from jmvae_tf.modalities import Modality
from jmvae_tf.runtime.errors import UserError

_TEST_SHARE, _VALIDATION_SHARE = 0.1, 0.02  # Of all faces; of those left for training.
_SPLIT_SEED = 0
_MEMORY_SHARE = 0.5  # Of the memory available; images that need more stay on disk.
_READ_AT_ONCE = 1000


def modalities(image_size: int) -> dict[str, Modality]:
    """A face and its 40 attributes.

    Args:
      image_size: in pixels.
    """
    return faces.modalities(image_size, faces.OFFICIAL_ATTRIBUTES)


def load(data_dir: pathlib.Path, split: str, image_size: int, crop: str) -> DataSet:
    """CelebA's faces, in memory if that takes less than half of what is available.

    Args:
      data_dir: holds the prepared faces or the official files, or is where they go.
      split: "official" is the partition of the official list, in which nobody is in two parts;
        "paper" tests on 10 % of all faces and validates on 2 % of the others, chosen by a seed.
      image_size: 32, 64 or 128 pixels.
      crop: "face" for faces as the authors cropped them, "center" for the centre squares of the
        aligned images.

    Raises:
      UserError: if an option is unknown, or the files are missing or damaged and there is no
        network to download them from.
    """
    check_split("celeba", split)
    cropping.check_options(image_size, crop)
    folder = tfds_builder.folder_of(data_dir, image_size, crop)
    if not tfds_builder.is_prepared(folder):
        _prepare(data_dir, image_size, crop)
    images, labels = read(folder, image_size)
    indices = (
        divide_officially(labels.partitions)
        if split == "official"
        else divide_as_in_paper(labels.file_names)
    )
    parts: dict[str, Arrays] = {
        part: {"image": _select(images, rows), "attributes": labels.attributes[rows]}
        if len(rows)
        else {}
        for part, rows in indices.items()
    }
    return DataSet(
        name="celeba",
        modalities=modalities(image_size),
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        prepare=faces.prepare,
    )


def _prepare(data_dir: pathlib.Path, image_size: int, crop: str) -> None:
    """Prepares the official files, after fetching them if they are not there.

    Raises:
      UserError: if they are missing or damaged, or the result cannot be written.
    """
    try:
        if len(source_files.missing(data_dir)) < 3:
            source = data_dir
        else:
            source = download.fetch(data_dir)
        print("CelebA is prepared once, which takes minutes")
        tfds_builder.prepare(source, data_dir, image_size, crop, processes=os.cpu_count() or 1)
    except PermissionError as error:
        raise UserError(
            "Prepared faces are written to --data_dir",
            f"{error.filename}: {error.strerror}",
            f"run bin/prepare_celeba --source={data_dir} --data_dir=… with a folder that can be "
            "written, and name that",
        ) from error


def divide_officially(partitions: Sequence[int]) -> dict[str, np.ndarray]:
    """The official partition: the indices of each part's faces, ascending.

    Args:
      partitions: 0, 1 or 2 for each face.
    """
    return {
        name: np.flatnonzero(np.equal(partitions, number))
        for number, name in enumerate(source_files.PARTITION_NAMES)
    }


def divide_as_in_paper(file_names: Sequence[str]) -> dict[str, np.ndarray]:
    """The 2018 paper's division, 90 % and 10 %; 2 % of the former validate.

    It goes by a hash of each name, so that a face that is added or refused moves hardly any other,
    and no version of a library matters.

    Args:
      file_names: of all faces.

    Returns:
      The indices of each part's faces, ascending.
    """
    hashes = [hashlib.sha256(f"{_SPLIT_SEED}/{name}".encode()).hexdigest() for name in file_names]
    order = np.argsort(hashes)
    num_test = round(_TEST_SHARE * len(order))
    num_validation = round(_VALIDATION_SHARE * (len(order) - num_test))
    test, validation, train = np.split(order, [num_test, num_test + num_validation])
    return {"train": np.sort(train), "validation": np.sort(validation), "test": np.sort(test)}


class Labels(NamedTuple):
    """What is known of each face.

    Attributes:
      attributes: int8 [faces, 40], -1 or 1.
      file_names: of the official images.
      partitions: indices into `source_files.PARTITION_NAMES`.
    """

    attributes: np.ndarray
    file_names: list[str]
    partitions: list[int]


class StoredImages:
    """Images that stay on disk, in files of TFDS, until they are asked for."""

    def __init__(self, source: Any, rows: np.ndarray, image_size: int) -> None:
        """Some images of a data source.

        Args:
          source: of TFDS, which gives "image" as a PNG file.
          rows: indices into the source.
          image_size: in pixels.
        """
        self._source = source
        self._rows = rows
        self.shape: tuple[int, ...] = (len(rows), image_size, image_size, 3)
        self.dtype = np.dtype(np.uint8)

    def __len__(self) -> int:
        """The number of images."""
        return len(self._rows)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """The images at some indices, uint8 [indices, size, size, 3]."""
        examples = self._source.__getitems__(self._rows[indices].tolist())
        images = np.empty((len(examples), *self.shape[1:]), self.dtype)
        for image, example in zip(images, examples, strict=True):
            _decode(example["image"], image)
        return images

    def take(self, indices: np.ndarray) -> "StoredImages":
        """Some of the images, still on disk."""
        return StoredImages(self._source, self._rows[indices], self.shape[1])


def read(folder: pathlib.Path, image_size: int) -> tuple[np.ndarray | StoredImages, Labels]:
    """Reads a prepared data set, all its splits one after the other.

    Args:
      folder: of one configuration and version.
      image_size: in pixels.

    Returns:
      uint8 [faces, size, size, 3], on disk where it takes too much memory; and what is known of
      each face.

    Raises:
      UserError: if it is damaged, or not what `tfds_builder.prepare` makes.
    """
    tfds_builder.check(folder)
    try:
        return _read(folder, image_size)
    except UserError:
        raise
    except Exception as error:  # TFDS and ArrayRecord raise many kinds.
        raise UserError(
            "A prepared data set must be whole",
            f"{folder}: {type(error).__name__}: {error}",
            "remove it, and prepare it again",
        ) from error


def _read(folder: pathlib.Path, image_size: int) -> tuple[np.ndarray | StoredImages, Labels]:
    builder = tfds.builder_from_directory(folder)
    described = builder.info.features
    # Others may be packed in ways that take any memory, or mean something else.
    if described.to_json() != tfds_builder.features(described["image"].shape[0]).to_json():
        raise ValueError("features of other data")
    splits = [name for name in source_files.PARTITION_NAMES if name in builder.info.splits]
    source = builder.as_data_source(
        split="+".join(splits), decoders={"image": tfds.decode.SkipDecoding()}
    )
    rows = np.arange(len(source))
    stored = StoredImages(source, rows, image_size)
    fits = math.prod(stored.shape) < _MEMORY_SHARE * available_memory()
    images = np.empty(stored.shape, stored.dtype) if fits else stored
    labels = Labels(np.empty((len(source), len(faces.OFFICIAL_ATTRIBUTES)), np.int8), [], [])
    for start in range(0, len(source), _READ_AT_ONCE):
        chunk = rows[start : start + _READ_AT_ONCE].tolist()
        for row, example in zip(chunk, source.__getitems__(chunk), strict=True):
            name, partition = example["file_name"].decode(), int(example["partition"])
            if not np.isin(example["attributes"], (-1, 1)).all():
                raise ValueError(f"an attribute of {name} that is neither -1 nor 1")
            if partition not in range(len(source_files.PARTITION_NAMES)):
                raise ValueError(f"{name} in partition {partition}")
            labels.attributes[row] = example["attributes"]
            labels.file_names.append(name)
            labels.partitions.append(partition)
            if isinstance(images, np.ndarray):
                _decode(example["image"], images[row])
    return images, labels


def _decode(png: bytes, image: np.ndarray) -> None:
    """Decodes a PNG file into uint8 [height, width, 3], red first.

    Raises:
      UserError: if it is damaged, or of another size.
    """
    height, width, _ = image.shape
    decoded = None
    # Decoders take memory for as many pixels as a header says.
    if png.startswith(image_limits.PNG_HEADER_START + struct.pack(">II", width, height)):
        decoded = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB)
    if decoded is None:
        raise UserError(
            f"A prepared face must be a PNG of {width}x{height} pixels",
            f"{len(png)} bytes that are none",
            "remove the prepared data set, and prepare it again",
        )
    image[...] = decoded


def _select(images: np.ndarray | StoredImages, rows: np.ndarray) -> np.ndarray | StoredImages:
    return images[rows] if isinstance(images, np.ndarray) else images.take(rows)


def available_memory() -> int:
    """Bytes that can be used without swapping."""
    try:
        meminfo = pathlib.Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:  # Not Linux.
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    fields = dict(line.split(":", 1) for line in meminfo.splitlines())
    return 1024 * int(fields["MemAvailable"].split()[0])
