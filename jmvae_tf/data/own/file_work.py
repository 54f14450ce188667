"""The files that a table names, brought into their modality's size by several processes.

This module does not import TensorFlow, since these processes import it.
"""

import dataclasses
import hashlib
import pathlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from jmvae_tf.data import image_file
from jmvae_tf.data.own.array_files import read_array
from jmvae_tf.data.own.image_reading import fitted, read_file
from jmvae_tf.data.own.manifest import ModalityColumns
from jmvae_tf.data.work_in_parts import PartFiles, WritePart, read_files, write_files

_LONGEST_REASON = 200


@dataclasses.dataclass(frozen=True)
class FileWork:
    """What is to be done.

    Attributes:
      root: the folder of the files.
      files: modality name to the names of its files, a row each; None where there is none.
      modalities: modality name to its resolved columns, images and arrays alone.
    """

    root: pathlib.Path
    files: Mapping[str, Sequence[str | None]]
    modalities: Mapping[str, ModalityColumns]

    def open(self) -> WritePart:
        """Returns the function that makes a part."""
        return self.write

    def write(self, rows: range, path: pathlib.Path) -> None:
        """Reads the files of some rows, one modality after the other, and writes a part."""
        contents: list[bytes] = []
        reasons: list[str] = []
        digests: list[int] = []
        for name, one in self.modalities.items():
            for file in self.files[name][rows.start : rows.stop]:
                content, reason, digest = b"", "", 0
                if file is not None:
                    try:
                        values, digest = read_values(self.root, file, one)
                        is_image = one.kind == "image"
                        content = image_file.encode_png(values) if is_image else values.tobytes()
                    except OSError as error:
                        reason = str(error.strerror)
                    except ValueError as error:
                        reason = str(error)[:_LONGEST_REASON]
                contents.append(content)
                reasons.append(reason)
                digests.append(digest)
        write_files(
            path,
            contents,
            sizes=np.array(list(map(len, contents)), np.int64),
            reasons=np.array(reasons, str),
            digests=np.array(digests, np.int64),
        )


def read_values(root: pathlib.Path, file: str, one: ModalityColumns) -> tuple[np.ndarray, int]:
    """Reads one file.

    Returns:
      What is stored of it, [*stored_shape]; and a number that only files of equal content share.

    Raises:
      OSError: if it cannot be read.
      ValueError: with a short reason, if it is damaged.
    """
    if one.kind == "image":
        content = read_file(root, file)
        digest = hashlib.blake2b(content, digest_size=8).digest()
        return fitted(content, one), int.from_bytes(digest, signed=True)
    values = read_array(root, file, one.shape)
    digest = hashlib.blake2b(values.tobytes(), digest_size=8).digest()
    return values, int.from_bytes(digest, signed=True)


def prepared_rows(parts: PartFiles, names: Sequence[str]) -> Iterator[dict[str, bytes]]:
    """Reads all rows back from whole parts.

    Args:
      parts: the parts that a `FileWork` made.
      names: the names of its modalities.

    Yields:
      For each row, modality name to a PNG file, or the bytes of an array; empty where there is
      none.
    """
    for index, rows in enumerate(parts.ranges):
        contents, _ = read_files(parts.path(index))
        number = len(rows)
        for place in range(number):
            yield {name: contents[i * number + place] for i, name in enumerate(names)}


def about_rows(parts: PartFiles, modalities: int) -> Iterator[dict[str, np.ndarray]]:
    """Reads what is known of the files of whole parts.

    Args:
      parts: the parts that a `FileWork` made.
      modalities: the number of its modalities.

    Yields:
      For each part, arrays [modalities, rows]: "observed", whether a file is used; "reasons", why
      it is not, or ""; and "digests", numbers that only files of equal content share.
    """
    for index, rows in enumerate(parts.ranges):
        _, arrays = read_files(parts.path(index))
        shape = (modalities, len(rows))
        yield {
            "observed": (arrays["sizes"] > 0).reshape(shape),
            "reasons": arrays["reasons"].reshape(shape),
            "digests": arrays["digests"].reshape(shape),
        }
