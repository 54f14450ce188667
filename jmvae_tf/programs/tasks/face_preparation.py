"""Prepares the faces of CelebA, and says which images were refused."""

import pathlib
import shlex
from collections.abc import Sequence

from jmvae_tf.data.celeba import tfds_builder
from jmvae_tf.data.celeba.prepare import prepare_faces
from jmvae_tf.programs.common.run_program import interrupted
from jmvae_tf.runtime.errors import one_line

_OUT_OF_ORDER = ("unreadable", "no attribute row", "row without image")
_NAMED = 5  # Files of each; the report has all.


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
    """Writes the data set, and prints its report and where it lies.

    Args:
      source: the folder of the official files.
      data_dir: where the faces go.
      image_size: of a face, in pixels.
      crop: "face" or "center".
      num_processes: how many work at once.
      overwrite: whether the faces of another source are replaced.
      command: what resumes the preparation after an interruption.

    Raises:
      UserError: if the files cannot be read, or none is kept.
      KeyboardInterrupt: if a signal stopped the preparation.
    """
    try:
        report = prepare_faces(source, data_dir, image_size, crop, num_processes, overwrite)
    except KeyboardInterrupt as interrupt:
        raise interrupted(
            interrupt, f"what is done is kept; go on with {shlex.join(command)}"
        ) from None
    folder = tfds_builder.folder_of(data_dir, image_size, crop)
    print(describe(report))
    print(f"faces:       {folder}\nreport:      {folder / tfds_builder.REPORT}")


def describe(report: dict) -> str:
    """The report as a table, and the names of the first files that are out of order.

    Args:
      report: of `prepare_faces`.
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
