"""Makes a small source in CelebA's official layout."""

import pathlib
import zipfile

import cv2
import numpy as np

from jmvae_tf.data.celeba import source_files
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES


def draw(number: int) -> np.ndarray:
    """Draws an image of CelebA's size, different for each number, red first."""
    image = np.full((218, 178, 3), (7 * number % 256, 40, 200), np.uint8)
    cv2.circle(image, (89, 109), 30 + number % 40, (250, 220, 180 - number % 100), -1)
    return image


def names(number: int) -> list[str]:
    """Returns the first official file names."""
    return [f"{index:06d}.jpg" for index in range(1, number + 1)]


def attributes(number: int) -> np.ndarray:
    """Returns attributes, int8 [number, 40], -1 or 1."""
    return np.random.default_rng(1).choice(np.array([-1, 1], np.int8), (number, 40))


def partitions(number: int) -> np.ndarray:
    """Returns partitions: of ten in a row, eight train, one validates and one tests."""
    return np.repeat([0, 1, 2], [number - 2 * (number // 10), number // 10, number // 10])


def attribute_list(number: int) -> list[str]:
    """Returns the lines of the official list, with its double blanks."""
    rows = zip(names(number), attributes(number), strict=True)
    return [
        str(number),
        " ".join(OFFICIAL_ATTRIBUTES) + " ",
        *(f"{name} {' '.join(f'{value:2d}' for value in row)}" for name, row in rows),
    ]


def write(folder: pathlib.Path, number: int) -> pathlib.Path:
    """Writes unpacked images and the lists.

    Returns:
      The folder.
    """
    (folder / source_files.FOLDER).mkdir(parents=True)
    for index, name in enumerate(names(number)):
        bgr = cv2.cvtColor(draw(index), cv2.COLOR_RGB2BGR)
        (folder / source_files.FOLDER / name).write_bytes(cv2.imencode(".jpg", bgr)[1].tobytes())
    (folder / source_files.ATTRIBUTES_FILE).write_text("\r\n".join(attribute_list(number)) + "\r\n")
    rows = zip(names(number), partitions(number), strict=True)
    (folder / source_files.PARTITIONS_FILE).write_text("".join(f"{name} {x}\n" for name, x in rows))
    return folder


def zip_images(folder: pathlib.Path) -> pathlib.Path:
    """Makes the official zip from the unpacked images.

    Returns:
      The zip.
    """
    path = folder / source_files.ZIP
    with zipfile.ZipFile(path, "w") as archive:
        for image in sorted((folder / source_files.FOLDER).iterdir()):
            archive.write(image, f"{source_files.FOLDER}/{image.name}")
    return path
