"""Loads CelebA: faces and their 40 attributes.

The faces come from the data set that `bin/prepare_celeba` made in the data directory. If there is
none, it is prepared from the official files there, or from TensorFlow Datasets' `celeb_a`.

Source: Z. Liu, P. Luo, X. Wang and X. Tang, Deep Learning Face Attributes in the Wild, ICCV 2015.
"""

import pathlib

import numpy as np

from jmvae_tf.data import faces
from jmvae_tf.data.celeba import download, prepared_faces, source_files, splits, tfds_builder
from jmvae_tf.data.celeba.prepare import prepare_faces
from jmvae_tf.data.data_set import Arrays, DataSet
from jmvae_tf.data.stored_images import StoredImages
from jmvae_tf.runtime.cores import usable_cores
from jmvae_tf.runtime.errors import UserError


def load(data_dir: pathlib.Path, split: str, image_size: int, crop: str) -> DataSet:
    """Loads CelebA's faces, into memory if that takes less than half of what is available.

    Args:
      data_dir: folder with the prepared faces or the official files, or for writing them.
      split: "official" is the partition of the official list, in which no person is in two parts;
        "paper" tests on 10 % of all faces and validates on 2 % of the others, chosen at random.
      image_size: 32, 64 or 128 pixels.
      crop: "face" crops faces as the authors did, "center" takes the centre squares of the aligned
        images.

    Raises:
      UserError: if the files are missing or damaged and there is no network to download them.
    """
    folder = tfds_builder.folder_of(data_dir, image_size, crop)
    if not prepared_faces.is_prepared(folder):
        _prepare(data_dir, image_size, crop)
    images, labels = prepared_faces.read_prepared(folder, image_size)
    indices = (
        splits.divide_officially(labels.partitions)
        if split == "official"
        else splits.divide_as_in_paper(labels.file_names)
    )
    parts: dict[str, Arrays] = {
        part: {"image": _select(images, rows), "attributes": labels.attributes[rows]}
        if len(rows)
        else {}
        for part, rows in indices.items()
    }
    return DataSet(
        name="celeba",
        modalities=faces.face_modalities(image_size, faces.OFFICIAL_ATTRIBUTES),
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        prepare=faces.values_of_faces,
    )


def _prepare(data_dir: pathlib.Path, image_size: int, crop: str) -> None:
    """Prepares the official files; fetches them first if they are missing.

    Raises:
      UserError: if they are missing or damaged, or the result cannot be written.
    """
    try:
        if len(source_files.missing(data_dir)) < 3:
            source = data_dir
        else:
            source = download.fetch(data_dir)
        print("Preparing CelebA; this is done once and takes minutes")
        prepare_faces(source, data_dir, image_size, crop, processes=usable_cores())
    except PermissionError as error:
        raise UserError(
            "Prepared faces are written to --data_dir",
            f"{error.filename}: {error.strerror}",
            f"run bin/prepare_celeba --source={data_dir} --data_dir=… with a writable folder, "
            "and use that as --data_dir",
        ) from error


def _select(images: np.ndarray | StoredImages, rows: np.ndarray) -> np.ndarray | StoredImages:
    return images[rows] if isinstance(images, np.ndarray) else images.take(rows)
