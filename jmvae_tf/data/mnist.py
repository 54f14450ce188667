"""MNIST, from the four idx files or, if they are missing, from TensorFlow Datasets.

Source: Y. LeCun, C. Cortes and C. Burges, The MNIST database of handwritten digits.
"""

import gzip
import io
import math
import pathlib
import struct
import zlib

import numpy as np

from jmvae_tf.data import handwritten, tfds_files
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import read_limited

NUM_TRAINED = 50_000  # 2018 paper, "Datasets"; the rest of the 60,000 is for validation.

FILES = {
    "train-images": "train-images-idx3-ubyte.gz",
    "train-labels": "train-labels-idx1-ubyte.gz",
    "test-images": "t10k-images-idx3-ubyte.gz",
    "test-labels": "t10k-labels-idx1-ubyte.gz",
}

_MOST_BYTES = 2**26  # Of a file, compressed; MNIST's largest has ten million.
_MOST_EXAMPLES = 300_000  # MNIST has 60,000; similar data sets have more.


def load(data_dir: pathlib.Path, split: str) -> DataSet:
    """Loads MNIST as grey values.

    Args:
      data_dir: folder with the four idx files, or for TensorFlow Datasets' copy.
      split: "paper" trains on the first 50,000 digits and validates on the other 10,000;
        "authors" trains on all 60,000, as the authors' code does, and has no validation set.

    Raises:
      UserError: if a file is missing or damaged, or there is no network to download it.
    """
    missing = [file for file in FILES.values() if not (data_dir / file).is_file()]
    if not missing:
        arrays = read_idx_files(data_dir)
    elif len(missing) < len(FILES):
        raise UserError(
            "MNIST is four idx files",
            f"{data_dir} without {', '.join(missing)}",
            "put the missing ones there",
        )
    else:
        arrays = _from_tfds(data_dir)
    stored = {"image": arrays["train-images"], "label": arrays["train-labels"]}
    num_trained = NUM_TRAINED if split == "paper" else len(stored["label"])
    return DataSet(
        name="mnist",
        modalities=handwritten.digit_modalities(28),
        train={name: array[:num_trained] for name, array in stored.items()},
        validation={name: array[num_trained:] for name, array in stored.items()}
        if split == "paper"
        else {},
        test={"image": arrays["test-images"], "label": arrays["test-labels"]},
        prepare=handwritten.values_of_digits(255),
    )


def read_idx_files(data_dir: pathlib.Path) -> dict[str, np.ndarray]:
    """Reads the four files.

    Returns:
      "train-images" and "test-images", uint8 [count, 28, 28, 1]; "train-labels" and
      "test-labels", uint8 [count] below 10.

    Raises:
      UserError: if a file is damaged or does not belong to the others.
    """
    arrays = {}
    for part in ("train", "test"):
        images = _read_idx(data_dir / FILES[f"{part}-images"], (28, 28))
        labels = _read_idx(data_dir / FILES[f"{part}-labels"], ())
        if len(images) != len(labels):
            raise UserError(
                "There must be a label for every image",
                f"{len(images)} images and {len(labels)} labels in the {part} files of {data_dir}",
                "fetch both files again",
            )
        wrong = np.flatnonzero(labels >= handwritten.NUM_CLASSES)
        if wrong.size:
            raise UserError(
                "A label must be a digit from 0 to 9",
                f"{labels[wrong[0]]} at index {wrong[0]} of {data_dir / FILES[f'{part}-labels']}",
                "fetch the file again",
            )
        arrays[f"{part}-images"] = images[..., np.newaxis]
        arrays[f"{part}-labels"] = labels
    return arrays


def _read_idx(path: pathlib.Path, event_shape: tuple[int, ...]) -> np.ndarray:
    """Reads unsigned bytes in the idx format: magic number, sizes (big-endian), values.

    Never unpacks more than the header announces, whatever the file is.
    """
    remedy = "fetch the file again"
    rank = 1 + len(event_shape)
    header_size = 4 * (1 + rank)
    magic = 0x0800 + rank  # 08: unsigned bytes, then the number of axes.
    try:
        compressed = read_limited(path, _MOST_BYTES)
    except ValueError as error:
        raise UserError(
            f"{path.name} must be as small as MNIST's", f"{path}, {error}", remedy
        ) from error
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(compressed)) as file:
            header = file.read(header_size)
            if len(header) < header_size:
                raise UserError(
                    "An idx file must have a header", f"{len(header)} bytes in {path}", remedy
                )
            received, count, *shape = struct.unpack(f">{1 + rank}I", header)
            if received != magic:
                raise UserError(
                    f"The magic number of {path.name} must be {magic}",
                    f"{received} in {path}",
                    remedy,
                )
            if tuple(shape) != event_shape:
                raise UserError(
                    f"The images of {path.name} must be {event_shape} pixels",
                    f"{tuple(shape)} in {path}",
                    remedy,
                )
            size = count * math.prod(event_shape)
            if not 0 < count <= _MOST_EXAMPLES:
                raise UserError(
                    f"{path.name} must hold from 1 to {_MOST_EXAMPLES} examples",
                    f"{count}, which the header of {path} announces",
                    remedy,
                )
            values = file.read(size + 1)  # At the end gzip compares the checksum.
    except EOFError as error:
        raise UserError("An idx file must be whole", f"a truncated {path}", remedy) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(
            "An idx file must be gzip-compressed", f"{path}: {error}", remedy
        ) from error
    if len(values) != size:
        more = " or more" if len(values) > size else ""
        raise UserError(
            f"{path.name} must hold the {count} examples that its header announces",
            f"{len(values)} bytes{more} of values in {path}",
            remedy,
        )
    return np.frombuffer(values, np.uint8).reshape(count, *event_shape)


def _from_tfds(data_dir: pathlib.Path) -> dict[str, np.ndarray]:
    """Loads the digits in the order of TensorFlow Datasets, which differs from the idx files'."""
    import tensorflow_datasets as tfds  # Takes seconds and is rarely needed.

    remedy = f"put {', '.join(FILES.values())} into --data_dir"
    url = f"{tfds.image_classification.MNIST.URL}{FILES['test-labels']}"
    tfds_files.check_available(data_dir / "mnist", "MNIST", url, remedy)
    try:
        parts = {
            part: tfds.as_numpy(tfds.load("mnist", split=part, data_dir=data_dir, batch_size=-1))
            for part in ("train", "test")
        }
    except Exception as error:  # TFDS raises many types, which we cannot handle.
        raise UserError("The download of MNIST must succeed", f"{error}", remedy) from error
    for part, examples in parts.items():
        wrong = set(examples["label"].tolist()) - set(range(handwritten.NUM_CLASSES))
        if wrong:  # TFDS decodes any number.
            raise UserError(
                "A label must be a digit from 0 to 9",
                f"{wrong.pop()} in the {part} part of {data_dir / 'mnist'}",
                remedy,
            )
    return {
        f"{part}-{name}s": examples[name]
        for part, examples in parts.items()
        for name in ("image", "label")
    }
