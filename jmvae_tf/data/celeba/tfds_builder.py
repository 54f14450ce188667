"""CelebA's faces as a data set of TensorFlow Datasets.

It is prepared once, by `bin/prepare_celeba`, and read back by anyone who has TFDS:

    builder = tfds.builder_from_directory("data/celeba_faces/face_64/1.0.0")
    train = builder.as_data_source(split="train")
    train[0]["image"]

The files are ArrayRecords, which `as_data_source` reads in any order (`as_dataset` does not read
them). An example is a dictionary: "image", uint8 [size, size, 3]; "attributes", int8 [40], -1 or 1,
in the order of `builder.info.metadata["attribute_names"]`; "file_name" and "partition" of the
official lists. The splits are the official partitions, in the order of file names.
"""

import contextlib
import errno
import io
import os
import pathlib
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from jmvae_tf.data import tfds_files
from jmvae_tf.data.celeba import source_files
from jmvae_tf.data.celeba.cropping import CROPS, IMAGE_SIZES
from jmvae_tf.data.celeba.preparation import Preparation
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_json, write_json

REPORT = "preparation.json"
"""The file beside the data that says what was kept and refused, and from which source."""

_LONGEST_REPORT = 2**26  # Bytes; it may name every file of CelebA.
_MOST_FACES = 10_000_000
_TEMPLATE = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"  # TFDS's own, of the names of files.


def config_name(image_size: int, crop: str) -> str:
    """What the configuration is called."""
    return f"{crop}_{image_size}"


def folder_of(data_dir: pathlib.Path, image_size: int, crop: str) -> pathlib.Path:
    """Where the data set lies once it is prepared."""
    return data_dir / CelebaFaces.name / config_name(image_size, crop) / str(CelebaFaces.VERSION)


def features(image_size: int) -> tfds.features.FeaturesDict:
    """What an example holds.

    Args:
      image_size: in pixels.
    """
    return tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(image_size, image_size, 3), encoding_format="png"),
            "attributes": tfds.features.Tensor(shape=(len(OFFICIAL_ATTRIBUTES),), dtype=np.int8),
            "file_name": tfds.features.Text(),
            "partition": tfds.features.ClassLabel(names=source_files.PARTITION_NAMES),
        }
    )


class CelebaFaces(tfds.core.GeneratorBasedBuilder):
    """Faces of CelebA, cropped and resized."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = tuple(
        tfds.core.BuilderConfig(
            name=config_name(size, crop),
            description=f"{'Faces found' if crop == 'face' else 'Centre squares'}, {size} pixels.",
        )
        for crop in CROPS
        for size in IMAGE_SIZES
    )

    def __init__(self, *, preparation: Preparation, **kwargs: Any) -> None:
        """Of parts that are made.

        Args:
          preparation: that made them; its size and crop choose the configuration.
          **kwargs: as for any builder, without `config`.
        """
        self._preparation = preparation
        config = config_name(preparation.image_size, preparation.crop)
        super().__init__(config=config, **kwargs)

    def _info(self) -> tfds.core.DatasetInfo:
        size = self._preparation.image_size
        return tfds.core.DatasetInfo(
            builder=self,
            description="Faces of CelebA, found and cropped as by Suzuki et al. (2018).",
            features=features(size),
            homepage="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
            metadata=tfds.core.MetadataDict(attribute_names=list(OFFICIAL_ATTRIBUTES)),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: object) -> dict[str, Iterator]:
        # The folder is a temporary one that takes its name when all is written.
        write_json(pathlib.Path(self.data_dir) / REPORT, self._preparation.report())
        return {
            name: self._generate_examples(partition)
            for partition, name in enumerate(source_files.PARTITION_NAMES)
            if next(self._preparation.faces(partition), None) is not None
        }

    def _generate_examples(self, partition: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
        lists = self._preparation.lists
        for row, face in self._preparation.faces(partition):
            yield (
                row,
                {
                    "image": face,
                    "attributes": lists.attributes[row],
                    "file_name": lists.names[row],
                    "partition": partition,
                },
            )


def is_prepared(folder: pathlib.Path) -> bool:
    """Whether a folder holds the whole data set."""
    return (folder / "dataset_info.json").is_file()


def check(folder: pathlib.Path) -> None:
    """Checks what a prepared data set says of itself, before TFDS believes it.

    Args:
      folder: of the data set.

    Raises:
      UserError: if it is not one that `prepare` has made.
    """
    tfds_files.check(folder)
    path = folder / "dataset_info.json"
    try:
        _check_described(read_json(path))
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise UserError(
            "A prepared data set must be what bin/prepare_celeba made",
            f"{path}: {type(error).__name__}: {error}",
            "remove it, and prepare it again",
        ) from error


def _check_described(described: Mapping[str, Any]) -> None:
    """Raises an error of some kind if it does not describe faces of CelebA."""
    if (described["name"], described["version"]) != (CelebaFaces.name, str(CelebaFaces.VERSION)):
        raise ValueError("it describes other data")
    names = [split["name"] for split in described["splits"]]
    if len(set(names)) < len(names) or not set(names) <= set(source_files.PARTITION_NAMES):
        raise ValueError(f"splits {names}")
    for split in described["splits"]:
        if split["filepathTemplate"] != _TEMPLATE:
            raise ValueError(f"files of the names {split['filepathTemplate']}")
    # TFDS takes these numbers for true.
    numbers = [int(x) for split in described["splits"] for x in split["shardLengths"]]
    if min(numbers) < 0 or sum(numbers) > _MOST_FACES:
        raise ValueError(f"{sum(numbers)} faces, of up to {_MOST_FACES}")


def read_report(folder: pathlib.Path) -> dict[str, Any]:
    """Reads the report of a prepared data set: see `Preparation.report`.

    Raises:
      OSError: if there is none.
      ValueError: if it is damaged.
    """
    report = read_json(folder / REPORT, _LONGEST_REPORT)
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
        raise ValueError("no report of a preparation")
    return report


def prepare(
    source: pathlib.Path,
    data_dir: pathlib.Path,
    image_size: int,
    crop: str,
    processes: int,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Prepares the faces of a source, unless they are there already.

    Args:
      source: holds the official files.
      data_dir: where the data set goes.
      image_size: of a face, in pixels.
      crop: "face" or "center".
      processes: that crop at the same time.
      overwrite: whether the faces of another source may be replaced.

    Returns:
      The report: see `Preparation.report`.

    Raises:
      UserError: if the source is not CelebA or damaged, no face is found in it, the faces of
        another source lie in the data directory, or what lies there are links.
      OSError: if the result cannot be written.
    """
    folder = folder_of(data_dir, image_size, crop)
    parts = folder.parent.with_name(f"parts-{folder.parent.name}")
    preparation = Preparation(source, parts, OFFICIAL_ATTRIBUTES, image_size, crop)
    if is_prepared(folder):
        with contextlib.suppress(OSError, ValueError):  # Damaged: nobody knows of which source.
            report = read_report(folder)
            if report["source"] == preparation.source:
                return report
        if not overwrite:
            raise UserError(
                "A data directory holds the faces of one source",
                f"{folder}, prepared from another than {source}",
                "choose another --data_dir, or --overwrite it",
            )
    for path in (folder, folder.parent, parts):
        if path.is_symlink():  # Whoever made it would choose where files are written and removed.
            raise UserError(
                "Faces are prepared in folders, no links",
                path,
                "remove the link, or choose another --data_dir",
            )
    with preparation.locked():
        preparation.make(processes)
        report = preparation.report()
        if not report["kept"]:
            raise UserError(
                "At least one face must be found",
                f"none in {sum(report['refused'].values())} images of {source}",
                "choose --crop=center, or another --source",
            )
        _write(preparation, data_dir, folder)
        preparation.remove()
    return report


def _write(preparation: Preparation, data_dir: pathlib.Path, folder: pathlib.Path) -> None:
    """Makes a data set of the parts.

    Raises:
      OSError: if it cannot be written.
    """
    for left in folder.parent.glob("incomplete.*"):  # By a process that was killed.
        shutil.rmtree(left)
    free, needed = shutil.disk_usage(data_dir).free, preparation.size()
    if free < needed:
        raise OSError(errno.ENOSPC, f"{needed} bytes are needed and {free} are free", str(folder))
    if folder.exists():
        shutil.rmtree(folder)
    builder = CelebaFaces(preparation=preparation, data_dir=data_dir, file_format="array_record")
    tfds.disable_progress_bar()
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # TFDS would speak of a download.
            builder.download_and_prepare(download_dir=preparation.folder)
    except RuntimeError as error:  # ArrayRecord knows no other error.
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            if os.strerror(number) in str(error):
                raise OSError(number, os.strerror(number), str(folder)) from error
        raise
