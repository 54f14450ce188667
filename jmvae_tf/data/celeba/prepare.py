"""Makes the prepared data set from CelebA's official files, once per size and crop."""

import contextlib
import pathlib
import shutil
from typing import Any

from jmvae_tf.data.celeba import prepared_faces, tfds_builder
from jmvae_tf.data.celeba.preparation import Preparation
from jmvae_tf.data.faces import OFFICIAL_ATTRIBUTES
from jmvae_tf.data.tfds_writing import check_space, write_data_set
from jmvae_tf.runtime.errors import UserError


def prepare_faces(
    source: pathlib.Path,
    data_dir: pathlib.Path,
    image_size: int,
    crop: str,
    processes: int,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Prepares the faces of a source unless that has been done.

    Args:
      source: folder of the official files.
      data_dir: folder for the data set.
      image_size: side of a face in pixels.
      crop: "face" or "center".
      processes: number of processes.
      overwrite: whether to replace the faces of another source.

    Returns:
      The report; see `Preparation.report`.

    Raises:
      UserError: if the source is damaged or not CelebA, no face is found in it, the data directory
        contains the faces of another source, or its folders are links.
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
                "A data directory can hold the faces of one source",
                f"{folder}, prepared from another than {source}",
                "choose another --data_dir, or --overwrite it",
            )
    for path in (folder, folder.parent, parts):
        if path.is_symlink():  # It would decide where files are written and removed.
            raise UserError(
                "Faces are prepared in folders, not in links",
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
    """Makes the data set from the parts.

    Raises:
      OSError: if it cannot be written.
    """
    for left in folder.parent.glob("incomplete.*"):  # From a killed process.
        shutil.rmtree(left)
    check_space(data_dir, preparation.size())
    if folder.exists():
        shutil.rmtree(folder)
    builder = tfds_builder.CelebaFaces(
        preparation=preparation, data_dir=data_dir, file_format="array_record"
    )
    write_data_set(builder, folder, preparation.folder)
