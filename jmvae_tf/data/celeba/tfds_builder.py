"""CelebA's faces as a data set of TensorFlow Datasets: its features, its folder and its builder.

`bin/prepare_celeba` prepares it once. Read it with TFDS:

    builder = tfds.builder_from_directory("data/celeba_faces/face_64/1.0.0")
    train = builder.as_data_source(split="train")
    train[0]["image"]

The files are ArrayRecords, which `as_data_source` reads in any order (`as_dataset` cannot read
them). An example is a dictionary: "image", uint8 [size, size, 3]; "attributes", int8 [40], -1 or 1,
in the order of `builder.info.metadata["attribute_names"]`; "file_name" and "partition" of the
official lists. The splits are the official partitions, in the order of file names.
"""

import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from jmvae_tf.data.celeba.preparation import Preparation
from jmvae_tf.data.celeba.source_lists import PARTITION_NAMES
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.data.registry import DATA_SETS
from jmvae_tf.runtime.files import write_json

REPORT = "preparation.json"
"""The file next to the data with what was kept and refused, and from which source."""

_OPTIONS = DATA_SETS["celeba"].options


def config_name(image_size: int, crop: str) -> str:
    """Names the configuration."""
    return f"{crop}_{image_size}"


def folder_of(data_dir: pathlib.Path, image_size: int, crop: str) -> pathlib.Path:
    """Returns the folder of the prepared data set."""
    return data_dir / CelebaFaces.name / config_name(image_size, crop) / str(CelebaFaces.VERSION)


def features(image_size: int) -> tfds.features.FeaturesDict:
    """Describes an example.

    Args:
      image_size: side of an image in pixels.
    """
    return tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(image_size, image_size, 3), encoding_format="png"),
            "attributes": tfds.features.Tensor(shape=(len(OFFICIAL_ATTRIBUTES),), dtype=np.int8),
            "file_name": tfds.features.Text(),
            "partition": tfds.features.ClassLabel(names=PARTITION_NAMES),
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
        for crop in _OPTIONS["crop"]
        for size in _OPTIONS["image_size"]
    )

    def __init__(self, *, preparation: Preparation, **kwargs: Any) -> None:
        """Builds the data set from finished parts.

        Args:
          preparation: the preparation that made them; its size and crop choose the configuration.
          **kwargs: passed to the base class, without `config`.
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
        # The folder has a temporary name until everything is written.
        write_json(pathlib.Path(self.data_dir) / REPORT, self._preparation.report())
        return {
            name: self._generate_examples(partition)
            for partition, name in enumerate(PARTITION_NAMES)
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
