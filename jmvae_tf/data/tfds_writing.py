"""Writes prepared examples as a data set of TensorFlow Datasets."""

import contextlib
import errno
import io
import os
import pathlib
import shutil
from typing import Any

import tensorflow_datasets as tfds


def check_space(folder: pathlib.Path, needed: int) -> None:
    """Raises OSError unless that many bytes are free at an existing folder."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(errno.ENOSPC, f"{needed} bytes are needed and {free} are free", str(folder))


def write_data_set(builder: Any, folder: pathlib.Path, scratch: pathlib.Path) -> None:
    """Writes the examples of a builder that downloads nothing.

    Args:
      builder: a builder of TFDS.
      folder: the folder of the data set, for messages.
      scratch: a folder for what TFDS writes besides.

    Raises:
      OSError: if it cannot be written.
    """
    tfds.disable_progress_bar()
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # TFDS would report a download.
            builder.download_and_prepare(download_dir=scratch)
    except RuntimeError as error:  # ArrayRecord raises no other type.
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            if os.strerror(number) in str(error):
                raise OSError(number, os.strerror(number), str(folder)) from error
        raise
