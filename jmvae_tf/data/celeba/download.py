"""Fetches CelebA from TensorFlow Datasets if the official files are missing."""

import pathlib
import zipfile

import tensorflow_datasets as tfds
from tensorflow_datasets.datasets.celeb_a import celeb_a_dataset_builder

from jmvae_tf.data import tfds_files
from jmvae_tf.data.celeba import source_files
from jmvae_tf.data.celeba.source_lists import PARTITION_NAMES
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import written_atomically


def fetch(data_dir: pathlib.Path) -> pathlib.Path:
    """Writes the images and lists of TFDS's `celeb_a` in the form of the official files.

    The images are unchanged except for their names, which TFDS does not keep. They are numbered
    within each partition.

    Args:
      data_dir: folder for TFDS's copy and for the official files.

    Returns:
      The folder of the files.

    Raises:
      UserError: if there is no network, or the download fails.
    """
    folder = data_dir / "celeb_a" / "official_files"
    if not source_files.missing(folder):
        return folder
    files = f"{source_files.ZIP}, {source_files.ATTRIBUTES_FILE} and {source_files.PARTITIONS_FILE}"
    remedy = f"fetch {files} by hand and put them into {data_dir}"
    url = celeb_a_dataset_builder.EVAL_LIST
    tfds_files.check_available(data_dir / "celeb_a", "CelebA", url, remedy)
    try:
        builder = tfds.builder("celeb_a", data_dir=data_dir)
        builder.download_and_prepare()
        _write(builder, folder)
    except OSError:
        raise
    except Exception as error:  # TFDS raises many types, which we cannot handle.
        raise UserError("The download of CelebA must succeed", f"{error}", remedy) from error
    return folder


def _write(builder: tfds.core.DatasetBuilder, folder: pathlib.Path) -> None:
    """Writes the images in their original encoding and the two lists; the zip comes last."""
    attributes, partitions = [], []
    with (
        written_atomically(folder / source_files.ZIP) as temporary,
        zipfile.ZipFile(temporary, "w") as archive,
    ):
        for number, part in enumerate(PARTITION_NAMES):
            examples = builder.as_dataset(
                split=part, decoders={"image": tfds.decode.SkipDecoding()}
            )
            for index, example in enumerate(tfds.as_numpy(examples), start=1):
                name = f"{part}_{index:06d}.jpg"
                archive.writestr(f"{source_files.FOLDER}/{name}", example["image"])
                values = (
                    "1" if example["attributes"][attribute] else "-1"
                    for attribute in OFFICIAL_ATTRIBUTES
                )
                attributes.append(f"{name} {' '.join(values)}\n")
                partitions.append(f"{name} {number}\n")
        header = f"{len(attributes)}\n{' '.join(OFFICIAL_ATTRIBUTES)}\n"
        for name, lines in (
            (source_files.ATTRIBUTES_FILE, [header, *attributes]),
            (source_files.PARTITIONS_FILE, partitions),
        ):
            with written_atomically(folder / name) as text:
                text.write_text("".join(lines), encoding="utf-8")
