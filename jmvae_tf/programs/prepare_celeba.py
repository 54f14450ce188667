"""Prepares CelebA: finds the faces in the official images, crops and resizes them.

--source=DIR holds the official files: img_align_celeba.zip, or the unpacked folder
img_align_celeba, and list_attr_celeba.txt and list_eval_partition.txt. The PNG edition and what
Kaggle distributes (nested folder, CSV lists) are read too. The result is a data set of TensorFlow
Datasets below --data_dir. Started again after an interruption, it goes on.
"""

import os
import pathlib
import shlex

from absl import flags

from jmvae_tf.programs.common import run_program, shared_flags
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.errors import UserError, one_line

_SOURCE = shared_flags.define_path("source", None, "folder of the official files")
_DATA_DIR = shared_flags.define_path("data_dir", "data", "where the faces go")
_IMAGE_SIZE = flags.DEFINE_integer("image_size", 64, "pixels of a face: 32, 64 or 128")
_CROP = flags.DEFINE_string("crop", "face", "face, as the authors; or center, the centre square")
_PROCESSES = flags.DEFINE_integer(
    "processes", os.cpu_count() or 1, "that work at once; the result does not depend on it"
)
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "replace the faces of another source")

_OUT_OF_ORDER = ("unreadable", "no attribute row", "row without image")
_NAMED = 5  # Files of each; the report has all.


def main() -> None:
    """Runs the program."""
    if not _SOURCE.value:
        raise UserError("--source=DIR must hold CelebA's official files", "no --source", "name it")
    if _PROCESSES.value < 1:
        raise UserError(
            "--processes must be at least 1", f"--processes={_PROCESSES.value}", "change it"
        )
    from jmvae_tf.data import check_options
    from jmvae_tf.data.celeba import source_files

    check_options("celeba", {"image_size": _IMAGE_SIZE.value, "crop": _CROP.value})
    source, data_dir = pathlib.Path(_SOURCE.value), pathlib.Path(_DATA_DIR.value)
    source_files.check_source(source)

    load_tensorflow()  # Only now, for it takes seconds.
    from jmvae_tf.data.celeba import tfds_builder
    from jmvae_tf.data.celeba.prepare import prepare_faces

    try:
        report = prepare_faces(
            source,
            data_dir,
            _IMAGE_SIZE.value,
            _CROP.value,
            _PROCESSES.value,
            _OVERWRITE.value,
        )
    except KeyboardInterrupt as interrupt:
        chosen = shared_flags.given(_SOURCE, _DATA_DIR, _IMAGE_SIZE, _CROP, _PROCESSES, _OVERWRITE)
        command = ["bin/prepare_celeba", *(f"--{name}={value}" for name, value in chosen.items())]
        raise run_program.interrupted(
            interrupt, f"what is done is kept; go on with {shlex.join(command)}"
        ) from None
    folder = tfds_builder.folder_of(data_dir, _IMAGE_SIZE.value, _CROP.value)
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
