"""From CelebA's official files to the prepared data set, once for each size and crop."""

import contextlib
import errno
import io
import os
import pathlib
import shutil
from typing import Any

import tensorflow_datasets as tfds

from jmvae_tf.data.celeba import prepared_faces, tfds_builder
from jmvae_tf.data.celeba.preparation import Preparation
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.runtime.errors import UserError


def prepare_faces(
    source: pathlib.Path,
    data_dir: pathlib.Path,
    image_size: int,
    crop: str,
    processes: int,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Prepares the faces of a source, unless they are there already.

    Args:
      source: holds the official files.
      data_dir: where the data set goes.
      image_size: of a face, in pixels.
      crop: "face" or "center".
      processes: that crop at the same time.
      overwrite: whether the faces of another source may be replaced.

    Returns:
      The report: see `Preparation.report`.

    Raises:
      UserError: if the source is not CelebA or damaged, no face is found in it, the faces of
        another source lie in the data directory, or what lies there are links.
      OSError: if the result cannot be written.
    """
    folder = tfds_builder.folder_of(data_dir, image_size, crop)
    parts = folder.parent.with_name(f"parts-{folder.parent.name}")
    preparation = Preparation(source, parts, OFFICIAL_ATTRIBUTES, image_size, crop)
    if prepared_faces.is_prepared(folder):
        with contextlib.suppress(OSError, ValueError):  # Damaged: its source is unknown.
            report = prepared_faces.read_report(folder)
            if report["source"] == preparation.source:
                return report
        if not overwrite:
            raise UserError(
                "A data directory holds the faces of one source",
                f"{folder}, prepared from another than {source}",
                "choose another --data_dir, or --overwrite it",
            )
    for path in (folder, folder.parent, parts):
        if path.is_symlink():  # Whoever made it would choose where files are written and removed.
            raise UserError(
                "Faces are prepared in folders, no links",
                path,
                "remove the link, or choose another --data_dir",
            )
    with preparation.locked():
        preparation.make(processes)
        report = preparation.report()
        if not report["kept"]:
            raise UserError(
                "At least one face must be found",
                f"none in {sum(report['refused'].values())} images of {source}",
                "choose --crop=center, or another --source",
            )
        _write(preparation, data_dir, folder)
        preparation.remove()
    return report


def _write(preparation: Preparation, data_dir: pathlib.Path, folder: pathlib.Path) -> None:
    """Makes a data set of the parts.

    Raises:
      OSError: if it cannot be written.
    """
    for left in folder.parent.glob("incomplete.*"):  # By a process that was killed.
        shutil.rmtree(left)
    free, needed = shutil.disk_usage(data_dir).free, preparation.size()
    if free < needed:
        raise OSError(errno.ENOSPC, f"{needed} bytes are needed and {free} are free", str(folder))
    if folder.exists():
        shutil.rmtree(folder)
    builder = tfds_builder.CelebaFaces(
        preparation=preparation, data_dir=data_dir, file_format="array_record"
    )
    tfds.disable_progress_bar()
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # TFDS would speak of a download.
            builder.download_and_prepare(download_dir=preparation.folder)
    except RuntimeError as error:  # ArrayRecord knows no other error.
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            if os.strerror(number) in str(error):
                raise OSError(number, os.strerror(number), str(folder)) from error
        raise
