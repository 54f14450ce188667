"""Images and arrays of a user's table as a data set of TensorFlow Datasets, prepared once.

It is in `--data_dir/<name>/<fingerprint>`. The fingerprint changes if a file changes, or the size
that images shall have, but not if another column of the table does. Read it with TFDS:

    builder = tfds.builder_from_directory("data/shells/0123456789abcdef")
    builder.as_data_source(split="rows")[0]["image"]

An example is a dictionary: for each image, uint8 [height, width, channels], or array, float32; and
"<name>.observed" says whether there is one. Examples are in the order of the table. `rows.npz`
beside them says why a file is not used, and which files have the same content.
"""

import hashlib
import io
import json
import math
import pathlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from jmvae_tf.data import image_file, tfds_files
from jmvae_tf.data.array_folder import (
    MOST_IN_MEMORY,
    has_arrays,
    read_arrays,
    written_arrays,
)
from jmvae_tf.data.data_set import Rows
from jmvae_tf.data.own.file_work import FileWork, about_rows, prepared_rows
from jmvae_tf.data.own.layout import Listing
from jmvae_tf.data.own.manifest import ModalityColumns
from jmvae_tf.data.stored_images import StoredImages, decode_stored
from jmvae_tf.data.tfds_writing import check_space, write_data_set
from jmvae_tf.data.work_in_parts import PartFiles
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json, read_limited, unfinished_folder

ROWS_IN_A_PART = 500
"""Rows per part: some seconds of work."""

_ALGORITHM = 1  # Increase it if the same files give other values.
_SPLIT = "rows"
_READ_AT_ONCE = 1000
_ROWS = "rows.npz"
_LONGEST_ROWS = 2**32  # Bytes.
_TEMPLATE = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"  # TFDS's template of file names.


class OwnFiles(tfds.core.GeneratorBasedBuilder):
    """Images and arrays of a user's table."""

    VERSION = tfds.core.Version("1.0.0")

    def __init__(
        self, *, parts: PartFiles, modalities: Mapping[str, ModalityColumns], **kwargs: Any
    ) -> None:
        """Builds the data set from finished parts.

        Args:
          parts: the parts.
          modalities: the modalities in them.
          **kwargs: passed to the base class.
        """
        self._parts, self._modalities = parts, modalities
        super().__init__(**kwargs)

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description="Images and arrays of a user's table, in the size that models take.",
            features=_features(self._modalities),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: object) -> dict[str, Iterator]:
        return {_SPLIT: self._generate_examples()}

    def _generate_examples(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        nothing = {name: _nothing(one) for name, one in self._modalities.items()}
        for row, found in enumerate(prepared_rows(self._parts, list(self._modalities))):
            example: dict[str, Any] = {}
            for name, one in self._modalities.items():
                content = found[name]
                example[f"{name}.observed"] = bool(content)
                content = content or nothing[name]
                is_image = one.kind == "image"
                values = () if is_image else np.frombuffer(content, np.float32).reshape(one.shape)
                example[name] = content if is_image else values
            yield row, example


def _features(modalities: Mapping[str, ModalityColumns]) -> tfds.features.FeaturesDict:
    features: dict[str, Any] = {}
    for name, one in modalities.items():
        features[name] = (
            tfds.features.Image(shape=one.stored_shape, encoding_format="png")
            if one.kind == "image"
            else tfds.features.Tensor(shape=one.stored_shape, dtype=np.float32)
        )
        features[f"{name}.observed"] = tfds.features.Scalar(np.bool_)
    return tfds.features.FeaturesDict(features)


def _nothing(one: ModalityColumns) -> bytes:
    """Returns what stands for a value that is missing: a black image, or zeros."""
    zeros = np.zeros(one.stored_shape, one.stored_type)
    return image_file.encode_png(zeros) if one.kind == "image" else zeros.tobytes()


def fingerprint_of_files(work: FileWork, listing: Listing) -> str:
    """Returns 16 hexadecimal digits that change if a file does, or how files are read."""
    digest = hashlib.sha256(json.dumps([_ALGORITHM, *_settings(work.modalities)]).encode())
    for name in work.modalities:
        for file in work.files[name]:
            state = None if file is None else listing.state(file)
            digest.update(f"{file}\0{state}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _settings(modalities: Mapping[str, ModalityColumns]) -> list[list[Any]]:
    return [[name, one.kind, list(one.stored_shape), one.fit] for name, one in modalities.items()]


def prepare_files(work: FileWork, folder: pathlib.Path, processes: int) -> None:
    """Prepares files unless that has been done.

    Args:
      work: what is to be done.
      folder: the folder of the data set; its name is the fingerprint.
      processes: number of processes.

    Raises:
      UserError: if another process prepares them, or a process has died.
      OSError: if the result cannot be written.
    """
    if are_prepared(folder):
        return
    parts_folder = folder.with_name(f"parts-{folder.name}")
    for path in (folder, parts_folder):
        if path.is_symlink():  # It would decide where files are written and removed.
            raise UserError(
                "Data are prepared in folders, not in links",
                path,
                "remove the link, or choose another --data_dir",
            )
    number = len(next(iter(work.files.values())))
    parts = PartFiles(parts_folder, number, ROWS_IN_A_PART, {"fingerprint": folder.name})
    with parts.locked():
        parts.make(work, processes, "reads images")
        check_space(folder.parent, parts.size())
        with unfinished_folder(folder.parent) as writing:
            builder = OwnFiles(
                parts=parts,
                modalities=work.modalities,
                data_dir=writing,
                file_format="array_record",
            )
            write_data_set(builder, folder, writing / "scratch")
            _write_rows(pathlib.Path(builder.data_dir) / _ROWS, parts, list(work.modalities))
            shutil.rmtree(folder, ignore_errors=True)
            pathlib.Path(builder.data_dir).rename(folder)
        parts.remove()


class ReadFiles(dict[str, np.ndarray | Rows]):
    """Modality name to stored values, [rows, *stored_shape].

    Attributes:
      observed: modality name to bool [rows].
      reasons: modality name to row to the reason why its file is not used.
      digests: modality name to int64 [rows], numbers that only files of equal content share.
    """

    def __init__(self, names: Sequence[str], number: int) -> None:
        """Makes place for rows."""
        super().__init__()
        self.observed = {name: np.zeros(number, bool) for name in names}
        self.reasons: dict[str, dict[int, str]] = {name: {} for name in names}
        self.digests = {name: np.zeros(number, np.int64) for name in names}


def _write_rows(path: pathlib.Path, parts: PartFiles, names: Sequence[str]) -> None:
    rows = list(about_rows(parts, len(names)))
    arrays: dict[str, Any] = {
        key: np.concatenate([one[key] for one in rows], axis=1) for key in rows[0]
    }
    reasons = arrays.pop("reasons")
    places = np.argwhere(reasons != "")
    np.savez(path, **arrays, places=places, reasons=reasons[tuple(places.T)])


def _read_rows(path: pathlib.Path, names: Sequence[str], number: int) -> ReadFiles:
    """Raises ValueError, or what NumPy raises, if the file is not what `_write_rows` wrote."""
    read = ReadFiles(names, number)
    with io.BytesIO(read_limited(path, _LONGEST_ROWS)) as file, np.load(file) as arrays:
        observed, digests = arrays["observed"], arrays["digests"]
        places, reasons = arrays["places"], arrays["reasons"]
    for array, kind in ((observed, "b"), (digests, "i")):
        if array.shape != (len(names), number) or array.dtype.kind != kind:
            raise ValueError(f"{path.name} of {array.dtype} {array.shape}")
    for place, name in enumerate(names):
        read.observed[name][:] = observed[place]
        read.digests[name][:] = digests[place]
    for (place, row), reason in zip(places.tolist(), reasons.tolist(), strict=True):
        if row not in range(number):
            raise ValueError(f"{path.name} of row {row}")
        read.reasons[names[place]][row] = str(reason)
    return read


def are_prepared(folder: pathlib.Path) -> bool:
    """Tells whether a folder contains the complete data set."""
    return (folder / "dataset_info.json").is_file()


def read_prepared_files(
    folder: pathlib.Path,
    modalities: Mapping[str, ModalityColumns],
    number: int,
    in_memory: bool,
) -> ReadFiles:
    """Reads a prepared data set.

    Args:
      folder: its folder.
      modalities: the images and arrays.
      number: the number of rows.
      in_memory: whether images of at most 1 GiB are read into memory.

    Raises:
      UserError: if it is damaged, or `prepare_files` did not make it.
    """
    tfds_files.check_tfds_files(folder)
    with tfds_files.reading_prepared(folder):
        _check_described(read_json(folder / "dataset_info.json"), number)
        return _read(folder, modalities, number, in_memory)


def _check_described(described: Mapping[str, Any], number: int) -> None:
    """Raises some error if it does not describe such rows."""
    if (described["name"], described["version"]) != (OwnFiles.name, str(OwnFiles.VERSION)):
        raise ValueError("it describes other data")
    [split] = described["splits"]
    if split["name"] != _SPLIT or split["filepathTemplate"] != _TEMPLATE:
        raise ValueError(f"a split {split['name']!r} in files {split['filepathTemplate']}")
    numbers = [int(x) for x in split["shardLengths"]]  # TFDS does not check them.
    if min(numbers) < 0 or sum(numbers) != number:
        raise ValueError(f"{sum(numbers)} rows, not {number}")


def _unpacked(
    source: Any, number: int, one: ModalityColumns, name: str, folder: pathlib.Path
) -> np.ndarray | Rows:
    """Returns images as pixels in a file, which it writes the first time.

    Training would otherwise decode each image in every epoch.
    """
    if not has_arrays(folder):
        images = StoredImages(source, np.arange(number), one.stored_shape, name)
        check_space(folder.parent, math.prod(images.shape))
        with written_arrays(folder) as writer:
            for start in range(0, number, _READ_AT_ONCE):
                rows = np.arange(start, min(start + _READ_AT_ONCE, number))
                writer.append(_SPLIT, {name: images[rows]})
    return read_arrays(folder, most_in_memory=0, large=0)[_SPLIT][name]


def _read(
    folder: pathlib.Path,
    modalities: Mapping[str, ModalityColumns],
    number: int,
    in_memory: bool,
) -> ReadFiles:
    builder = tfds.builder_from_directory(folder)
    # Other features may unpack to any size or mean something else.
    if builder.info.features.to_json() != _features(modalities).to_json():
        raise ValueError("features of other data")
    images = [name for name, one in modalities.items() if one.kind == "image"]
    source = builder.as_data_source(
        split=_SPLIT, decoders={name: tfds.decode.SkipDecoding() for name in images}
    )
    sizes = {
        name: number * math.prod(one.stored_shape) * np.dtype(one.stored_type).itemsize
        for name, one in modalities.items()
    }
    read = _read_rows(folder / _ROWS, list(modalities), number)
    rows = np.arange(number)
    large = sum(sizes.values()) > MOST_IN_MEMORY
    for name, one in modalities.items():
        if large and name in images:
            read[name] = _unpacked(source, number, one, name, folder / f"unpacked-{name}")
        elif name in images and not in_memory:
            read[name] = StoredImages(source, rows, one.stored_shape, name)
        else:
            read[name] = np.zeros((number, *one.stored_shape), one.stored_type)
    in_place = {name: x for name, x in read.items() if isinstance(x, np.ndarray)}
    for start in range(0, number if in_place else 0, _READ_AT_ONCE):
        chunk = rows[start : start + _READ_AT_ONCE].tolist()
        for row, example in zip(chunk, source.__getitems__(chunk), strict=True):
            for name, values in in_place.items():
                if not read.observed[name][row]:
                    continue
                if name in images:
                    decode_stored(example[name], values[row])
                else:
                    values[row] = example[name]
    return read
