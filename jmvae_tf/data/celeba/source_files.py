"""Finds the official files of CelebA in a folder: the aligned images and two lists.

Two forms are supported: the authors' form, and Kaggle's, with the images in the folder
`img_align_celeba/img_align_celeba` and the lists as CSV files. The images may be those of the PNG
edition. It has no lists of its own; the lists name the files of the JPEG edition.

Source: Z. Liu, P. Luo, X. Wang and X. Tang, Deep Learning Face Attributes in the Wild, ICCV 2015.
"""

import pathlib

from jmvae_tf.runtime.errors import UserError

ZIP = "img_align_celeba.zip"
FOLDER = "img_align_celeba"
PNG_FOLDER = "img_align_celeba_png"
ATTRIBUTES_FILE = "list_attr_celeba.txt"
PARTITIONS_FILE = "list_eval_partition.txt"


def missing(folder: pathlib.Path) -> list[str]:
    """Lists the official files that a folder lacks; images may be a zip or unpacked."""
    files = [name for name in (ATTRIBUTES_FILE, PARTITIONS_FILE) if find_list(folder, name) is None]
    return files if find_images(folder) else [ZIP, *files]


def find_list(folder: pathlib.Path, name: str) -> pathlib.Path | None:
    """Finds the official list of this name, otherwise Kaggle's."""
    official = folder / name
    return next((x for x in (official, official.with_suffix(".csv")) if x.is_file()), None)


def find_images(folder: pathlib.Path) -> pathlib.Path | None:
    """Finds the official zip, otherwise the unpacked folder."""
    archive = folder / ZIP
    if archive.is_file():
        return archive
    for name in (FOLDER, PNG_FOLDER):
        nested = folder / name / name
        unpacked = nested if nested.is_dir() else folder / name
        if unpacked.is_dir():
            return unpacked
    return None


def check_source(folder: pathlib.Path) -> None:
    """Checks that a folder contains CelebA.

    Raises:
      UserError: if one of the three official files is missing.
    """
    absent = missing(folder)
    if absent:
        raise UserError(
            f"CelebA is {ZIP} (or the unpacked folder {FOLDER}), {ATTRIBUTES_FILE} and "
            f"{PARTITIONS_FILE}",
            f"{folder} without {', '.join(absent)}",
            "put them there, or name the folder that contains them",
        )
