"""Prepares CelebA's small source and reads the result."""

import pathlib
from typing import Any

import tensorflow_datasets as tfds

from jmvae_tf.data.celeba import tfds_builder
from jmvae_tf.data.celeba.prepare import prepare_faces

NUMBER = 20
"""Images of the small source."""


def prepare(
    source: pathlib.Path, data_dir: pathlib.Path, processes: int = 1, **options: Any
) -> dict[str, Any]:
    """Prepares centre squares of 32 pixels."""
    return prepare_faces(source, data_dir, 32, "center", processes, **options)


def prepared(data_dir: pathlib.Path) -> pathlib.Path:
    """Returns the folder that `prepare` makes."""
    return tfds_builder.folder_of(data_dir, 32, "center")


def examples(data_dir: pathlib.Path) -> dict[str, list[tuple]]:
    """Reads all examples in their order, with encoded images."""
    builder = tfds.builder_from_directory(prepared(data_dir))
    source = builder.as_data_source(decoders={"image": tfds.decode.SkipDecoding()})
    return {
        split: [
            (example["file_name"], example["image"], example["attributes"].tobytes())
            for example in part
        ]
        for split, part in source.items()
    }
