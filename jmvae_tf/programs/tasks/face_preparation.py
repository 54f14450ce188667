"""Prepares the faces of CelebA and reports refused images."""

import pathlib
import shlex
from collections.abc import Sequence

from jmvae_tf.data.celeba import tfds_builder
from jmvae_tf.data.celeba.prepare import prepare_faces
from jmvae_tf.programs.common.run_program import interrupted
from jmvae_tf.runtime.errors import one_line

_OUT_OF_ORDER = ("unreadable", "no attribute row", "row without image")
_NAMED = 5  # Files to name per outcome; the report has all.


def prepare_celeba(
    source: pathlib.Path,
    data_dir: pathlib.Path,
    image_size: int,
    crop: str,
    *,
    num_processes: int,
    overwrite: bool,
    command: Sequence[str],
) -> None:
    """Writes the data set; prints its report and its folder.

    Args:
      source: the folder of the official files.
      data_dir: the folder for the faces.
      image_size: side of a face in pixels.
      crop: "face" or "center".
      num_processes: the number of processes.
      overwrite: whether to replace the faces of another source.
      command: the command that resumes an interrupted preparation.

    Raises:
      UserError: if the files cannot be read, or none is kept.
      KeyboardInterrupt: if a signal stopped the preparation.
    """
    try:
        report = prepare_faces(source, data_dir, image_size, crop, num_processes, overwrite)
    except KeyboardInterrupt as interrupt:
        raise interrupted(
            interrupt, f"finished work is kept; resume with {shlex.join(command)}"
        ) from None
    folder = tfds_builder.folder_of(data_dir, image_size, crop)
    print(describe(report))
    print(f"faces:       {folder}\nreport:      {folder / tfds_builder.REPORT}")


def describe(report: dict) -> str:
    """Formats the report as a table, with the names of the first faulty files.

    Args:
      report: the report of `prepare_faces`.
    """
    total = report["kept"] + sum(report["refused"].values())
    lines = [f"{'kept':<17} {report['kept']:>7} of {total} ({report['kept'] / total:.1%})"]
    for reason, number in report["refused"].items():
        line = f"{one_line(reason):<17} {number:>7}"
        names = report["files"].get(reason, []) if reason in _OUT_OF_ORDER else []
        if names:
            more = " …" if len(names) > _NAMED else ""
            line += f"  {one_line(' '.join(names[:_NAMED]))}{more}"
        lines.append(line)
    return "\n".join(lines)
