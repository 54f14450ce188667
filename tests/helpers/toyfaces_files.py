"""Writes toyfaces as CelebA's official files, for everything that reads CelebA."""

import os
import pathlib
import tempfile
import zipfile
from collections.abc import Iterator

import cv2
import numpy as np

from jmvae_tf.data.celeba import source_files
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.data.toyfaces import loading as toyfaces
from jmvae_tf.runtime.files import written_atomically

WIDTH, HEIGHT = 178, 218
"""Size of CelebA's aligned images in pixels; the face fills the centre square."""

_JPEG_QUALITY = 95

# The parts of ten images in a row: 0 trains, 1 validates, 2 tests.
_PARTITIONS = (0, 0, 0, 0, 0, 0, 0, 0, 1, 2)


def write(folder: pathlib.Path, number: int, seed: int, zipped: bool = True) -> None:
    """Writes images, the list of attributes and the list of partitions.

    The images are those of `toyfaces.examples` drawn larger. The attributes of CelebA that
    toyfaces do not show are -1. The lists come last; without them the files are incomplete.

    Args:
      folder: the folder, made if it is missing.
      number: the number of images.
      seed: seed of the faces.
      zipped: whether to write the images to a zip, as they are distributed, or to a folder.

    Raises:
      OSError: if a file cannot be written, or a folder of images exists.
    """
    folder.mkdir(parents=True, exist_ok=True)
    attributes = toyfaces.sample_attributes(number, seed)
    if zipped:
        with (
            written_atomically(folder / source_files.ZIP) as temporary,
            zipfile.ZipFile(temporary, "w") as archive,
        ):
            for name, content in _images(attributes, seed):
                # With ZipInfo's default time, the same seed gives the same bytes.
                archive.writestr(zipfile.ZipInfo(f"{source_files.FOLDER}/{name}"), content)
    else:
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as temporary_folder:
            images = pathlib.Path(temporary_folder) / source_files.FOLDER
            images.mkdir()
            for name, content in _images(attributes, seed):
                (images / name).write_bytes(content)
            os.replace(images, folder / source_files.FOLDER)
    lists = {
        source_files.ATTRIBUTES_FILE: _attribute_lines(attributes),
        source_files.PARTITIONS_FILE: [
            f"{_name(index)} {_PARTITIONS[index % len(_PARTITIONS)]}" for index in range(number)
        ],
    }
    for file, lines in lists.items():
        with written_atomically(folder / file) as temporary:
            temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _name(index: int) -> str:
    return f"{index + 1:06d}.jpg"


def _images(attributes: np.ndarray, seed: int) -> Iterator[tuple[str, bytes]]:
    drawings = toyfaces.drawings(attributes, seed, WIDTH, (HEIGHT - WIDTH) // 2)
    for index, image in enumerate(drawings):
        bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        yield _name(index), encoded.tobytes()


def _attribute_lines(attributes: np.ndarray) -> list[str]:
    """Returns the official list: a count, the names, and a row per image, numbers two wide."""
    official = np.full((len(attributes), len(OFFICIAL_ATTRIBUTES)), -1, np.int8)
    columns = [OFFICIAL_ATTRIBUTES.index(name) for name in toyfaces.ATTRIBUTES]
    official[:, columns] = attributes
    rows = (
        " ".join([_name(index), *(f"{value:2d}" for value in row)])
        for index, row in enumerate(official)
    )
    return [str(len(attributes)), " ".join(OFFICIAL_ATTRIBUTES) + " ", *rows]
